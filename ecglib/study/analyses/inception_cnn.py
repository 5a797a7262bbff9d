"""What chapter 3 shows of the Inception CNN in float32: its layers, the replay beside the training done right.

In come the finished trainings of an opened study; out come tables, and sentences whose numbers are all computed. The
recipe and the checkpoint are selected on fold 9; fold 10 is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import keras
import pandas as pd

from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.networks import inception
from ecglib.study import original, results
from ecglib.study.analyses.comparison import difference, mean_auc, plural
from ecglib.study.analyses.roc import roc_panels
from ecglib.study.analyses.targets import INCEPTION_CNN_AUC
from ecglib.study.study import Study
from ecglib.training.runs import Run
from ecgpredict.spec import SAMPLING_RATE

MODEL, REPLAY = "inception_cnn", "inception_cnn_replay"
CANDIDATES = (MODEL, "inception_cnn_plain")
LABELS = {REPLAY: "replayed", MODEL: "done right"}
NEAR = 0.01  # AUCs that differ by no more count as close to each other


def parameters(network: keras.Model) -> str:
    """How many parameters the network has, and where most of them are."""
    counts, table = inception.parameter_counts(network), inception.layer_table(network)
    reported = original.REPORTED[MODEL].params
    agree = "as reported" if counts["total"] == reported else f"reported: {reported:,}"
    largest = table.loc[table["params"].idxmax()]
    flattened = math.prod(table.set_index("layer").loc[largest["connected_to"][0], "output_shape"][1:])
    units = largest["output_shape"][-1]
    pooled = original.layer_table("base_cnn")["params"].iloc[-2]
    return (
        f"**{counts['total']:,} parameters**, {agree}; {counts['trainable']:,} of them are trainable, and "
        f"{counts['non_trainable']:,} are the running means and variances of batch normalization.\n\n"
        f"The layer `{largest['layer']}` alone holds {100 * largest['params'] / counts['total']:.0f} % of all "
        f"parameters. It connects each of the {flattened:,} flattened activations to each of its {units} units, "
        f"which takes {flattened:,} · {units} + {units} = {largest['params']:,} parameters. With so many weights the "
        "layer can learn where in the ten seconds something happened; but an ECG has no such position, as its "
        "recording starts at any point of the heartbeat. The base CNN averages over time instead, and needs "
        f"{pooled:,} parameters in the same place."
    )


@dataclass(frozen=True)
class InceptionCNN:
    """The finished trainings of the Inception CNN: the original's procedure, and the same network done right."""

    study: Study

    @cached_property
    def runs(self) -> dict[str, list[Run]]:
        """{model: finished runs, one per seed}, the replay first."""
        return {name: self.study.runs(name) for name in LABELS}

    @cached_property
    def scores(self) -> dict[str, Scores]:
        """{model: scores of every seed on folds 9 and 10}."""
        return {name: Scores.stack_seeds([run.scores for run in runs]) for name, runs in self.runs.items()}

    def histories(self) -> dict[str, list[pd.DataFrame]]:
        """{"replayed" or "done right": history of each seed}."""
        return {LABELS[name]: [run.history for run in runs] for name, runs in self.runs.items()}

    def candidates(self) -> pd.DataFrame:
        """The recipes that were compared on fold 9."""
        return self.study.compare_candidates(list(CANDIDATES))

    def selection(self) -> str:
        """The paired difference on fold 9 between both recipes."""
        one = self.study.validation_difference(*CANDIDATES)
        settings, seed = self.study.settings.training[MODEL], self.runs[MODEL][0].metadata["seed"]
        noise = "no more than noise" if one.low <= 0 <= one.high else "more than noise"
        best = self.candidates().set_index("model")["val_auc"].idxmax() == MODEL
        reason = "which has the higher AUC on fold 9" if best else "which does not have the higher AUC in this profile"
        return (
            f"We use the recipe with shifts of up to {settings.max_shift / SAMPLING_RATE:g} s and noise, {reason}: "
            f"with seed {seed}, its AUC differs by {one:+}, {noise}."
        )

    def memorization(self) -> str:
        """The replay's losses and AUC during training, beside the losses that the original shows."""
        history, reported = self.runs[REPLAY][0].history, original.INCEPTION_LOSSES
        best, end = history.loc[history["val_auc"].idxmax()], history.iloc[-1]
        memorizes = end["train_loss"] < end["val_loss"] / 10 and end["val_loss"] > 2 * history["val_loss"].min()
        start = "The replay memorizes its training records: its" if memorizes else "Its"
        return (
            f"{start} loss on them ends at {end['train_loss']:.2g}, while the loss on fold 9 has its minimum of "
            f"{history['val_loss'].min():.2f} after epoch {history['val_loss'].idxmin() + 1} and ends at "
            f"{end['val_loss']:.2f}. The original's page shows {reported['training']:.2g} and about "
            f"{reported['validation']:.1f}. The AUC on fold 9 is highest after epoch {int(best['epoch']) + 1}, at "
            f"{best['val_auc']:.3f}, and ends at {end['val_auc']:.3f} after {plural(len(history), 'epoch')}."
        )

    def roc(self) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, float]]]:
        """ROC curves and AUCs of both first seeds on fold 10, by panel title."""
        panels = {f"{LABELS[name].capitalize()}, fold 10": scores for name, scores in self.scores.items()}
        return roc_panels(self.study, {title: scores.for_fold(TEST_FOLD) for title, scores in panels.items()})

    def procedures(self) -> pd.DataFrame:
        """How the replay and the training done right differ."""
        ours, theirs = (self.study.settings.training[name] for name in (MODEL, REPLAY))
        rows = [
            ("weights kept", "the last", "best AUC on fold 9", "the last ones memorize the training records"),
            (
                "regularization",
                "none",
                f"dropout {ours.dropout:g} before dense layers, weight decay {ours.weight_decay:g}, shifts and noise",
                "hundreds of weights per training record",
            ),
            (
                "learning rate",
                f"{theirs.learning_rate:g}, decays after epoch {theirs.decay_from}",
                f"one cycle up to {ours.learning_rate:g}",
                "needs fewer epochs",
            ),
            ("epochs", f"{theirs.epochs}", f"at most {ours.epochs}, patience {ours.patience}", "less memorization"),
            ("input", "raw millivolts", "mean 0, SD 1 on folds 1 to 8", "scale of the first layer's input"),
        ]
        return pd.DataFrame(rows, columns=["", "replayed", "done right", "why it matters"])

    def conclusion(self) -> str:
        """Replay and training done right on fold 10, the base CNN, and the target."""
        values = {name: mean_auc(self.study, scores, TEST_FOLD) for name, scores in self.scores.items()}
        reported, change = original.REPORTED[MODEL].auc, difference(self.study, self.scores[MODEL], self.scores[REPLAY])
        base = results.read(self.study.paths.results, "base_cnn")["classes"]["macro"]["value"]
        near = abs(values[REPLAY] - reported) <= NEAR
        seeds = plural(len(self.runs[MODEL]), "seed")
        if change.low <= 0:
            cause = "Their difference is no more than noise."
        elif near:
            cause = "Most of what the network seemed to lack was its training."
        else:
            cause = "The training makes a difference."
        return (
            f"The replay gives **{values[REPLAY]:.3f}**, {'close to' if near else 'not close to'} the reported "
            f"{reported:.2f}. Done right, the same network gives **{values[MODEL]:.3f}** (the mean of {seeds}), a "
            f"difference of {change:+} over the seeds that both have. {cause} The base CNN of chapter 2 gives "
            f"{base:.3f}. The target for this chapter was {INCEPTION_CNN_AUC.verdict(values[MODEL])}."
        )
