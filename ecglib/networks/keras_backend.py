"""Keras, imported quietly, with TensorFlow as its backend unless KERAS_BACKEND names another."""

import logging
import os

from ecglib.quiet import silence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's log would flood the chapters
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
with silence():  # messages that TensorFlow prints before its log level takes effect
    import keras

logging.getLogger("tensorflow").setLevel(logging.ERROR)

__all__ = ["keras"]
