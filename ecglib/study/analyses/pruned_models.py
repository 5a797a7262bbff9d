"""The base CNN's pruned versions as the registry declares them, and the one whose channels are removed best.

Input: the study. Output: each version's runs, scores, file and change of AUC; the selection on fold 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecglib.compression import onnx_files, pruning
from ecglib.data.folds import VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks.convnet import ECGNet
from ecglib.study.analyses.comparison import common_seeds, difference, mean_auc
from ecglib.study.study import Study
from ecglib.training import scoring
from ecglib.training.runs import Run

BASE = "base_cnn"
NEAR = 0.003  # AUC on fold 9 that a network with fewer channels may lose


@dataclass(frozen=True)
class Level:
    """The base CNN with one share of its weights or channels removed.

    Attributes
    ----------
    model : name in the registry
    amount : share removed, 0 to 1
    runs : fine-tuned, one per seed
    scores : of every seed
    unrefined_auc : AUC on fold 9 of the first seed's network before fine-tuning
    file : ONNX file of the same graph as the fine-tuned network's
    change : AUC on fold 10 minus that of the base CNN of the same seeds
    """

    model: str
    amount: float
    runs: list[Run]
    scores: Scores
    unrefined_auc: float
    file: Path
    change: Estimate

    @property
    def counts(self) -> dict[str, int]:
        """params and nonzero_params of the first seed."""
        return {key: self.runs[0].metadata[key] for key in ("params", "nonzero_params")}

    @property
    def file_bytes(self) -> int:
        return self.runs[0].metadata["file_bytes"]


def versions(study: Study, method: str) -> list[tuple[str, float]]:
    """The base CNN's pruned versions of one method with their shares, the smallest first."""
    found = [(name, one.amount) for name, one in study.settings.training.items() if one.pruning == method]
    return sorted(found, key=lambda one: one[1])


def selected_channels(study: Study) -> str:
    """The model with the fewest channels whose AUC on fold 9 is near the base CNN's; if none is, the best."""
    base, loss = study.scores(BASE), {}
    for model, _ in versions(study, "channels"):
        pair = common_seeds(study.scores(model), base)
        ours, reference = (mean_auc(study, scores, VALIDATION_FOLD) for scores in pair)
        loss[model] = reference - ours
    near = [model for model in loss if loss[model] <= NEAR]
    return near[-1] if near else min(loss, key=loss.get)


def open_level(
    study: Study, model: str, amount: float, network: ECGNet, base_run: Run, base: Scores, folder: Path
) -> Level:
    """A pruned version with its scores, its AUC before fine-tuning and the ONNX file of its graph."""
    method = study.settings.training[model].pruning
    pruned = pruning.pruned(network, method, amount)
    validation = study.data.in_folds(VALIDATION_FOLD)
    before = scoring.predict_bf16(pruned, validation, base_run.normalization, progress=False)
    runs = study.runs(model)
    scores = study.scores(model)
    return Level(
        model,
        amount,
        runs,
        scores,
        macro_auc(validation.labels.astype(bool), before),
        onnx_files.to_onnx(pruned, folder / f"{model}.onnx"),
        difference(study, scores, base),
    )
