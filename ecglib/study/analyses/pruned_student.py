"""The student that this study trains, with the original's pruning: a fifth of each layer's weights set to zero.

In come its finished runs; out come scores of every seed whose weights exist, the change of AUC, and a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ecglib.compression import onnx_files
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.study import reporting
from ecglib.study.analyses.comparison import common_seeds, difference, percent, seeds_behind
from ecglib.study.analyses.pruning_replay import SPARSITY, pruned_network
from ecglib.study.measuring import runs_with_weights, scores_of_networks, time_files
from ecglib.study.study import Study
from ecglib.training.runs import Run

STUDENT, PRUNED = "student", "student_pruned_20"


@dataclass(frozen=True)
class PrunedStudent:
    """The student before and after a fifth of each layer's weights is set to zero, without fine-tuning.

    Attributes
    ----------
    runs : the student's, one per seed whose weights exist
    dense_scores, scores : before and after, the same seeds
    """

    study: Study
    runs: list[Run]
    dense_scores: Scores
    scores: Scores

    @cached_property
    def change(self) -> Estimate:
        """AUC on fold 10 after pruning minus that before."""
        return difference(self.study, self.scores, self.dense_scores)

    def conclusion(self) -> str:
        """What pruning changes on fold 10."""
        return (
            f"With {percent(SPARSITY)} of each layer's weights at zero, the AUC on fold 10 changes by "
            f"{self.change:+}, a 95 % interval over {seeds_behind(self.change)}."
        )

    def write(self) -> None:
        """Keep the results; the file and its latency are those of the first seed."""
        folder, networks = (
            self.study.paths.artifacts / "pruning",
            {STUDENT: convnet.from_weights(self.runs[0].weights()), PRUNED: pruned_network(self.runs[0])},
        )
        paths = {name: onnx_files.to_onnx(network, folder / f"{name}.onnx") for name, network in networks.items()}
        reporting.write(
            self.study,
            PRUNED,
            self.scores,
            framework="torch",
            counts=convnet.counts(networks[PRUNED]),
            file_bytes=paths[PRUNED].stat().st_size,
            **time_files(self.study, paths, STUDENT).latency(PRUNED),
            training=self.runs[0].metadata,
            auc_change=self.change.to_dict(),
        )


def prune_student(study: Study) -> PrunedStudent:
    """Prune every seed of the student whose weights exist, and score it on folds 9 and 10.

    Raises
    ------
    InputError : no seed's weights were kept
    """
    runs = runs_with_weights(study, STUDENT)
    scores = scores_of_networks(study, runs, [pruned_network(run) for run in runs])
    _, dense_scores = common_seeds(scores, study.scores(STUDENT))
    return PrunedStudent(study, runs, dense_scores, scores)
