"""The front end in C on this computer: counts of an ADC against the filter and the quality warnings of `predict`."""

import numpy as np
import pytest
from conftest import require
from device import native
from device.front import CompiledFront, write
from scipy.signal import resample_poly

from ecgpredict import examples, released
from ecgpredict.firmware import front, graph
from ecgpredict.firmware.fixed_point import microvolt_quantizer
from ecgpredict.firmware.reference import outputs
from ecgpredict.recordings import Recording, windows
from ecgpredict.spec import INDEPENDENT_LEADS, LEADS, Normalization

SECONDS = 10.2  # an output waits for 0.2 s


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    require("cc")
    return write(tmp_path_factory.mktemp("front"))


@pytest.fixture(scope="module", params=front.RATES)
def compiled(request, folder, tmp_path_factory):
    """The front end for a converter of 500 and of 250 Hz, and the rate."""
    return CompiledFront(folder, tmp_path_factory.mktemp("library"), request.param), request.param


def beats(rate, millivolts=1.0):
    """Leads (n, 12) with one narrow peak a second: I is 1, II is .4, the chest leads are 1.1, 1.2, … of it."""
    time = np.arange(round(SECONDS * rate)) / rate
    peak = millivolts * np.exp(-(((time % 1 - 0.5) / 0.03) ** 2)) + 0.05 * np.sin(2 * np.pi * time)
    return peak[:, None] * np.array([1, 0.4, -0.6, -0.7, 0.8, -0.1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6])


def test_microvolts_are_those_of_predict(compiled):
    compute, rate = compiled
    rng = np.random.default_rng(0)
    signal = rng.normal(0, 0.2, (round(SECONDS * rate), 12)).cumsum(axis=0) * 0.1 + rng.normal(0, 0.3, 12)
    one, two = signal[:, 0], signal[:, 1]
    signal[:, 2:6] = np.stack([two - one, -(one + two) / 2, one - two / 2, two - one / 2], axis=1)
    wanted = 1000 * windows(Recording("walk", signal.astype(np.float32), rate))[0]
    inside = slice(20, 980)  # what lies beyond a recording's ends is not known to a stream
    error = (compute(compute.counts(signal))[0][:1000] - wanted)[inside]
    values, largest = front.template_values(), 1000 * np.abs(signal - signal[0]).max()
    assert np.abs(error).max() <= 0.5 + values["fixed"] + values["relative"] * largest < 10
    assert np.sqrt((error**2).mean()) < 0.5  # rounding both to 1 µV alone makes 0.41


