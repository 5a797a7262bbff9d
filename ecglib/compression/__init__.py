"""Trained networks to smaller files: pruning, quantization, ONNX and TensorFlow Lite files.

Input: a network, or a float32 file. Output: a smaller network or file, and what the compression changed. May import
`data`, `networks` and `evaluation`.
"""
