"""AUC against bytes: the compact students of chapter 8 as int8 files.

In come their files and scores; out come tables and the law of AUC against bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks.architectures import COMPACT_NETWORK, CompactShape
from ecglib.study import reporting, results
from ecglib.study.analyses import frontier_files
from ecglib.study.analyses.comparison import difference, mean_auc, seed_aucs
from ecglib.study.analyses.deployment import CalibratedModel, calibrate
from ecglib.study.analyses.frontier_files import CompactModel
from ecglib.study.analyses.frontier_law import Law, fit_law
from ecglib.study.analyses.frontier_recipes import CHAPTER
from ecglib.study.analyses.targets import COMPACT_AUC
from ecglib.study.measuring import Timing, time_files
from ecglib.study.published import SUPERCLASS_AUC
from ecglib.study.study import Study
from ecgpredict.spec import CLASSES

RELEASED = "student_distilled_int8"
OUTSIDE = (RELEASED, "base_cnn_int8")  # models of other chapters in the figure
PUBLISHED = "resnet1d_wang"  # the benchmark's best single network, in the figure as its authors report it
LAW_BLOCK = "plain"  # the kind of block that was trained at every size


@dataclass(frozen=True)
class Frontier:
    """The compact students by name, from the smallest file to the largest.

    Attributes
    ----------
    models : {int8 model: CompactModel}
    timing : of the first seeds' int8 and float32 files, in one session on one thread
    """

    study: Study
    models: Mapping[str, CompactModel]
    timing: Timing

    def label(self, name: str) -> str:
        return self.study.model(name).label

    def is_second_generation(self, name: str) -> bool:
        """Whether compact students are among a model's teachers."""
        training = self.study.settings.training
        teachers = training[self.models[name].source].teachers
        return any(training[teacher].network == COMPACT_NETWORK for teacher in teachers)

    def first_generation(self, shape: CompactShape) -> CompactModel:
        """The model of a shape whose teachers are no compact students."""
        return next(
            one for name, one in self.models.items() if one.shape == shape and not self.is_second_generation(name)
        )

    def costs(self) -> pd.DataFrame:
        """What each model takes: parameters, flash, RAM, arithmetic and time."""
        rows = [
            (
                self.label(name),
                one.params,
                one.footprint.file_bytes,
                one.footprint.arena_bytes,
                one.macs / 1e6,
                self.timing.ms(name),
            )
            for name, one in self.models.items()
        ]
        columns = ["model", "parameters", "file bytes", "arena bytes", "million MACs", "ms per record"]
        return pd.DataFrame(rows, columns=columns)

    def aucs(self) -> pd.DataFrame:
        """AUC as int8 with intervals over patients and seeds, and what rounding changed."""
        rows = [self._auc_row(name) for name in self.models]
        columns = ["model", "seeds", "AUC, fold 9", "AUC, fold 10", "SD over seeds", "minus float32, fold 10"]
        return pd.DataFrame(rows, columns=columns)

    def targets(self) -> pd.DataFrame:
        """The targets by budget, for the kind of block that fold 9 prefers at that budget."""
        rows = []
        for budget, target in COMPACT_AUC.items():
            found = {name: one for name, one in self.models.items() if one.footprint.file_bytes <= budget * 1024}
            if not found:
                continue
            best = max(found, key=lambda name: mean_auc(self.study, found[name].scores, VALIDATION_FOLD))
            value = mean_auc(self.study, found[best].scores, TEST_FOLD)
            rows.append(
                (
                    f"{budget} KB",
                    self.label(best),
                    found[best].footprint.file_bytes,
                    len(found[best].scores.seed),
                    f"{value:.4f}",
                    target.verdict(value),
                )
            )
        return pd.DataFrame(rows, columns=["budget", "best on fold 9", "file bytes", "seeds", "AUC, fold 10", "target"])

    def against_released(self) -> pd.DataFrame:
        """Each model minus the student that chapter 10 releases, both as int8, on the patients of fold 10."""
        released = self.released_scores
        size = results.read(self.study.paths.results, RELEASED)["row"]["file_bytes"]
        rows = [
            (
                self.label(name),
                f"{size / one.footprint.file_bytes:.1f}",
                f"{difference(self.study, one.scores, released):+}",
            )
            for name, one in self.models.items()
        ]
        return pd.DataFrame(rows, columns=["model", "times smaller", "AUC minus the released student's"])

    @cached_property
    def released_scores(self) -> Scores:
        return Scores.load(self.study.paths.results / "scores" / f"{RELEASED}.npz")

    @cached_property
    def law(self) -> Law | None:
        """The law of AUC on fold 10 against bytes, of the first generation's models with plain blocks."""
        fitted = [
            one
            for name, one in self.models.items()
            if one.shape.block == LAW_BLOCK and not self.is_second_generation(name)
        ]
        test = self.study.evaluation_set(TEST_FOLD)
        resampled = [
            np.mean(
                [test.resampling.aucs(test.y_true, score).mean(axis=1) for score in test.y_score(one.scores)], axis=0
            )
            for one in fitted
        ]
        sizes = np.array([one.footprint.file_bytes for one in fitted])
        aucs = np.array([mean_auc(self.study, one.scores, TEST_FOLD) for one in fitted])
        return fit_law(sizes, aucs, np.stack(resampled, axis=1))

    def law_conclusion(self) -> str:
        return self.law.conclusion() if self.law else "In this profile there are too few sizes for a law."

    def points(self) -> pd.DataFrame:
        """For the figure: label, kind, file_bytes, value, low and high of every model, and each seed's AUC."""
        rows = []
        for name, one in self.models.items():
            auc = self.study.evaluation_set(TEST_FOLD).auc(one.scores)
            seeds = seed_aucs(self.study, one.scores, TEST_FOLD)
            kind = f"{one.shape.block} blocks{', second generation' if self.is_second_generation(name) else ''}"
            rows.append((self.label(name), kind, one.footprint.file_bytes, auc.value, auc.low, auc.high, seeds))
        return pd.DataFrame(rows, columns=["label", "kind", "file_bytes", "value", "low", "high", "seeds"])

    def others(self) -> dict[str, tuple[float, float]]:
        """{label: (bytes, AUC on fold 10)} for the figure: other chapters' int8 files and a published network."""
        kept = {name: results.read(self.study.paths.results, name)["row"] for name in OUTSIDE}
        own = {self.label(name): (row["file_bytes"], row["test_auc"]) for name, row in kept.items()}
        params = self.study.run(PUBLISHED).metadata["params"]
        return own | {f"{PUBLISHED}, float32, as published": (4 * params, SUPERCLASS_AUC[PUBLISHED])}

    @cached_property
    def calibrated(self) -> dict[str, CalibratedModel]:
        """Each model's first seed with temperature and thresholds from fold 9."""
        return {name: calibrate(self.study, one.scores) for name, one in self.models.items()}

    def decisions(self) -> pd.DataFrame:
        """Calibration error and, at thresholds from fold 9, sensitivity and specificity, averaged over superclasses."""
        rows = []
        for name, one in self.calibrated.items():
            made = one.calibration.decisions.groupby("measure")["value"].mean()
            ece = one.calibration.ece
            rows.append(
                (self.label(name), ece["before"].value, ece["after"].value, made["sensitivity"], made["specificity"])
            )
        columns = ["model", "ECE before", "ECE after", "sensitivity", "specificity"]
        return pd.DataFrame(rows, columns=columns)

    def write(self) -> None:
        """Keep every model's results."""
        for name, one in self.models.items():
            reporting.write(
                self.study,
                name,
                one.scores,
                framework="litert",
                counts={"params": one.params, "nonzero_params": one.params},
                file_bytes=one.footprint.file_bytes,
                **self.timing.latency(name),
                macs=one.macs,
                footprint=vars(one.footprint),
                shape=one.shape.model_dump(mode="json"),
                thresholds=dict(zip(CLASSES, self.calibrated[name].calibration.thresholds.tolist())),
                temperature=self.calibrated[name].calibration.temperature,
                auc_change=difference(self.study, one.scores, one.float_scores).to_dict(),
            )

    def _auc_row(self, name: str) -> tuple:
        one = self.models[name]
        test: Estimate = self.study.evaluation_set(TEST_FOLD).auc(one.scores)
        seeds = seed_aucs(self.study, one.scores, TEST_FOLD)
        return (
            self.label(name),
            len(seeds),
            f"{mean_auc(self.study, one.scores, VALIDATION_FOLD):.4f}",
            str(test),
            float(np.std(seeds, ddof=1)) if len(seeds) > 1 else None,
            f"{difference(self.study, one.scores, one.float_scores):+}",
        )


def open_frontier(study: Study) -> Frontier:
    """Convert, score and time every compact student of the profile."""
    names = [
        name
        for name, model in study.settings.models.items()
        if model.chapter == CHAPTER and model.has_results and name.endswith("_int8")
    ]
    made = sorted((frontier_files.quantize(study, name) for name in names), key=lambda one: one.footprint.file_bytes)
    models = {one.name: one for one in made}
    paths = {one.name: one.files[0] for one in made} | {one.source: one.float_file for one in made}
    return Frontier(study, models, time_files(study, paths, {one.name: one.source for one in made}))
