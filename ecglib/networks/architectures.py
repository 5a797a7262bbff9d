"""The networks' names and widths, without a framework."""

CHANNELS = {
    "base_cnn": (100, 250, 500, 1000),
    "student": (50, 150, 300),
    "student_small": (28, 56, 112),  # for microcontrollers with 64 KB of RAM
    "quantization_aware": (100, 150, 300),
}
KERAS_NETWORK = "inception_cnn"  # every other network is a torch one
NETWORKS = (*CHANNELS, KERAS_NETWORK)
