"""What chapter 2 shows of the base CNN: selection of the recipe, recalibration, ROC curves, and its result.

In come the finished trainings of an opened study; out come tables, the model's result, and sentences whose numbers are
all computed. The recipe and the checkpoint are selected on fold 9; fold 10 is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import torch
from sklearn.metrics import log_loss

from ecglib.compression import onnx_files
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation import metrics
from ecglib.evaluation.scores import Scores, labels_for
from ecglib.networks import convnet
from ecglib.study import original, reporting
from ecglib.study.analyses.comparison import plural
from ecglib.study.analyses.roc import roc_panels
from ecglib.study.analyses.targets import BASE_CNN_AUC
from ecglib.study.measuring import time_files
from ecglib.study.study import Study
from ecglib.training.runs import Run
from ecgpredict.spec import SAMPLING_RATE

MODEL = "base_cnn"
CANDIDATES = (MODEL, "base_cnn_plain", "base_cnn_augmented")


def largest_layer(network: torch.nn.Module) -> str:
    """Which layer holds most parameters, and what share of them."""
    table = convnet.layer_table(network)
    largest = table.loc[table["params"].idxmax()]
    share = largest["params"] / table["params"].sum()
    where = f"`{largest['layer']}`, the last convolution"
    return f"One layer holds most of the parameters: {100 * share:.0f} % are in {where}."


def memory_estimate(network: torch.nn.Module) -> str:
    """What share of the original's size estimate is no part of a file."""
    sizes = convnet.size_table(network)
    return (
        f"**{int(sizes['params']):,} parameters**; reported: {original.REPORTED[MODEL].params:,}. The estimated total "
        f"is not the size of a file: {100 * sizes['forward_backward_mb'] / sizes['total_mb']:.0f} % of it is the "
        "forward/backward pass, which counts every activation and its gradient for one record in training. A device "
        "stores the parameters only."
    )


