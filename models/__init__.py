"""Models we trained: language in `models.text`; one training loop, one registry of weights and cards."""
