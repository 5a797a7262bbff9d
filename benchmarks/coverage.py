"""Coverage of the 95 % intervals of AUCs, on simulated patients and training seeds.

Each simulation draws 1,877 patients with 2,158 records, as in fold 10, and networks whose quality varies between seeds
about as much as in the study; the true AUC is known. With one seed it is that of this particular network, with several
it is the mean over all possible seeds. Target: 95 % or a little more, within the error of 500 simulations (93 to 99 %).

    python benchmarks/coverage.py [simulations]
"""

import sys

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from ecglib.evaluation.bootstrap import combined
from ecglib.evaluation.resampling import Resampling

PATIENTS, RECORDS, N_BOOTSTRAP = 1877, 2158, 500
DISTANCES = 2.09, 2.07  # between the classes, in SD of the scores: AUCs of 0.930 and 0.928
SEED_SD = 0.015  # of the distance: 0.001 of AUC
SHARED = 0.9  # of the scores' SD is common to all networks: the difficulty of a record


def simulate(rng: np.random.Generator, seeds: int) -> tuple[bool, bool]:
    """Whether the interval of an AUC and that of a paired difference cover the true value."""
    patients = np.concatenate([np.arange(PATIENTS), rng.integers(0, PATIENTS, RECORDS - PATIENTS)])
    resampling = Resampling(patients, N_BOOTSTRAP, seed=int(rng.integers(2**31)))
    y_true = (rng.random(PATIENTS) < 0.25)[patients]
    shared = np.sqrt(0.5) * (rng.normal(size=PATIENTS)[patients] + rng.normal(size=RECORDS))
    distances = np.array(DISTANCES)[:, None] + SEED_SD * rng.normal(size=(2, seeds))
    noise = np.sqrt(1 - SHARED**2) * rng.normal(size=(2, seeds, RECORDS))
    y_score = distances[..., None] * y_true + SHARED * shared + noise
    values = np.array([[roc_auc_score(y_true, one) for one in model] for model in y_score])
    resampled = np.array([[resampling.aucs(y_true[:, None], one[:, None])[:, 0] for one in model] for model in y_score])
    if seeds == 1:
        true_auc = norm.cdf(distances[:, 0] / np.sqrt(2))
    else:
        true_auc = norm.cdf(np.array(DISTANCES) / np.sqrt(2 + SEED_SD**2))
    auc = combined([(values[0], resampled[0])])
    difference = combined([(values[0] - values[1], resampled[0] - resampled[1])])
    return (
        auc.low <= true_auc[0] <= auc.high,
        difference.low <= true_auc[0] - true_auc[1] <= difference.high,
    )


simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 500
for seeds in (1, 3, 5):
    aucs, differences = np.mean(
        [simulate(np.random.default_rng((seeds, index)), seeds) for index in range(simulations)], axis=0
    )
    print(f"{seeds} seeds: AUCs {aucs:.1%}, paired differences {differences:.1%} of {simulations} (target 95 %)")
