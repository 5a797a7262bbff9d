"""The code that the chapters of "ECG Under a Megabyte" share.

Imports have one direction, which import-linter checks:

    ecgpredict <- data <- networks, evaluation <- compression <- training <- study <- book <- cli

No module depends on a chapter. torch and TensorFlow are imported only where a network is built or trained.
"""

from ecgpredict import __version__

__all__ = ["__version__"]
