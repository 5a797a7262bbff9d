"""Profiles: flat, literal, and strict about what they do not know."""

import pytest

from ecglib import config
from ecglib.errors import InputError

GOOD = """
name: sample
resamples: 100
repeats: 5
seeds:
  base_cnn: [0, 1]
training:
  base_cnn: {epochs: 2, learning_rate: 0.001}
"""


def load(tmp_path, text):
    path = tmp_path / "sample.yml"
    path.write_text(text)
    return config.load(path)


def test_a_profile_is_read_with_its_defaults(tmp_path):
    profile = load(tmp_path, GOOD)
    assert profile.seeds == {"base_cnn": [0, 1]}
    assert profile.training["base_cnn"] == config.Training(epochs=2, network="base_cnn", learning_rate=0.001)


@pytest.mark.parametrize("name", ["sample", "full"])
def test_the_committed_profiles_are_valid(project, name):
    assert config.load(project / "config" / f"{name}.yml").name == name


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("resamples: 100", "resample: 100", "unknown key", "sample.yml"),
        ("epochs: 2", "epoch: 2", "unknown key", "training.base_cnn"),
        ("resamples: 100\n", "", "impossible setting", "sample.yml"),
        ("epochs: 2", "epochs: two", "impossible setting", "epochs"),
        ("epochs: 2", "epochs: 0", "impossible setting", "epochs"),
        ("learning_rate: 0.001", "learning_rate: -1", "impossible setting", "learning_rate"),
        ("learning_rate: 0.001", "optimizer: sgd", "impossible setting", "optimizer"),
        ("learning_rate: 0.001", "keep: first", "impossible setting", "keep"),
        ("learning_rate: 0.001", "normalise: 1", "impossible setting", "normalise"),
        ("epochs: 2", "epochs: true", "impossible setting", "epochs"),
        ("resamples: 100", "resamples: 0", "impossible setting", "resamples"),
        ("repeats: 5", "repeats: 0", "impossible setting", "repeats"),
        ("name: sample", "name: full", "impossible setting", "name"),
        ("learning_rate: 0.001", "dropout: 1.5", "impossible setting", "dropout"),
        ("learning_rate: 0.001", "shift: -5", "impossible setting", "shift"),
        ("learning_rate: 0.001", "network: inception_cnn, crop: 500", "impossible setting", "crop"),
        ("learning_rate: 0.001", "network: inception_cnn, norm_records: 64", "impossible setting", "norm_records"),
        ("learning_rate: 0.001", "norm_records: -1", "impossible setting", "norm_records"),
        ("learning_rate: 0.001", "hard_weight: 1.5", "impossible setting", "hard_weight"),
        ("learning_rate: 0.001", "teachers: student", "impossible setting", "teachers"),
        ("learning_rate: 0.001", "start: base_cnn", "impossible setting", "start"),
        ("learning_rate: 0.001", "pruning: channels, amount: 0.5", "impossible setting", "start"),
        ("learning_rate: 0.001", "amount: 0.5", "impossible setting", "amount"),
        ("{epochs: 2, learning_rate: 0.001}", "null", "impossible setting", "training.base_cnn"),
        ("[0, 1]", "1", "impossible setting", "seeds.base_cnn"),
        ("[0, 1]", "[0, 1", "impossible setting", "sample.yml"),
        ("[0, 1]", "[0, 0]", "impossible setting", "seeds.base_cnn"),
        ("[0, 1]", "[]", "impossible setting", "seeds.base_cnn"),
        ("resamples: 100", "resamples: 100\nreleased: [student]", "impossible setting", "released"),
        ("resamples: 100", "resamples: 100\nreleased: base_cnn", "impossible setting", "released"),
        ("  base_cnn: [0, 1]", "  student: [0]", "impossible setting", "seeds.student"),
    ],
)
def test_a_bad_profile_is_named(tmp_path, old, new, what, where):
    assert old in GOOD
    with pytest.raises(InputError, match=what) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert where in str(caught.value.where)


def test_a_missing_profile_names_the_known_ones(project):
    with pytest.raises(InputError, match="profile missing") as caught:
        config.load(project / "config" / "tiny.yml")
    assert caught.value.expected == "one of full, sample"
