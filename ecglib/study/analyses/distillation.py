"""Distillation replayed, and students with and without teachers.

In come finished runs; out come tables, paired differences and verdicts. Settings are compared on fold 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.study import original, reporting
from ecglib.study.analyses import targets
from ecglib.study.analyses.comparison import difference, mean_auc, plural, seed_aucs, seeds_behind
from ecglib.study.analyses.int8 import Int8Models
from ecglib.study.analyses.training_length import TrainingLength, at_equal_length
from ecglib.study.study import Study
from ecglib.training.runs import Run

# chapter 4's training with one sigmoid, before anything is pruned, is the same student without the teacher
REPLAYS = {"with an untrained teacher": "distillation_replay", "without a teacher": "pruning_replay_corrected"}
WITH, WITHOUT = REPLAYS
STUDENT, DISTILLED, INT8 = "student", "student_distilled", "student_distilled_int8"


@dataclass(frozen=True)
class DistillationReplay:
    """The student trained with the original's untrained teacher, and without it.

    Attributes
    ----------
    runs : {which: finished runs, one per seed}
    gain : AUC on fold 10 with the teacher minus without
    """

    study: Study
    runs: dict[str, list[Run]]
    gain: Estimate

    @cached_property
    def scores(self) -> dict[str, Scores]:
        return {which: self.study.scores(model) for which, model in REPLAYS.items()}

    def histories(self) -> dict[str, list[pd.DataFrame]]:
        """{which: history of each seed}."""
        return {which: [run.history for run in runs] for which, runs in self.runs.items()}

    def conclusion(self) -> str:
        """What the untrained teacher changes, beside the reported gain, and how long both trainings ran."""
        reported = original.REPORTED["distillation_replay"].auc - original.REPORTED["student"].auc
        lengths = {which: TrainingLength.from_run(runs[0]) for which, runs in self.runs.items()}
        ran = " ".join(length.sentence(f"The training {which}") for which, length in lengths.items())
        return (
            f"On fold 10 the untrained teacher changes the AUC of the student by {self.gain:+}, with the 95 % "
            f"interval over {seeds_behind(self.gain)}. The original reports {reported:+.3f}, from one split and "
            f"one seed. {self._verdict(list(lengths.values()))} {ran}"
        )

    def _verdict(self, lengths: list[TrainingLength]) -> str:
        """What the difference says of the teacher: nothing if one training was cut shorter than the other."""
        cut = [length for length in lengths if not length.stopped_early]
        as_long = ""
        if len({length.epochs for length in lengths}) > 1:
            as_long = at_equal_length({which: runs[0].history for which, runs in self.runs.items()})
        if cut and as_long:
            return (
                "But one of the trainings was cut and the other ran longer, so that this difference says nothing about "
                f"the teacher. {as_long}"
            )
        if self.gain.low <= 0 <= self.gain.high:
            verdict = "The interval contains zero: we find no effect of an untrained teacher."
        else:
            seeds = plural(min(len(runs) for runs in self.runs.values()), "seed")
            verdict = (
                f"On these records the student is {'better' if self.gain.low > 0 else 'worse'} with it; whether the "
                f"teacher or chance in training brought that about, {seeds} cannot tell."
            )
        limits = "Longer trainings may end differently." if cut else ""
        return " ".join(part for part in (verdict, limits, as_long) if part)

    def write(self, quantized: Int8Models) -> None:
        """Keep the results of both replays; their graph is that of the students, timed with their int8 file."""
        for model, which in (("distillation_replay", WITH), ("student_replay", WITHOUT)):
            _write(self.study, model, self.scores[which], self.runs[which][0], quantized)


@dataclass(frozen=True)
class Students:
    """The student with and without trained teachers, with equal budgets and equal seeds.

    Attributes
    ----------
    scores : {"student" and "student_distilled": Scores of every seed}
    gain : AUC on fold 10 with teachers minus without
    """

    study: Study
    scores: dict[str, Scores]
    gain: Estimate

    @cached_property
    def per_seed(self) -> pd.DataFrame:
        """model (label), seed, val_auc, test_auc."""
        parts = [
            pd.DataFrame(
                {
                    "model": self.study.model(name).label,
                    "seed": scores.seed,
                    "val_auc": seed_aucs(self.study, scores, VALIDATION_FOLD),
                    "test_auc": seed_aucs(self.study, scores, TEST_FOLD),
                }
            )
            for name, scores in self.scores.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def spread(self) -> pd.DataFrame:
        """Mean and SD over seeds of both students on both folds."""
        table = self.per_seed.groupby("model", sort=False)[["val_auc", "test_auc"]].agg(["mean", "std"])
        table.columns = ["mean, fold 9", "SD, fold 9", "mean, fold 10", "SD, fold 10"]
        return table.reset_index()

    @property
    def seeds_better(self) -> int:
        """How many seeds have a higher AUC on fold 10 with teachers."""
        with_teachers, without = (seed_aucs(self.study, self.scores[name], TEST_FOLD) for name in (DISTILLED, STUDENT))
        return int(np.sum(np.array(with_teachers) > np.array(without)))

    def verdict(self) -> str:
        """Whether teachers help, by the interval that holds records and seeds."""
        if self.gain.low > 0:
            return "the teachers help by more than the noise of records and seeds"
        if self.gain.high < 0:
            return "the teachers harm by more than the noise of records and seeds"
        return "what the teachers change is indistinguishable from noise"

    def conclusion(self) -> str:
        """The difference on fold 10, with its interval and the seeds behind it."""
        count = len(self.scores[STUDENT].seed)
        return (
            f"On fold 10 the AUC of the distilled students differs from that of the others by {self.gain:+}, "
            f"with a 95 % interval over {seeds_behind(self.gain)}. {self.seeds_better} of {plural(count, 'seed')} "
            f"{'is' if self.seeds_better == 1 else 'are'} better with teachers. In short: **{self.verdict()}**."
        )

    def write(self, sizes: pd.Series, quantized: Int8Models) -> None:
        """Keep the results of both students; `sizes` are those of :func:`ecglib.networks.convnet.size_table`."""
        runs = {name: self.study.run(name) for name in self.scores}
        _write(self.study, STUDENT, self.scores[STUDENT], runs[STUDENT], quantized, sizes_mb=sizes.to_dict())
        _write(
            self.study,
            DISTILLED,
            self.scores[DISTILLED],
            runs[DISTILLED],
            quantized,
            auc_change=self.gain.to_dict(),
            seeds_better=self.seeds_better,
            verdict=self.verdict(),
        )


def replay_distillation(study: Study) -> DistillationReplay:
    """Load both replays and compare them on fold 10."""
    gain = difference(study, study.scores(REPLAYS[WITH]), study.scores(REPLAYS[WITHOUT]))
    return DistillationReplay(study, {which: study.runs(model) for which, model in REPLAYS.items()}, gain)


def compare_students(study: Study) -> Students:
    """Load both students and compare them on fold 10."""
    scores = {name: study.scores(name) for name in (STUDENT, DISTILLED)}
    return Students(study, scores, difference(study, scores[DISTILLED], scores[STUDENT]))


def teacher_aucs(study: Study) -> pd.DataFrame:
    """Macro AUCs of every teacher that was tried: its seeds averaged, its ensemble, and the ensemble of all.

    Returns
    -------
    DataFrame with teachers, AUC on fold 9, AUC on fold 10; the last row is of all teachers together
    """
    names = dict.fromkeys(name for settings in study.settings.training.values() for name in settings.teachers)
    teachers = {name: Scores.stack_seeds([run.scores for run in study.teacher_runs(name)]) for name in names}
    rows = {}
    for name, scores in teachers.items():
        label, count = study.model(name).label, len(scores.seed)
        rows[f"{label}, mean of {plural(count, 'seed')}"] = scores
        rows[f"{label}, ensemble of {count}"] = scores.ensemble()
    rows["all, one ensemble"] = Scores.stack_seeds(list(teachers.values())).ensemble()
    return pd.DataFrame(
        [
            (name, *(mean_auc(study, scores, fold) for fold in (VALIDATION_FOLD, TEST_FOLD)))
            for name, scores in rows.items()
        ],
        columns=["teachers", "AUC, fold 9", "AUC, fold 10"],
    )


def parameters_sentence(sizes: pd.Series) -> str:
    """The student's number of parameters beside the reported one, and what the project page repeats below its table."""
    teacher = original.REPORTED["base_cnn"].params
    return (
        f"**{int(sizes['params']):,} parameters**; reported: {original.REPORTED['student'].params:,}. Below the "
        f"student's table the project page repeats the sizes of the teacher: {teacher:,} parameters and "
        f"{original.SIZES_MB['base_cnn']['total_mb']:.2f} MB."
    )


