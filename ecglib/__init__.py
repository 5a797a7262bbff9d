"""The shared logic of the study "ECG Under a Megabyte".

Data flows one way through the modules:

    ptbxl, signals  ->  training  ->  evaluation  ->  results  ->  tables, plots

No module knows a chapter. torch is imported by torch_models and what builds on it (training, distillation, pruning,
fake_quantization), TensorFlow by keras_backend and what builds on it (keras_models, keras_training, litert,
microcontroller); a chapter uses one of the two, and classifying a recording neither.
"""

__version__ = "1.0.0"
