"""Models we trained: cards and files, one training loop, one server; texts, prices, pictures, the assistant."""
