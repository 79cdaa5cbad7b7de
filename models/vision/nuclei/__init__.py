"""Cell nuclei in microscope pictures: the network, instances of its maps, training."""
