"""The shared logic of the study "ECG Under a Megabyte".

Data flows one way through the modules:

    ptbxl, signals  ->  training  ->  evaluation  ->  results  ->  tables, plots

No module knows a chapter. torch is imported by torch_models, training and export alone, TensorFlow by keras_models,
keras_training and litert; a process uses one of the two.
"""

__version__ = "1.0.0"
