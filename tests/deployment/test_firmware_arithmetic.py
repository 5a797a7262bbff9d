"""Integers in place of reals: each against its definition."""

from fractions import Fraction

import numpy as np
import pytest

from ecglib.data.normalization import Normalization
from ecglib.deployment import released
from ecglib.deployment.firmware import fixed_point, graph, plan
from ecglib.deployment.firmware.graph import Quantization
from ecglib.errors import InputError
from ecglib.evaluation import calibration

NAMES = ("student_micro_64k", "student_micro")


def away(value: Fraction) -> int:
    """To the nearest integer, halves away from zero."""
    return int(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def test_a_real_becomes_a_multiplier_of_31_bits_and_a_shift():
    for real in (0.7, 0.5, 1e-4, 0.0123, 3.03):
        whole, shift = fixed_point.multiplier(real)
        assert 2**30 <= whole < 2**31 and whole * 2.0 ** (shift - 31) == pytest.approx(real, rel=1e-9)


def test_a_real_just_below_a_power_of_two_takes_the_next_shift():
    assert fixed_point.multiplier(1 - 2**-40) == (1 << 30, 1)


def test_products_are_rounded_twice_as_tensorflow_lite_documents_it():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.integers(-(2**24), 2**24, 2000), [0, 1, -1, 2**20, -(2**20), 3 << 18, -(3 << 18)]])
    for whole, shift in ((1 << 30, -1), (1 << 30, -5), (1518500250, -7), (2**31 - 1, -12)):
        first = [(int(value) * whole * 2 + 2**31) >> 32 for value in values]  # halves of the first rounding go up
        wanted = [away(Fraction(one, 2**-shift)) for one in first]
        np.testing.assert_array_equal(fixed_point.rescale(values, whole, shift), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_microvolts_become_the_integers_that_the_pc_makes_of_them(name):
    path, entry = released.load_verified(name)
    source = graph.read(path).blocks[0].source
    normalization = Normalization(entry["mean"], entry["scale"])
    every = np.arange(-32768, 32768).astype(np.int16)
    real = normalization(every.astype(np.float32) / np.float32(1000))
    wanted = np.clip(np.round(real / source.scale) + source.zero, -128, 127).astype(np.int8)
    np.testing.assert_array_equal(fixed_point.microvolts(normalization, source, path)(every), wanted)


def test_integers_are_found_for_other_scales_too(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(40):  # it proves itself for every sample, or raises
        scales = Normalization(rng.normal(0, 0.01), rng.uniform(0.05, 0.5)), Quantization(rng.uniform(0.02, 0.3), -7)
        assert fixed_point.microvolts(*scales, tmp_path).factor < 2**31


def test_voltages_out_of_range_are_refused(tmp_path):
    with pytest.raises(InputError, match="voltages that no integers follow"):
        fixed_point.microvolts(Normalization(300.0, 0.2), Quantization(0.2, 0), tmp_path)


@pytest.fixture
def operator():
    """One operator of a model by itself, run by LiteRT's reference kernels: int8 (n, inputs) -> int8 (n, outputs)."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated", reason="LiteRT is not installed")
    import flatbuffers
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    def run(path, row, x, shape=None):
        model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        (one,) = model.subgraphs
        one.operators = [one.operators[row]]
        one.inputs, one.outputs, model.signatureDefs = one.operators[0].inputs[:1], one.operators[0].outputs, []
        for tensor in (one.inputs[0], one.outputs[0]) if shape else ():
            one.tensors[tensor].shape, one.tensors[tensor].shapeSignature = shape, None
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), b"TFL3")
        kernels = OpResolverType.BUILTIN_REF
        ready = Interpreter(model_content=bytes(builder.Output()), experimental_op_resolver_type=kernels)
        ready.allocate_tensors()
        found = []
        for record in x:
            ready.set_tensor(ready.get_input_details()[0]["index"], record[None])
            ready.invoke()
            found.append(ready.get_tensor(ready.get_output_details()[0]["index"])[0])
        return np.stack(found)

    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_mean_rounds_twice_as_litert_s_does(operator, name):
    path = released.load_verified(name)[0]
    network = graph.read(path)
    columns, last = plan.of(network, path).averaged, network.blocks[-1].sink
    rng = np.random.default_rng(0)
    x = rng.normal(rng.uniform(-150, 0, (60, 1, 1, 1)), 40, (60, 1, columns, network.weights.shape[1]))
    x = np.clip(x, -128, 127).astype(np.int8)
    scale = fixed_point.divided(last.scale / network.mean.scale, columns)
    wanted = fixed_point.rescale(x[:, 0].sum(axis=1, dtype=np.int64) - columns * last.zero, *scale) + network.mean.zero
    np.testing.assert_array_equal(np.clip(wanted, -128, 127), operator(path, -3, x))


@pytest.mark.parametrize("name", NAMES)
def test_a_fully_connected_layer_rounds_once_as_litert_s_does(operator, name):
    path = released.load_verified(name)[0]
    network = graph.read(path)
    x = np.random.default_rng(0).normal(-60, 30, (20_000, network.weights.shape[1]))
    x = np.clip(x, -128, 127).astype(np.int8)
    sums = (x.astype(np.int64) - network.mean.zero) @ network.weights.astype(np.int64).T + network.bias
    scale = np.array(
        [fixed_point.multiplier(one) for one in network.mean.scale * network.scales / network.logit.scale]
    ).T
    found = operator(path, -2, x)
    np.testing.assert_array_equal(
        np.clip(fixed_point.rescale_once(sums, *scale) + network.logit.zero, -128, 127), found
    )
    assert (np.clip(fixed_point.rescale(sums, *scale) + network.logit.zero, -128, 127) != found).any()  # twice differs


@pytest.mark.parametrize("name", NAMES)
def test_the_logistic_function_is_litert_s_for_every_integer(operator, name):
    path = released.load_verified(name)[0]
    network = graph.read(path)
    (found,) = operator(path, -1, fixed_point.INTEGERS.astype(np.int8)[None], [1, 256])
    np.testing.assert_array_equal(fixed_point.logistic(network.logit, network.output), found)


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_and_decisions_are_those_of_the_manifest(name):
    path, entry = released.load_verified(name)
    answers = fixed_point.answers(graph.read(path).output, entry)
    raw = (fixed_point.INTEGERS.astype(np.float32) - entry["output_zero"]) * np.float32(entry["output_scale"])
    probability = calibration.apply_temperature(raw, entry["temperature"])
    np.testing.assert_allclose(answers.probability, probability, rtol=1e-6)
    decided = fixed_point.INTEGERS[:, None] >= answers.thresholds
    np.testing.assert_array_equal(decided, probability[:, None] >= np.array(entry["thresholds"]))


@pytest.mark.parametrize(("name", "aim"), [("student_micro_64k", 16_384), ("student_micro", 49_152)])
def test_ram_stays_below_its_aim_with_and_without_a_stream(name, aim):
    path = released.load_verified(name)[0]
    planned = plan.of(graph.read(path), path)
    assert planned.arena + planned.stream <= aim


def test_a_hop_that_the_pools_do_not_divide_is_refused():
    path = released.load_verified("student_micro_64k")[0]
    with pytest.raises(InputError, match="a hop that the pools do not divide"):
        plan.of(graph.read(path), path, hop=50)