@dataclass(frozen=True)
class BaseCNN:
    """The base CNN's finished trainings, one per seed."""

    study: Study

    @cached_property
    def runs(self) -> list[Run]:
        return self.study.runs(MODEL)

    @cached_property
    def scores(self) -> Scores:
        """Scores of every seed on folds 9 and 10."""
        return Scores.stack_seeds([run.scores for run in self.runs])

    def candidates(self) -> pd.DataFrame:
        """The recipes that were compared on fold 9."""
        return self.study.compare_candidates(list(CANDIDATES))

    def selection(self, labels: dict[str, str]) -> str:
        """The paired differences on fold 9 between the selected recipe and the others.

        Parameters
        ----------
        labels : {model: name as readers meet it}
        """
        comparisons = []
        for name in CANDIDATES[1:]:
            one = self.study.validation_difference(MODEL, name)
            verdict = "no more than noise" if one.low <= 0 <= one.high else "more than noise"
            comparisons.append(f"{one:+} compared with *{labels[name]}*, {verdict}")
        best = self.candidates().set_index("model")["val_auc"].idxmax() == MODEL
        reason = "which have the highest AUC on fold 9" if best else "which do not have the highest AUC in this profile"
        return (
            f"We select the random crops, {reason}. Their AUC differs by {' and by '.join(comparisons)} "
            "(95 % intervals of the paired bootstrap)."
        )

    def training(self) -> str:
        """How the network was trained, and on what."""
        settings, first = self.study.settings.training[MODEL], self.runs[0].metadata
        return (
            f"AdamW with a one-cycle schedule: peak learning rate {settings.learning_rate:g}, weight decay "
            f"{settings.weight_decay:g}, batches of {settings.batch_size}, at most {settings.epochs} epochs. "
            f"{plural(len(self.runs), 'seed')}, in {self._where_trained()}. The first seed took "
            f"{first['seconds'] / 60:.0f} minutes; its best epoch was number {first['best_epoch'] + 1}."
        )

    def _where_trained(self) -> str:
        """Precision and hardware, with the seeds behind each if they differ."""
        seeds: dict[str, list[str]] = {}
        for run in self.runs:
            where = f"{run.metadata['precision']} on {run.metadata['hardware']}"
            seeds.setdefault(where, []).append(str(run.metadata["seed"]))
        if len(seeds) == 1:
            return next(iter(seeds))
        named = {where: f"seed{'s' * (len(numbers) > 1)} {', '.join(numbers)}" for where, numbers in seeds.items()}
        return "; in ".join(f"{where} ({which})" for where, which in named.items())

    def loss_with_dropout(self) -> str:
        """In how many epochs the training loss is above that on fold 9."""
        above = [run.history["train_loss"] > run.history["val_loss"] for run in self.runs]
        count, epochs = int(sum(one.sum() for one in above)), sum(map(len, above))
        return (
            "We keep the weights of the epoch with the best AUC on fold 9. The training loss is computed with dropout "
            f"on and averaged over an epoch's steps; it is above the loss on fold 9 in {count} of {epochs} epochs."
        )

    def recalibration(self) -> pd.DataFrame:
        """AUC and loss on fold 9 of each seed, before and after the batch statistics are recalibrated."""
        rows = []
        for run in self.runs:
            scores, best = run.scores.for_fold(VALIDATION_FOLD), run.history.loc[run.metadata["best_epoch"]]
            y_true, y_score = labels_for(scores, self.study.data), scores.score[0]
            after = metrics.macro_auc(y_true, y_score), log_loss(y_true.ravel(), y_score.ravel())
            rows.append((run.metadata["seed"], best["val_auc"], after[0], best["val_loss"], after[1]))
        table = pd.DataFrame(rows, columns=["seed", "AUC before", "AUC after", "loss before", "loss after"])
        return table.sort_values("seed", ignore_index=True)

    def recalibration_gain(self) -> str:
        """How many seeds gain, and by how much."""
        table, count = self.recalibration(), self.study.settings.training[MODEL].bn_records
        gain, lower = table["AUC after"] - table["AUC before"], table["loss after"] < table["loss before"]
        return (
            f"With {count:,} training records, recalibration changes the AUC by {gain.min():+.4f} to {gain.max():+.4f} "
            f"and improves it for {(gain > 0).sum()} of {len(table)} seeds; the loss falls for {lower.sum()}."
        )

    def procedures(self) -> pd.DataFrame:
        """How the original's procedure and this one differ."""
        ours = self.study.settings.training[MODEL]
        crop = f"random crops of {ours.crop / SAMPLING_RATE:g} s" if ours.crop else "whole records"
        rows = [
            ("release", "an older one", "1.0.3", "withdrawn records, corrected labels"),
            ("split", "five random folds", "PTB-XL's folds", "a patient on both sides makes the test easier"),
            ("labels", "some rows shifted by one", "matched by ecg_id", "a shifted label is noise"),
            (
                "reported on",
                "the folds used for early stopping",
                "fold 10, used once",
                "a metric that was selected on is optimistic",
            ),
            (
                "optimizer",
                "Adam, 1e-3, batch 64, last weights",
                f"AdamW, one cycle up to {ours.learning_rate:g}, batch {ours.batch_size}, best weights on fold 9",
                "a more stable end of training",
            ),
            ("input in training", "whole records", crop, "more variety; scored on whole records"),
            ("scale", "raw millivolts", "mean 0, SD 1 on folds 1 to 8", "scale of the first layer's input"),
            (
                "precision",
                "float32",
                " and ".join(dict.fromkeys(run.metadata["precision"] for run in self.runs)),
                "speed; scores are computed in float32",
            ),
            ("interval", "none", "95 %, bootstrap", "shows which differences mean something"),
        ]
        return pd.DataFrame(rows, columns=["", "original study", "this chapter", "why it matters"])

    def roc(self) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, float]]]:
        """The first seed's ROC curves and AUCs on both folds, by panel title."""
        first = self.runs[0].scores
        titles = {VALIDATION_FOLD: "Fold 9 (selection), first seed", TEST_FOLD: "Fold 10 (test), first seed"}
        return roc_panels(self.study, {title: first.for_fold(fold) for fold, title in titles.items()})

    def write_result(self) -> dict:
        """Export the first seed's network, time it, and write the result that later chapters read."""
        network = convnet.load_weights(convnet.build(MODEL), self.runs[0].weights())
        model_file = onnx_files.to_onnx(network, self.study.paths.artifacts / MODEL / "base_cnn.onnx")
        timing = time_files(self.study, {MODEL: model_file})
        details = {
            "first_seed_aucs": self.roc()[1],
            "sizes_mb": convnet.size_table(network).to_dict(),
            "training": self.runs[0].metadata,
        }
        return reporting.write(
            self.study,
            MODEL,
            self.scores,
            framework="torch",
            counts=convnet.counts(network),
            file_bytes=model_file.stat().st_size,
            **timing.latency(MODEL),
            **details,
        )


def conclusion(result: dict) -> str:
    """The macro AUC on fold 10 beside the reported one, fold 9's, and the target.

    Parameters
    ----------
    result : what :meth:`BaseCNN.write_result` gives
    """
    macro, row, reported = result["classes"]["macro"], result["row"], original.REPORTED[MODEL].auc
    seeds = f"the mean of {row['seeds']} seeds, SD {row['seed_sd']:.4f}" if row["seeds"] > 1 else "one seed"
    side = "above" if reported > macro["high"] else "below" if reported < macro["low"] else "inside"
    optimistic = ", and is optimistic" if row["val_auc"] > macro["value"] else ""
    return (
        f"On fold 10 we measure a macro AUC of **{macro['value']:.3f}** (95 % interval {macro['low']:.3f} to "
        f"{macro['high']:.3f}; {seeds}). Fold 9, on which recipe and checkpoint were selected, gives "
        f"{row['val_auc']:.3f}{optimistic}. The reported {reported:.3f} is {side} the interval. The target for this "
        f"chapter was {BASE_CNN_AUC.verdict(macro['value'])}. The interval is {macro['high'] - macro['low']:.3f} wide: "
        "a claim that two models differ by less needs a paired comparison on the same records."
    )