def test_counts_lead_to_the_probabilities_of_predict_s_samples(compiled):
    compute, rate = compiled
    path, entry = released.load_verified(released.microcontroller(), kind=released.TFLITE)
    network, taken = graph.read(path), [LEADS.index(lead) for lead in entry["leads"]]
    quantizer = microvolt_quantizer(Normalization(entry["mean"], entry["scale"]), network.blocks[0].source, path)
    for signal in examples.signals().values():
        fast = resample_poly(signal, rate // 50, 2, axis=0, padtype="line").astype(np.float32)
        microvolts = compute(compute.counts(np.pad(fast, ((0, rate // 5), (0, 0)), mode="edge")))[0]
        wanted = np.round(1000 * windows(Recording("example", fast, rate))).astype(np.int16)
        ours, theirs = (
            outputs(network, quantizer(x[:, :, taken])).astype(int) for x in (microvolts[None, :1000], wanted)
        )
        assert np.abs(ours - theirs).max() <= 0.02 * 256


def test_a_signal_that_stands_still_comes_out_as_it_is_and_all_leads_with_it(compiled):
    compute, rate = compiled
    signal = np.tile([-7, 3.4, 0, 0, 0, 0, *range(6)], (round(SECONDS * rate), 1))
    microvolts = compute(compute.counts(signal))[0]
    assert len(microvolts) == 1000
    expected = [-7000, 3400, 10400, 1800, -8700, 6900, 0, 1000, 2000, 3000, 4000, 5000]
    np.testing.assert_allclose(microvolts, np.tile(expected, (1000, 1)), atol=1)


@pytest.mark.parametrize(
    ("leads", "measured", "off"),
    [(INDEPENDENT_LEADS, 8, 0b1), (("II",), 1, 0b1), (("aVF", "V2"), 3, 0b1), (("V1", "I", "II"), 3, 0b10)],
)
def test_the_front_end_computes_what_a_network_of_fewer_leads_takes(compiled, tmp_path, leads, measured, off):
    whole, rate = compiled
    compute = CompiledFront(write(tmp_path, leads), tmp_path, rate, leads=leads)
    signal = beats(rate)
    counts = compute.counts(signal)
    microvolts, quality = compute(counts, np.ones(len(counts)))
    columns = [LEADS.index(lead) for lead in leads]
    assert counts.shape[1] == measured and quality["off"] == off
    held = [lead for lead in leads if lead in (front.inputs(leads)[0], "aVF")]
    others = [column for column, lead in enumerate(leads) if lead not in held]
    wanted = whole(whole.counts(signal))[0][:, columns]
    np.testing.assert_array_equal(compute(counts)[0], wanted)
    np.testing.assert_array_equal(microvolts[:, others], wanted[:, others])


def hold(x):
    x[300:][: len(x) // 9] = x[300]


def clip(x):
    np.minimum(x, 0.3, out=x)


@pytest.mark.parametrize(
    ("lead", "change", "expected"),
    [
        (0, lambda x: None, {}),
        (6, lambda x: x.fill(0.2), {"flat": 1 << 6}),
        (7, hold, {"constant": 1 << 7}),
        (8, clip, {"clipped": 1 << 8}),
        (9, lambda x: np.multiply(x, 6, out=x), {}),
        (9, lambda x: np.multiply(x, 7.5, out=x), {"high": 1}),
        (1, lambda x: np.multiply(x, 11, out=x), {"high": 1}),
        (10, lambda x: x[50:60].fill(1000), {"saturated": 1 << 10}),
    ],
    ids=["nothing", "flat", "constant", "clipped", "large", "any lead high", "limb lead high", "saturated"],
)
def test_quality_is_judged_as_in_predict(compiled, lead, change, expected):
    compute, rate = compiled
    signal = beats(rate)
    change(signal[:, lead])
    assert compute(compute.counts(signal))[1] == dict.fromkeys(compute(compute.counts(signal))[1], 0) | expected


def test_small_amplitudes_are_flagged(compiled):
    compute, rate = compiled
    assert compute(compute.counts(beats(rate, 0.3)))[1]["low"] == 1


def test_an_electrode_that_is_off_marks_its_leads_and_holds_its_value(compiled):
    compute, rate = compiled
    counts = compute.counts(beats(rate))
    off = np.where(np.arange(len(counts)) >= 3 * rate, 0b00000001, 0)
    microvolts, quality = compute(counts, off)
    assert quality["off"] == 0b111101
    assert np.ptp(microvolts[330:, 0]) <= 1 and np.ptp(microvolts[330:, 1]) > 300
    assert quality["constant"] == 0b000001


def test_the_high_pass_removes_what_electrodes_are_off_by(folder, tmp_path):
    compute = CompiledFront(folder, tmp_path, 500, flags=("-DECG_ADC_HIGHPASS=1",))
    time = np.arange(30 * 500) / 500
    signal = np.repeat((np.sin(10 * np.pi * time) + 300 + 10 * (time > 1))[:, None], 12, axis=1)
    microvolts, quality = compute(compute.counts(signal))
    assert np.abs(microvolts[:80, compute.measured]).max() < 1100
    lasting = microvolts[-100:, compute.measured].mean()
    assert lasting == pytest.approx(10_000 * np.exp(-28.3 * 500 / 4096), rel=0.05)
    assert quality["saturated"] == 0


@pytest.mark.parametrize("compiler", ["gcc", pytest.param("clang", marks=pytest.mark.slow)])
@pytest.mark.parametrize("rate", front.RATES)
def test_the_front_end_compiles_without_warnings(folder, tmp_path, compiler, rate):
    require(compiler)
    options = [*native.WARNINGS, "-Wpedantic", "-Wshadow", f"-DECG_ADC_RATE={rate}", "-c", "-o", str(tmp_path / "f.o")]
    assert native.run([compiler, *options, str(folder / "ecg_front.c")]) == ""
