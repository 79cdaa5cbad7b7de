"""The one training loop: settings, checkpoints, what a card says of a run, and runs in the background."""
