"""Blood cells in smears: the network, training, and cells made up by diffusion."""
