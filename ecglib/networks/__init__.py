"""The networks and their weights files: the convolutional networks in torch, the Inception CNN in Keras.

Input: a name, or a weights file. Output: a network. May import `data`.
"""
