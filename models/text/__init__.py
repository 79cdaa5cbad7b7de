"""Language models: which language, which sentiment, which topic, which intent; adapters for one market."""
