"""How good a model is: classification with intervals, and calibration."""
