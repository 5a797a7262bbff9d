"""The base CNN pruned: single weights by their magnitude, or whole channels, each with fine-tuning.

In come the finished runs of the base CNN and of its pruned versions; out come tables, curves, and the share of channels
that is selected on fold 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from ecglib.compression import onnx_files, pruning
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.networks.convnet import ECGNet
from ecglib.study import reporting
from ecglib.study.analyses.comparison import mean_auc, percent, plural, seeds_behind
from ecglib.study.analyses.pruned_models import BASE, NEAR, Level, open_level, selected_channels, versions
from ecglib.study.analyses.targets import PRUNED_AUC_CHANGE, PRUNED_SPEED, PRUNED_TIMES_FEWER
from ecglib.study.measuring import Timing, runs_with_weights, time_files
from ecglib.study.study import Study
from ecglib.training import scoring
from ecglib.training.runs import Run

CHANGE, SPEED = "change from the base CNN", "speed of the base CNN ×"
SHARES = (0.5, 0.8, 0.9, 0.95)  # of one layer's weights, for its sensitivity
PROBED = 600  # records of fold 9 for the sensitivity: twenty networks are scored on them


@dataclass(frozen=True)
class Sensitivity:
    """What pruning one layer alone costs, without fine-tuning.

    Attributes
    ----------
    table : layer, removed, auc on fold 9
    intact : AUC with nothing pruned
    records : number of records of fold 9 that were scored
    precision : number format of the forward passes
    """

    table: pd.DataFrame
    intact: float
    records: int
    precision: str

    def sentence(self) -> str:
        """What was measured, and which layer is the most sensitive at the largest share."""
        last = self.table[self.table["removed"] == self.table["removed"].max()]
        worst, best = last.loc[last["auc"].idxmin()], last.loc[last["auc"].idxmax()]
        return (
            f"AUC on {plural(self.records, 'record')} of fold 9, computed in {self.precision}. With "
            f"{percent(worst.removed)} of its weights at zero, pruning {worst.layer} costs most "
            f"({self.intact - worst.auc:.3f}) and {best.layer} least ({self.intact - best.auc:.3f})."
        )


@dataclass(frozen=True)
class PrunedBase:
    """The base CNN and its pruned versions.

    Attributes
    ----------
    base_runs : of the base CNN, one per seed
    network : the base CNN of the first seed
    base_file : its ONNX file
    magnitude, channels : its pruned versions, the smallest share first
    """

    study: Study
    base_runs: list[Run]
    network: ECGNet
    base_file: Path
    magnitude: list[Level]
    channels: list[Level]

    @cached_property
    def base_scores(self) -> Scores:
        return Scores.stack_seeds([run.scores for run in self.base_runs])

    @cached_property
    def timing(self) -> Timing:
        """Every file of this chapter in one session."""
        levels = {level.model: level.file for level in (*self.magnitude, *self.channels)}
        return time_files(self.study, {BASE: self.base_file, **levels}, BASE)

    @property
    def base_params(self) -> int:
        return convnet.counts(self.network)["params"]

    def magnitude_table(self) -> pd.DataFrame:
        """AUC of each share of zeros, before and after fine-tuning."""
        columns, rows = ["zeros", "weights left", "before fine-tuning, fold 9", "fold 9", "fold 10", CHANGE], []
        for level in self.magnitude:
            left, before = level.counts["nonzero_params"], level.unrefined_auc
            rows.append((percent(level.amount), left, before, *self._aucs(level), f"{level.change:+}"))
        return pd.DataFrame(rows, columns=columns)

    def bytes_table(self) -> pd.DataFrame:
        """What zeros save: bytes of the file to run, of the compressed file, and time."""
        rows = [("none", self.base_file.stat().st_size, pruning.compressed_bytes(self.base_file), "1")]
        for level in self.magnitude:
            compressed, speed = level.runs[0].metadata["compressed_bytes"], self.timing.speed(level.model)
            rows.append((percent(level.amount), level.file_bytes, compressed, speed))
        return pd.DataFrame(rows, columns=["zeros", "bytes as a model file", "bytes compressed", SPEED])

    def bytes_conclusion(self) -> str:
        """What the zeros save, in a sentence."""
        dense, most = pruning.compressed_bytes(self.base_file), self.magnitude[-1]
        share = most.runs[0].metadata["compressed_bytes"] / dense
        fastest = max(self.timing.speedup(level.model).value for level in self.magnitude)
        return (
            f"The file to run is as large as before, and no level runs at more than {fastest:.2f} times the speed of "
            "the base CNN, because dense kernels do not skip zeros. "
            "What shrinks is the compressed file, in storage or transit. Compressed with DEFLATE, as in zip and gzip, "
            f"the file with {percent(most.amount)} zeros takes {percent(share)} of the bytes of the dense one. "
            f"(The dense file itself shrinks to {percent(dense / self.base_file.stat().st_size)}, because its weights "
            "were rounded to float16.)"
        )

    def channels_table(self) -> pd.DataFrame:
        """Size, speed and AUC of each share of channels removed."""
        columns, rows = ["channels removed", "parameters", SPEED, "seeds", "fold 9", "fold 10", CHANGE], []
        for level in self.channels:
            size = percent(level.amount), level.counts["params"], self.timing.speed(level.model), len(level.runs)
            rows.append((*size, *self._aucs(level), f"{level.change:+}"))
        return pd.DataFrame(rows, columns=columns)

    def curves(self) -> pd.DataFrame:
        """AUC on fold 9 against the share removed: removed, auc, what."""
        parts = []
        for name, levels in (("weights", self.magnitude), ("channels", self.channels)):
            shares = [0.0, *(level.amount for level in levels)]
            tuned = [self.base_auc, *(mean_auc(self.study, level.scores, VALIDATION_FOLD) for level in levels)]
            before = [self.base_auc, *(level.unrefined_auc for level in levels)]
            parts += [
                pd.DataFrame({"removed": shares, "auc": auc, "what": f"{name}, {when} fine-tuning"})
                for when, auc in (("with", tuned), ("without", before))
            ]
        return pd.concat(parts, ignore_index=True)

    @property
    def base_auc(self) -> float:
        """AUC of the base CNN on fold 9, averaged over seeds."""
        return mean_auc(self.study, self.base_scores, VALIDATION_FOLD)

    def selected(self) -> Level:
        """The network with fewer channels that is selected on fold 9."""
        model = selected_channels(self.study)
        return next(level for level in self.channels if level.model == model)

    def selection_rule(self) -> str:
        """How :func:`selected_channels` selects, and what it selected."""
        return (
            f"We select the network with the fewest channels whose AUC on fold 9 is within {NEAR:g} of the base "
            f"CNN's; if none does, the best one. That is the one with {percent(self.selected().amount)} of its "
            "channels removed."
        )

    def write(self) -> None:
        """Keep the results of every pruned version."""
        for level in (*self.magnitude, *self.channels):
            reporting.write(
                self.study,
                level.model,
                level.scores,
                framework="torch",
                counts=level.counts,
                file_bytes=level.file_bytes,
                **self.timing.latency(level.model),
                training=level.runs[0].metadata,
                auc_change=level.change.to_dict(),
            )

    def target_conclusion(self) -> str:
        """Size, speed and AUC of the selected network, against the targets."""
        level = self.selected()
        fewer, speed = self.base_params / level.counts["params"], self.timing.speedup(level.model).value
        return (
            f"With {percent(level.amount)} of its channels removed, the base CNN has {fewer:.1f} times fewer "
            f"parameters (target: {PRUNED_TIMES_FEWER.verdict(fewer)}) and is {speed:.1f} times as fast (target: "
            f"{PRUNED_SPEED.verdict(speed)}); its AUC on fold 10 changes by {level.change:+}, an interval over "
            f"{seeds_behind(level.change)} (target: {PRUNED_AUC_CHANGE.verdict(level.change.value)})."
        )

    def _aucs(self, level: Level) -> tuple[float, float]:
        return tuple(mean_auc(self.study, level.scores, fold) for fold in (VALIDATION_FOLD, TEST_FOLD))


def open_pruned_base(study: Study) -> PrunedBase:
    """Load the base CNN and every pruned version of it, and export their graphs."""
    runs, folder = study.runs(BASE), study.paths.artifacts / "pruning"
    first = runs_with_weights(study, BASE)[0]
    network = convnet.from_weights(first.weights())
    base_file = onnx_files.to_onnx(network, folder / "base_cnn.onnx")
    scores = study.scores(BASE)
    families = {
        method: [
            open_level(study, model, amount, network, first, scores, folder)
            for model, amount in versions(study, method)
        ]
        for method in ("magnitude", "channels")
    }
    return PrunedBase(study, runs, network, base_file, **families)


def channel_models(study: Study) -> list[str]:
    """The base CNN's versions with fewer channels, the smallest share removed first."""
    return [name for name, _ in versions(study, "channels")]


def sensitivity(study: Study, network: ECGNet, run: Run, records: int = PROBED) -> Sensitivity:
    """Prune each layer of the base CNN alone, at several shares, and score it on some records of fold 9."""
    probed = study.data.in_folds(VALIDATION_FOLD).sample(records, seed=0)
    y_true, scaling = probed.labels.astype(bool), run.normalization

    def auc(candidate: ECGNet) -> float:
        return macro_auc(y_true, scoring.predict_bf16(candidate, probed, scaling, progress=False))

    layers = pruning.prunable_layers(network)
    rows = [(layer, share, auc(pruning.prune_layer(network, layer, share))) for layer in layers for share in SHARES]
    table = pd.DataFrame(rows, columns=["layer", "removed", "auc"])
    names = {layer: f"conv {i}" for i, layer in enumerate(layers, 1)} | {"linear": "linear"}
    bf16 = scoring.training_precision() == "bf16-mixed"
    return Sensitivity(
        table.assign(layer=table["layer"].map(names)), auc(network), len(probed), "bfloat16" if bf16 else "float32"
    )
