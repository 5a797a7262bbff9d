"""From settings to finished runs: training with Lightning or Keras, distillation, runs on disk.

Input: settings, a `Dataset`, and the runs to start or to distill from. Output: a `Run`. May import `compression` and
what that may import.
"""
