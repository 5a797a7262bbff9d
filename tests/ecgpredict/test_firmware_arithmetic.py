"""Fixed-point arithmetic: each operation against its definition, or against LiteRT's reference kernel."""

from fractions import Fraction

import numpy as np
import pytest

from ecgpredict import released
from ecgpredict.errors import InputError
from ecgpredict.firmware import fixed_point, graph, plan
from ecgpredict.firmware.graph import Quantization
from ecgpredict.spec import Normalization, apply_temperature

NAMES = (released.microcontroller(), released.default())
each_model = pytest.mark.parametrize("name", NAMES)


def read(name):
    """A released model's .tflite file, its network, and its entry in the manifest."""
    path, entry = released.load_verified(name, kind=released.TFLITE)
    return path, graph.read(path), entry


def round_half_away_from_zero(value: Fraction) -> int:
    return int(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def test_real_factor_is_a_31_bit_multiplier_and_a_shift():
    for real in (0.7, 0.5, 1e-4, 0.0123, 3.03):
        whole, shift = fixed_point.multiplier(real)
        assert 2**30 <= whole < 2**31 and whole * 2.0 ** (shift - 31) == pytest.approx(real, rel=1e-9)


def test_factor_just_below_a_power_of_two_uses_the_next_shift():
    assert fixed_point.multiplier(1 - 2**-40) == (1 << 30, 1)


def test_products_are_rounded_twice_as_documented_by_tensorflow_lite():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.integers(-(2**24), 2**24, 2000), [0, 1, -1, 2**20, -(2**20), 3 << 18, -(3 << 18)]])
    for whole, shift in ((1 << 30, -1), (1 << 30, -5), (1518500250, -7), (2**31 - 1, -12)):
        first = [(int(value) * whole * 2 + 2**31) >> 32 for value in values]  # the first rounding has ties upwards
        wanted = [round_half_away_from_zero(Fraction(one, 2**-shift)) for one in first]
        np.testing.assert_array_equal(fixed_point.rescale(values, whole, shift), wanted)


@each_model
def test_microvolts_are_quantized_as_in_float32(name):
    path, network, entry = read(name)
    source = network.blocks[0].source
    normalization = Normalization(entry["mean"], entry["scale"])
    every = np.arange(-32768, 32768).astype(np.int16)
    real = normalization(every.astype(np.float32) / np.float32(1000))
    wanted = np.clip(np.round(real / source.scale) + source.zero, -128, 127).astype(np.int8)
    np.testing.assert_array_equal(fixed_point.microvolt_quantizer(normalization, source, path)(every), wanted)


def test_quantizer_exists_for_other_scales(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(40):  # microvolt_quantizer verifies every sample, or raises
        scales = Normalization(rng.normal(0, 0.01), rng.uniform(0.05, 0.5)), Quantization(rng.uniform(0.02, 0.3), -7)
        assert fixed_point.microvolt_quantizer(*scales, tmp_path).factor < 2**31


def test_input_range_outside_of_int16_is_rejected(tmp_path):
    with pytest.raises(InputError, match="no integer quantization of microvolts"):
        fixed_point.microvolt_quantizer(Normalization(300.0, 0.2), Quantization(0.2, 0), tmp_path)


@pytest.fixture
def operator():
    """Run one operator of a model with LiteRT's reference kernels: int8 (n, inputs) -> int8 (n, outputs)."""
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
        interpreter = Interpreter(model_content=bytes(builder.Output()), experimental_op_resolver_type=kernels)
        interpreter.allocate_tensors()
        found = []
        for record in x:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], record[None])
            interpreter.invoke()
            found.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
        return np.stack(found)

    return run


@each_model
def test_mean_rounds_twice_as_in_litert(operator, name):
    path, network, _ = read(name)
    columns, last = plan.plan_memory(network, path).averaged, network.blocks[-1].sink
    rng = np.random.default_rng(0)
    x = rng.normal(rng.uniform(-150, 0, (60, 1, 1, 1)), 40, (60, 1, columns, network.weights.shape[1]))
    x = np.clip(x, -128, 127).astype(np.int8)
    scale = fixed_point.mean_multiplier(last.scale / network.mean.scale, columns)
    wanted = fixed_point.rescale(x[:, 0].sum(axis=1, dtype=np.int64) - columns * last.zero, *scale) + network.mean.zero
    np.testing.assert_array_equal(np.clip(wanted, -128, 127), operator(path, -3, x))


@each_model
def test_fully_connected_layer_rounds_once_as_in_litert(operator, name):
    path, network, _ = read(name)
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
    rounded_twice = np.clip(fixed_point.rescale(sums, *scale) + network.logit.zero, -128, 127)
    assert (rounded_twice != found).any()  # the inputs distinguish the two rules


@each_model
def test_logistic_table_equals_litert(operator, name):
    path, network, _ = read(name)
    (found,) = operator(path, -1, fixed_point.INTEGERS.astype(np.int8)[None], [1, 256])
    np.testing.assert_array_equal(fixed_point.logistic_table(network.logit, network.output), found)


@each_model
def test_output_tables_follow_the_manifest(name):
    _, network, entry = read(name)
    probability, thresholds = fixed_point.output_tables(network.output, entry)
    raw = (fixed_point.INTEGERS.astype(np.float32) - entry["output_zero"]) * np.float32(entry["output_scale"])
    np.testing.assert_allclose(probability, apply_temperature(raw, entry["temperature"]), rtol=1e-6)
    # each threshold was fitted to outputs of this file: it is the probability of one of the 256, not between two
    np.testing.assert_allclose(probability[thresholds.astype(int) + 128], entry["thresholds"], rtol=1e-6)


@pytest.mark.parametrize(("name", "arena", "stream"), [(NAMES[0], 1_740, 6_144), (NAMES[1], 3_900, 14_000)])
def test_memory_meets_its_target(name, arena, stream):
    path, network, _ = read(name)
    planned = plan.plan_memory(network, path)
    assert planned.arena <= arena and planned.stream <= stream


def test_a_stream_has_results_every_second():
    path, network, _ = read(NAMES[0])
    planned = plan.plan_memory(network, path)
    assert (planned.hop, planned.hop_columns, planned.ring) == (100, 25, 248 - 25 + 1)