def target_conclusion(study: Study, teachers: pd.DataFrame, quantized: Int8Models) -> str:
    """AUCs on fold 10 and the int8 file, against the targets."""
    scores = {name: study.scores(name) for name in ("base_cnn", DISTILLED)}
    base, distilled = (mean_auc(study, one, TEST_FOLD) for one in scores.values())
    seeds = plural(len(scores["base_cnn"].seed), "seed")
    together = float(teachers["AUC, fold 10"].iloc[-1])
    size, change = quantized[INT8].file_bytes, quantized.gates[INT8].auc_change
    return (
        f"On fold 10 the AUC of the base CNN, {seeds}, is {base:.3f} (target: {targets.BASE_CNN_AUC.verdict(base)}), "
        f"of all teachers as one ensemble {together:.3f} ({targets.TEACHERS_AUC.verdict(together)}), "
        f"of the distilled student "
        f"{distilled:.3f} ({targets.STUDENT_AUC.verdict(distilled)}). As int8 it takes {size / 1e6:.2f} MB "
        f"({targets.STUDENT_INT8_BYTES.verdict(size)}), and its AUC on fold 9 changes by {change:+} "
        f"({targets.STUDENT_INT8_AUC_CHANGE.verdict(change.value)})."
    )


def _write(study: Study, model: str, scores: Scores, run: Run, quantized: Int8Models, **details) -> None:
    reporting.write(
        study,
        model,
        scores,
        framework="torch",
        counts=run.metadata,
        file_bytes=quantized[INT8].float_files[0].stat().st_size,
        latency_ms=quantized.float_latency_ms(INT8),
        latency_vs_float32=1.0,
        training=run.metadata,
        **details,
    )
