"""ONNX forms of our networks: exported, measured, kept."""
