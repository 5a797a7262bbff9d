"""A synthetic signal to write as a recording."""

import numpy as np
import pytest

from ecgpredict import synthetic_ecg


@pytest.fixture(scope="session")
def signal() -> np.ndarray:
    """Ten seconds at 100 Hz, (1000, 12) in mV."""
    return synthetic_ecg.ecg(["NORM"], np.random.default_rng(3)).astype(np.float32)
