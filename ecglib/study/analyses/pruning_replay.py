"""The original's pruned networks, replayed: two losses, a fifth of the weights set to zero, and what files then hold.

In come the finished replays of both losses; out come scores, tables of AUCs and of saved bytes, and conclusions.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
import torch

from ecglib.compression import onnx_files, pruning
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.study import original, reporting
from ecglib.study.analyses.comparison import difference, mean_auc, seeds_behind
from ecglib.study.analyses.training_length import TrainingLength, at_equal_length
from ecglib.study.measuring import runs_with_weights, scores_of_networks, time_calls, time_files
from ecglib.study.study import Study
from ecglib.training.runs import Run
from ecgpredict.spec import LEADS, N_SAMPLES

REPLAYS = {"two sigmoids": "pruning_replay", "one sigmoid": "pruning_replay_corrected"}
SPARSITY = 0.2  # the original's, of each layer
ORIGINAL, CORRECTED = REPLAYS
DROP = 0.1  # AUC by which a replay may exceed the reported figure and still count as reproducing it
DENSE, PRUNED = "as trained", "20 % pruned"


@dataclass(frozen=True)
class LossReplays:
    """The same network trained with both losses, and a fifth of each layer's weights set to zero.

    Attributes
    ----------
    runs : {loss: finished runs, one per seed}
    scores : {(loss, "as trained" or "20 % pruned"): Scores}
    """

    study: Study
    runs: dict[str, list[Run]]
    scores: dict[tuple[str, str], Scores]

    @cached_property
    def lengths(self) -> dict[str, TrainingLength]:
        """How long the first seed's training ran, for each loss."""
        return {loss: TrainingLength.from_run(runs[0]) for loss, runs in self.runs.items()}

    @cached_property
    def loss_change(self) -> Estimate:
        """AUC on fold 10 with the second sigmoid minus that without it."""
        return difference(self.study, self.scores[ORIGINAL, DENSE], self.scores[CORRECTED, DENSE])

    @cached_property
    def pruning_change(self) -> dict[str, Estimate]:
        """{loss: AUC on fold 10 of the pruned network minus that of the dense one}."""
        return {loss: difference(self.study, self.scores[loss, PRUNED], self.scores[loss, DENSE]) for loss in self.runs}

    def histories(self) -> dict[str, list[pd.DataFrame]]:
        """{loss: history of each seed}."""
        return {loss: [run.history for run in runs] for loss, runs in self.runs.items()}

    def table(self) -> pd.DataFrame:
        """One row per loss and state of the network."""
        rows = [
            (loss, state, *(mean_auc(self.study, scores, fold) for fold in (VALIDATION_FOLD, TEST_FOLD)))
            for (loss, state), scores in self.scores.items()
        ]
        return pd.DataFrame(rows, columns=["loss", "network", "AUC, fold 9", "AUC, fold 10"])

    def training_lengths(self) -> str:
        """How long both trainings ran, and what both reach after equally many epochs."""
        lengths = " ".join(length.sentence(f"The training with {loss}") for loss, length in self.lengths.items())
        if len(epochs := {length.epochs for length in self.lengths.values()}) == 1:
            return f"{lengths} Both losses had the same number of epochs, {epochs.pop()}."
        histories = {f"with {loss}": runs[0].history for loss, runs in self.runs.items()}
        return (
            f"{lengths} The numbers of epochs differ, because the last weights are kept wherever a training ends. "
            f"{at_equal_length(histories)}"
        )

    def conclusion(self) -> str:
        """What the loss and what pruning changes on fold 10, beside the reported figures."""
        replayed = mean_auc(self.study, self.scores[ORIGINAL, PRUNED], VALIDATION_FOLD)
        lowest = min(run.history["train_loss"].min() for run in self.runs[ORIGINAL])
        return (
            f"On fold 10, with 95 % intervals over {seeds_behind(self.loss_change)}: the second sigmoid changes "
            f"the AUC by {_points(self.loss_change)}. Pruning a fifth of the weights changes it by "
            f"{_points(self.pruning_change[ORIGINAL])} after that loss and by "
            f"{_points(self.pruning_change[CORRECTED])} after the corrected one. The training loss with two sigmoids "
            f"never falls below {lowest:.2f}; the original's stayed near {original.PRUNING_LOSS:.2f}. The original "
            f"reports {original.REPORTED['base_cnn_pruning_replay'].auc:.3f}, on fold 9, where the replay gives "
            f"{replayed:.3f}."
        )


