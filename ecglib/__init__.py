"""The code of the study "ECG Under a Megabyte".

The docstring of each subpackage states its input, its output and what it may import. Imports have one direction, which
import-linter checks:

    data <- networks, evaluation <- compression <- training, deployment <- study <- book <- cli

No module depends on a chapter. torch and TensorFlow are imported only where a network is built or trained: classifying
a recording needs neither.
"""

__version__ = "1.0.0"
