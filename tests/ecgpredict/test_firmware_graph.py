"""Reading .tflite files: the released ones, and unsupported ones that must be rejected with a clear message."""

import numpy as np
import pytest
from device import proof

from ecgpredict import firmware, released
from ecgpredict.errors import InputError
from ecgpredict.firmware import graph, reference

SMALL = released.microcontroller()


@pytest.fixture(scope="module")
def schema():
    return pytest.importorskip("ai_edge_litert.schema_py_generated", reason="LiteRT is not installed")


@pytest.fixture
def changed(schema, tmp_path):
    """Write a modified copy of the small model."""

    def write(change):
        model = schema.ModelT.InitFromPackedBuf(released.load_verified(SMALL, kind=released.TFLITE)[0].read_bytes(), 0)
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


@pytest.mark.parametrize("name", [SMALL, released.default()])
def test_released_networks_are_plain_compact_ones(name):
    network = graph.read(released.load_verified(name, kind=released.TFLITE)[0])
    channels = [len(block.weights) for block in network.blocks]
    leads = len(released.entry(name, kind=released.TFLITE)["leads"])
    assert [block.weights.shape[1:] for block in network.blocks] == [
        (10, leads),
        *((7, into) for into in channels[:-1]),
    ]
    assert [(block.stride, block.before, block.after, block.pool) for block in network.blocks] == [
        (2, 0, 0, True),
        *[(1, 3, 3, True)] * 3,
        (1, 3, 3, False),
    ]
    assert (network.samples, network.leads, network.weights.shape) == (1000, leads, (5, channels[-1]))


def test_scales_equal_those_read_by_litert():
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    path = released.load_verified(SMALL, kind=released.TFLITE)[0]
    network, ready = graph.read(path), interpreter.Interpreter(str(path))
    for found, detail in (
        (network.blocks[0].source, ready.get_input_details()[0]),
        (network.output, ready.get_output_details()[0]),
    ):
        assert (np.float32(found.scale), found.zero) == (
            np.float32(detail["quantization"][0]),
            detail["quantization"][1],
        )


def test_file_written_by_another_library_reads_the_same(changed):
    found, wanted = (
        graph.read(changed(lambda model: None)),
        graph.read(released.load_verified(SMALL, kind=released.TFLITE)[0]),
    )
    for one, other in zip(found.blocks, wanted.blocks):
        np.testing.assert_array_equal(one.weights, other.weights)
        np.testing.assert_array_equal(one.scales, other.scales)


def test_unsupported_operator_is_named(changed):
    def average(model):
        for one in model.operatorCodes:
            if one.builtinCode == 17:
                one.builtinCode = one.deprecatedBuiltinCode = 1

    with pytest.raises(InputError, match=r"unsupported operator(.|\n)*AVERAGE_POOL_2D"):
        graph.read(changed(average))


def test_dilation_is_rejected(changed):
    def dilate(model):
        operator(model, 3).builtinOptions.dilationWFactor = 2

    with pytest.raises(InputError, match="unsupported convolution"):
        graph.read(changed(dilate))


def test_numpy_equals_litert_s_reference_kernels_on_a_compact_network():
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    path = released.load_verified(SMALL, kind=released.TFLITE)[0]
    network = graph.read(path)
    x = np.concatenate([proof.random_inputs(network, 4), proof.extreme_inputs(network)])
    np.testing.assert_array_equal(reference.outputs(network, x), proof.outputs(path, x))


def test_layers_that_do_not_fit_each_other_are_rejected(changed):
    def narrow(model):
        graph = model.subgraphs[0]
        bias = graph.tensors[operator(model, 3).inputs[2]]
        bias.shape = [1]
        model.buffers[bias.buffer].data = model.buffers[bias.buffer].data[:4]

    with pytest.raises(InputError, match="unsupported convolution"):
        graph.read(changed(narrow))


def test_a_network_for_other_recordings_is_rejected(changed, tmp_path):
    def shorten(model):
        model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]].shape = [1, 1, 500, 8]

    with pytest.raises(InputError, match=r"other samples(.|\n)*500, 8, 5"):
        firmware.write(changed(shorten), tmp_path / "folder")


def test_unsupported_pooling_stride_is_rejected(changed):
    def stride(model):
        operator(model, 17).builtinOptions.strideW = 3

    with pytest.raises(InputError, match="unsupported pooling"):
        graph.read(changed(stride))


def test_unsupported_activation_is_rejected(changed):
    def relu6(model):
        operator(model, 3).builtinOptions.fusedActivationFunction = 3

    with pytest.raises(InputError, match="unsupported activation"):
        graph.read(changed(relu6))


def test_float_network_is_rejected(changed):
    def floats(model):
        model.subgraphs[0].tensors[0].type = 0

    with pytest.raises(InputError, match="not an int8 model"):
        graph.read(changed(floats))


def test_missing_layer_is_rejected(changed):
    def shorten(model):
        last = model.subgraphs[0].operators.pop()
        model.subgraphs[0].outputs = last.inputs

    with pytest.raises(InputError, match="unsupported order of operators"):
        graph.read(changed(shorten))


@pytest.mark.parametrize("length", [8, 100, 5000])
def test_truncated_file_is_rejected(tmp_path, length):
    path = tmp_path / "model.tflite"
    path.write_bytes(released.load_verified(SMALL, kind=released.TFLITE)[0].read_bytes()[:length])
    with pytest.raises(InputError, match=r"unreadable \.tflite file"):
        graph.read(path)


def test_other_file_format_is_rejected(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"not a model at all")
    with pytest.raises(InputError, match=r"not a \.tflite file"):
        graph.read(path)
