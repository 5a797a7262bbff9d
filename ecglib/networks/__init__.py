"""The networks and their weights files: the convolutional networks in torch, the Inception CNN in Keras."""
