"""Reading .tflite files: the released ones, and unsupported ones that must be rejected with a clear message."""

import numpy as np
import pytest
from device import proof

from ecgpredict import firmware, released
from ecgpredict.errors import InputError
from ecgpredict.firmware import graph, reference

PATH, _ = released.load_verified(released.microcontroller(), kind=released.TFLITE)
CONVOLUTION, POOLING = 3, 17  # codes of TensorFlow Lite


@pytest.fixture(scope="module")
def schema():
    return pytest.importorskip("ai_edge_litert.schema_py_generated", reason="LiteRT is not installed")


@pytest.fixture
def changed(schema, tmp_path):
    """Write a modified copy of the small model."""

    def write(change):
        model = schema.ModelT.InitFromPackedBuf(PATH.read_bytes(), 0)
        change(model)
        import flatbuffers

        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), b"TFL3")
        path = tmp_path / "model.tflite"
        path.write_bytes(bytes(builder.Output()))
        return path

    return write


def operator(model, builtin):
    """The first operator with a built-in code."""
    (code,) = [row for row, one in enumerate(model.operatorCodes) if one.builtinCode == builtin]
    return next(one for one in model.subgraphs[0].operators if one.opcodeIndex == code)


def test_scales_equal_those_read_by_litert():
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    network, ready = graph.read(PATH), interpreter.Interpreter(str(PATH))
    for found, (detail, *_) in (
        (network.blocks[0].source, ready.get_input_details()),
        (network.output, ready.get_output_details()),
    ):
        assert (np.float32(found.scale), found.zero) == detail["quantization"]


def test_file_written_by_another_library_reads_the_same(changed):
    found, wanted = graph.read(changed(lambda model: None)), graph.read(PATH)
    for one, other in zip(found.blocks, wanted.blocks):
        np.testing.assert_array_equal(one.weights, other.weights)
        np.testing.assert_array_equal(one.scales, other.scales)


def test_numpy_equals_litert_s_reference_kernels_on_a_compact_network():
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    network = graph.read(PATH)
    x = np.concatenate([proof.random_inputs(network, 4), proof.extreme_inputs(network)])
    np.testing.assert_array_equal(reference.outputs(network, x), proof.outputs(PATH, x))


def average(model):
    for one in model.operatorCodes:
        if one.builtinCode == POOLING:
            one.builtinCode = one.deprecatedBuiltinCode = 1


def narrow(model):
    graph = model.subgraphs[0]
    bias = graph.tensors[operator(model, CONVOLUTION).inputs[2]]
    bias.shape = [1]
    model.buffers[bias.buffer].data = model.buffers[bias.buffer].data[:4]


def shorten(model):
    last = model.subgraphs[0].operators.pop()
    model.subgraphs[0].outputs = last.inputs


def option(builtin, name, value):
    """Sets an option of the first operator of a kind."""
    return lambda model: setattr(operator(model, builtin).builtinOptions, name, value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (average, r"unsupported operator(.|\n)*AVERAGE_POOL_2D"),
        (narrow, "unsupported convolution"),
        (option(CONVOLUTION, "dilationWFactor", 2), "unsupported convolution"),
        (option(CONVOLUTION, "fusedActivationFunction", 3), "unsupported activation"),
        (option(POOLING, "strideW", 3), "unsupported pooling"),
        (lambda model: setattr(model.subgraphs[0].tensors[0], "type", 0), "not an int8 model"),
        (shorten, "unsupported order of operators"),
    ],
    ids=["average pooling", "fewer biases", "dilation", "ReLU6", "a stride of pooling", "floats", "a missing layer"],
)
def test_an_unsupported_network_is_refused(changed, change, problem):
    with pytest.raises(InputError, match=problem):
        graph.read(changed(change))


def test_a_network_for_other_recordings_is_refused(changed, tmp_path):
    def halve(model):
        model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]].shape = [1, 1, 500, 8]

    with pytest.raises(InputError, match=r"other samples(.|\n)*500, 8, 5"):
        firmware.write(changed(halve), tmp_path / "folder")


@pytest.mark.parametrize("length", [8, 100, 5000])
def test_truncated_file_is_rejected(tmp_path, length):
    (tmp_path / "model.tflite").write_bytes(PATH.read_bytes()[:length])
    with pytest.raises(InputError, match=r"unreadable \.tflite file"):
        graph.read(tmp_path / "model.tflite")


def test_other_file_format_is_rejected(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"not a model at all")
    with pytest.raises(InputError, match=r"not a \.tflite file"):
        graph.read(tmp_path / "model.tflite")
