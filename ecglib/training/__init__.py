"""From settings to finished runs: training in torch or Keras, distillation, runs on disk."""
