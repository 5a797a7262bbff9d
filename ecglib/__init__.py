"""The shared logic of the study "ECG Under a Megabyte".

Data flows one way through the modules:

    ptbxl, signals  ->  training  ->  evaluation  ->  results  ->  tables, plots

No module knows a chapter, and torch or TensorFlow is imported only by the modules named after it.
"""

__version__ = "1.0.0"