@dataclass(frozen=True)
class PrunedAndQuantized:
    """The pruned network with weights and masks saved together, after torch's dynamic quantization.

    Attributes
    ----------
    scores : Scores of the first seed
    file_bytes : {state of the network: bytes that torch saves}
    layers : one row per kind of layer that holds weights: layer, number format, weights
    networks : {"float32" and "quantized": network}, for their latency
    """

    study: Study
    scores: Scores
    file_bytes: dict[str, int]
    layers: pd.DataFrame
    networks: dict[str, torch.nn.Module]
    change: Estimate

    @property
    def bytes(self) -> int:
        """Bytes of what the original saved: masks, weights and the quantized linear layer."""
        return list(self.file_bytes.values())[-1]

    def sizes(self) -> pd.DataFrame:
        """Bytes saved in each state of the network."""
        rows = [(name, size, size / 1e6) for name, size in self.file_bytes.items()]
        return pd.DataFrame(rows, columns=["what is saved", "bytes", "MB"])

    def conclusion(self) -> str:
        """What quantization reached, and what the AUC is beside the reported one."""
        reported = original.REPORTED["pruned_quantized_replay"]
        weights = self.layers.set_index("format")["weights"]
        auc, masked = mean_auc(self.study, self.scores, TEST_FOLD), self.file_bytes[_MASKED]
        text = (
            f"Dynamic quantization turns {weights.get('int8', 0):,} of {weights.sum():,} weights to integers, those "
            f"of the linear layer, and leaves every convolution in float32: the file takes {self.bytes / 1e6:.2f} MB, "
            f"and {masked / 1e6:.2f} MB before. The original reports {reported.weights_mb:.2f} MB. Without the masks "
            f"it would take {self.file_bytes[_PERMANENT] / 1e6:.2f} MB. On fold 10 the network reaches {auc:.3f}; that "
            f"differs by {_points(self.change)} from the same network before quantization. The original's final report "
            f"gives {reported.auc:.3f}, from a cell that scores a network other than the one it built"
        )
        return f"{text}; the replay does not reproduce that value." if auc - reported.auc > DROP else f"{text}."


_MASKED = "20 % pruned, masks beside the weights"
_PERMANENT = "20 % pruned, masks made permanent"


def replay_losses(study: Study) -> LossReplays:
    """Both trainings, scored as trained and with a fifth of each layer's weights set to zero."""
    runs = {loss: runs_with_weights(study, model) for loss, model in REPLAYS.items()}
    scores = {}
    for loss, each in runs.items():
        scores[loss, DENSE] = scores_of_networks(study, each, [convnet.from_weights(run.weights()) for run in each])
        scores[loss, PRUNED] = scores_of_networks(study, each, [pruned_network(run) for run in each])
    return LossReplays(study, runs, scores)


def pruned_network(run: Run) -> convnet.ECGNet:
    """A run's network with a fifth of each layer's weights set to zero."""
    return pruning.l1_per_layer(convnet.from_weights(run.weights()), SPARSITY)


def replay_pruned_and_quantized(study: Study) -> PrunedAndQuantized:
    """The original's network that is pruned and quantized, from the first seed of its training with two sigmoids."""
    run = runs_with_weights(study, REPLAYS[ORIGINAL])[0]
    dense = convnet.from_weights(run.weights())
    masked = pruning.l1_per_layer(dense, SPARSITY, permanent=False)
    quantized = pruning.quantize_linear_layers(masked)
    states = {
        "as trained": dense,
        _MASKED: masked,
        _PERMANENT: pruned_network(run),
        "20 % pruned, masks beside the weights, then quantized": quantized,
    }
    score = {
        name: scores_of_networks(study, [run], [one])
        for name, one in (("pruned", states[_PERMANENT]), ("quantized", quantized))
    }
    return PrunedAndQuantized(
        study,
        score["quantized"],
        {name: _saved_bytes(one) for name, one in states.items()},
        pruning.weight_formats(quantized),
        {"float32": states[_PERMANENT], "quantized": quantized},
        difference(study, score["quantized"], score["pruned"]),
    )


def write(study: Study, replays: LossReplays, quantized: PrunedAndQuantized) -> None:
    """Keep the results of both replays; the pruned network's latency is compared with that of the dense one."""
    folder, run = study.paths.artifacts / "pruning", replays.runs[ORIGINAL][0]
    pruned = pruned_network(run)
    networks = {DENSE: convnet.from_weights(run.weights()), PRUNED: pruned}
    paths = {state: onnx_files.to_onnx(one, folder / f"{state}, {ORIGINAL}.onnx") for state, one in networks.items()}
    reporting.write(
        study,
        "base_cnn_pruning_replay",
        replays.scores[ORIGINAL, PRUNED],
        framework="torch",
        counts=convnet.counts(pruned),
        file_bytes=paths[PRUNED].stat().st_size,
        **time_files(study, paths, DENSE).latency(PRUNED),
        training=run.metadata,
        loss_change=replays.loss_change.to_dict(),
        pruning_change=replays.pruning_change[ORIGINAL].to_dict(),
    )
    network = quantized.networks["float32"]
    torch_timing = time_calls(study, {name: forward_call(one) for name, one in quantized.networks.items()}, "float32")
    reporting.write(
        study,
        "pruned_quantized_replay",
        quantized.scores,
        framework="torch",
        counts=convnet.counts(network),
        file_bytes=quantized.bytes,
        **torch_timing.latency("quantized"),
        bytes=quantized.file_bytes,
        change=quantized.change.to_dict(),
    )


def forward_call(network: torch.nn.Module) -> partial:
    """A call that runs a network on one record, to be timed."""
    record = torch.from_numpy(np.random.default_rng(0).standard_normal((1, len(LEADS), N_SAMPLES)).astype(np.float32))
    return partial(torch.inference_mode()(network.eval().forward), record)


def _saved_bytes(network: torch.nn.Module) -> int:
    """Bytes that torch saves of a network's state."""
    saved = io.BytesIO()
    torch.save(network.state_dict(), saved)
    return saved.tell()


def _points(estimate: Estimate) -> str:
    return (
        f"{100 * estimate.value:+.2f} points\u00a0({100 * estimate.low:+.2f}\u00a0to\u00a0{100 * estimate.high:+.2f})"
    )
