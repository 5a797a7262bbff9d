"""Quantization replayed, and what lower precision costs without calibration.

In come the finished replays; out come tables of AUCs and saved bytes, and conclusions as narrow as the trainings were.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import save_file

from ecglib.compression import onnx_files
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores, labels_for
from ecglib.networks import convnet
from ecglib.networks.fake_quantization import strip_fake_quant
from ecglib.study import original, reporting
from ecglib.study.analyses.comparison import mean_auc
from ecglib.study.analyses.quantization_options import TRIED_ON, OptionComparison
from ecglib.study.analyses.training_length import TrainingLength
from ecglib.study.measuring import runs_with_weights, time_files
from ecglib.study.study import Study
from ecglib.training import scoring
from ecglib.training.runs import Run
from ecgpredict import files

REPLAY, RANDOM_SPLIT = "quantization_replay", "quantization_replay_random_split"
DROP = 0.1  # AUC by which the replay may exceed the reported figure and still count as reproducing the drop


@dataclass(frozen=True)
class QuantizationReplay:
    """The original's quantization-aware training from random weights.

    Attributes
    ----------
    run : first seed on PTB-XL's folds
    random_split : first seed on the original's random split with its shifted labels; None if it was not trained
    sizes : {"before training", "after training": bytes of the saved state}
    network : as trained, with rounding in every pass
    """

    study: Study
    run: Run
    random_split: Run | None
    sizes: dict[str, int]
    network: convnet.ECGNet

    @cached_property
    def length(self) -> TrainingLength:
        return TrainingLength.from_run(self.run)

    @property
    def plain_network(self) -> convnet.ECGNet:
        """The network that its file holds: weights rounded once, activations not at all."""
        return strip_fake_quant(self.network)

    def histories(self) -> dict[str, list[pd.DataFrame]]:
        """{training: [history]}, for its curves."""
        found = {"PTB-XL's folds": [self.run.history]}
        return found | ({"random split, shifted labels": [self.random_split.history]} if self.random_split else {})

    def table(self) -> pd.DataFrame:
        """AUC on fold 9 of the best and the last epoch, and bytes before and after training."""
        history = self.run.history
        best, last = history.loc[history["val_auc"].idxmax()], history.iloc[-1]
        rows = [
            (f"{which} epoch", int(row.epoch) + 1, row.val_auc, self.sizes[when])
            for which, row, when in (("best", best, "before training"), ("last", last, "after training"))
        ]
        return pd.DataFrame(rows, columns=["weights of the", "epoch", "AUC, fold 9", "bytes"])

    def conclusion(self) -> str:
        """Whether the reported drop is reproduced, by which training, and how far that reaches."""
        reported = original.REPORTED[REPLAY].auc
        auc = mean_auc(self.study, self.run.scores, VALIDATION_FOLD)
        text = (
            f"The original reports {reported:.3f} on validation records. The last epoch of the replay gives {auc:.3f} "
            f"on fold 9. {self.length.sentence()} "
        )
        if auc - reported <= DROP:
            return f"{text}The drop is reproduced. This holds for one seed and {self.length.scope()}."
        text += (
            "The drop is not reproduced: rounding in every pass, random initial weights and the missing batch "
            f"normalization do not suffice for it. This holds for one seed and {self.length.scope()}."
        )
        if self.random_split is None:
            return f"{text} The original's random split and its shifted labels are not replayed here."
        return f"{text} {self._random_split_conclusion(reported)}"

    def write(self) -> None:
        """Keep the replay's results; its file is the network without the rounding of activations."""
        path = onnx_files.to_onnx(self.plain_network, self.study.paths.artifacts / "quantization" / "replay.onnx")
        details = {"training": self.run.metadata, "bytes": self.sizes}
        if self.random_split:
            details["random_split"] = {
                "auc": self.random_split_auc(VALIDATION_FOLD),
                "training": self.random_split.metadata,
            }
        reporting.write(
            self.study,
            REPLAY,
            self.run.scores,
            framework="torch",
            counts=convnet.counts(self.network),
            file_bytes=path.stat().st_size,
            **time_files(self.study, {REPLAY: path}).latency(REPLAY),
            **details,
        )

    def random_split_auc(self, fold: int) -> float:
        """AUC of the replay on the original's random split: its validation (9) or test (10) records and labels."""
        scores = self.random_split.scores.for_fold(fold)
        data = self.study.data_for(self.study.settings.training[RANDOM_SPLIT])
        return macro_auc(labels_for(scores, data), scores.score[0])

    def _random_split_conclusion(self, reported: float) -> str:
        length, auc = TrainingLength.from_run(self.random_split), self.random_split_auc(VALIDATION_FOLD)
        found = (
            "That reproduces the drop."
            if auc - reported <= DROP
            else "That does not reproduce the drop either: what the project page and the notebooks describe, as "
            "replayed here, does not explain it."
        )
        return (
            "On the original's random split, with labels shifted against their records as in its notebooks, the last "
            f"epoch gives {auc:.3f} on the validation records. {length.sentence()} {found} This holds for "
            f"one seed and {length.scope()}."
        )


def replay_quantization(study: Study) -> QuantizationReplay:
    """Load the finished replays, and measure what their saved networks take."""
    run = runs_with_weights(study, REPLAY)[0]
    untrained = convnet.build("quantization_aware")
    network = convnet.load_weights(convnet.build("quantization_aware"), run.weights())
    folder = study.paths.artifacts / "quantization"
    sizes = {
        when: _saved_bytes(one, folder / "saved.safetensors")
        for when, one in (("before training", untrained), ("after training", network))
    }
    random_split = study.run(RANDOM_SPLIT) if RANDOM_SPLIT in study.settings.training else None
    return QuantizationReplay(study, run, random_split, sizes, network)


def half_precision(study: Study, options: OptionComparison) -> pd.DataFrame:
    """The student with weights and activations of two bytes: format, AUC on folds 9 and 10, bytes."""
    run = runs_with_weights(study, TRIED_ON)[0]
    network, scored = convnet.from_weights(run.weights()), study.data.in_folds(VALIDATION_FOLD, TEST_FOLD)
    with torch.autocast("cpu", torch.bfloat16):
        score = scoring.predict(network, scored, run.normalization)
    path = study.paths.artifacts / "quantization" / "bfloat16.safetensors"
    rows = [
        ("float16 in ONNX Runtime", options.scores["float16"], options.files["float16"].stat().st_size),
        (
            "bfloat16 in torch",
            Scores.from_dataset(scored, run.metadata["seed"], score),
            _saved_bytes(network.to(torch.bfloat16), path),
        ),
    ]
    return pd.DataFrame(
        [
            (name, *(mean_auc(study, scores, fold) for fold in (VALIDATION_FOLD, TEST_FOLD)), size)
            for name, scores, size in rows
        ],
        columns=["format", "AUC, fold 9", "AUC, fold 10", "bytes"],
    )


def _saved_bytes(network: torch.nn.Module, path: Path) -> int:
    """Bytes of a network's state as safetensors."""
    with files.atomic_path(path) as temporary:
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, temporary)
    size = path.stat().st_size
    path.unlink()
    return size
