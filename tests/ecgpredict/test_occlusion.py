"""Occlusion maps: where they are zero, what they add up to, and that they depend on what the model has learned."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from scipy.stats import spearmanr

from ecglib.compression import onnx_files
from ecgpredict import examples, occlusion, released
from ecgpredict.spec import CLASSES, LEADS


def test_the_map_is_zero_but_where_the_model_looks():
    window = np.random.default_rng(0).standard_normal((1000, 12)).astype(np.float32)

    def predict(windows):  # the power of V2's slopes in the fourth second, and nothing
        looked = (np.diff(windows[:, 300:400, LEADS.index("V2")]) ** 2).mean(axis=1)
        return np.stack([looked, np.zeros(len(windows))], axis=1)

    found = occlusion.occlusion_map(predict, window, segment=100)
    assert found.shape == (2, 12, 10)
    assert np.flatnonzero(found).tolist() == [LEADS.index("V2") * 10 + 3]
    assert found.max() == pytest.approx(predict(window[None])[0, 0], rel=0.01)  # a line has next to no slope


def test_a_piece_is_replaced_by_a_line_between_its_neighbours():
    window = np.arange(1000, dtype=np.float32)[:, None] * np.ones(12, np.float32)  # lines already
    window[450] += 100
    without = occlusion.occluded(window, segment=100).reshape(12, 10, 1000, 12)
    np.testing.assert_allclose(without[2, 4, :, 2], np.arange(1000), rtol=1e-5)
    np.testing.assert_array_equal(without[2, 4, :, 3], window[:, 3])
    assert without[2, 0, :100, 2].tolist() == [100.0] * 100  # there is a neighbour on one side only
    assert without[2, 9, 900:, 2].tolist() == [899.0] * 100


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory):
    """The released model with the weights of each layer in another order."""
    model = released.load()
    content, rng = onnx.load(model.path), np.random.default_rng(0)
    for tensor in content.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim > 1:
            tensor.CopyFrom(numpy_helper.from_array(rng.permutation(values.ravel()).reshape(values.shape), tensor.name))
    path = tmp_path_factory.mktemp("shuffled") / "model.onnx"
    onnx.save(content, path)
    session = onnx_files.session(path)

    def predict(windows):
        x = np.ascontiguousarray(model.normalization(windows).transpose(0, 2, 1), np.float32)
        return session.run(None, {onnx_files.INPUT: x})[0]

    return predict


def agreement(one, other):
    """Spearman's rank correlation of two maps, 0 where one of them is constant."""
    found = spearmanr(one.ravel(), other.ravel()).statistic if np.ptp(one) and np.ptp(other) else 0.0
    return float(found)


def test_shuffled_weights_give_another_map_and_a_little_noise_the_same(shuffled):
    """The sanity check of Adebayo et al., NeurIPS 2018: a map that survives shuffled weights shows the signal alone."""
    model, window, hyp = released.load(), examples.signals()["hypertrophy"], CLASSES.index("HYP")
    noisy = window + np.random.default_rng(0).normal(0, 0.002, window.shape)
    own, again = (occlusion.occlusion_map(model.probabilities, one)[hyp] for one in (window, noisy))
    other = occlusion.occlusion_map(shuffled, window)[hyp]
    assert agreement(own, again) > 0.7
    assert abs(agreement(own, other)) < 0.3
