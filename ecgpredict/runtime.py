"""Running ONNX files on the CPU."""

from pathlib import Path

import onnxruntime

INPUT, OUTPUT = "ecg", "probability"


def session(path: Path, threads: int = 1, *, integer_kernels: bool = True) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on the CPU.

    Parameters
    ----------
    integer_kernels : if False, a quantized file's layers are computed in float32 between its rounding steps, so that
        the result does not depend on the processor's integer instructions
    """
    options = onnxruntime.SessionOptions()
    if not integer_kernels:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
