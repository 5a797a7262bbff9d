"""What chapter 8 concludes from the compact students: how small is enough, and what brought them there.

In comes a :class:`~ecglib.study.analyses.frontier.Frontier`; out come sentences whose numbers are all computed.
"""

from __future__ import annotations

import numpy as np

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.study import results
from ecglib.study.analyses.comparison import difference, mean_auc, plural
from ecglib.study.analyses.frontier import RELEASED, Frontier
from ecglib.study.analyses.frontier_teachers import Panel

PRUNED, LABELS_ONLY = "base_cnn_pruned_channels_75", "compact_trial_labels"
ROUNDING_LOSS = 0.001  # of AUC on fold 9, above which rounding would belong into training


def against_others(students: Frontier, panel: Panel) -> str:
    """The students against the released one and against their teachers."""
    return f"{conclusion(students)} {against_teachers(students, panel)}"


def conclusion(students: Frontier) -> str:
    """The smallest file that beats the released student by more than noise, and how many do."""
    better = [
        name
        for name, one in students.models.items()
        if difference(students.study, one.scores, students.released_scores).low > 0
    ]
    if not better:
        return "No compact student is better than the released one by more than the noise of patients and seeds."
    smallest = students.models[better[0]]
    size = results.read(students.study.paths.results, RELEASED)["row"]["file_bytes"]
    return (
        f"The smallest file that beats the released student's {size:,} bytes by more than the noise of patients "
        f"and seeds is *{students.label(better[0])}* with {smallest.footprint.file_bytes:,} bytes: "
        f"{size / smallest.footprint.file_bytes:.1f} times smaller. {plural(len(better), 'model')} of "
        f"{len(students.models)} beat it so."
    )


def against_teachers(students: Frontier, panel: Panel) -> str:
    """The student that is best on fold 9 against the best single teacher and against all teachers together."""
    name = max(students.models, key=lambda one: mean_auc(students.study, students.models[one].scores, VALIDATION_FOLD))
    single = difference(students.study, students.models[name].scores, panel.scores[panel.best])
    together = difference(students.study, students.models[name].scores, panel.together)
    return (
        f"*{students.label(name)}*, best on fold 9, differs from its best single teacher, "
        f"{students.study.model(panel.best).label}, by {single:+}, and from all of them together by "
        f"{together:+}."
    )


def over_budget(students: Frontier) -> str:
    """Which files are larger than the budget that their names state, and so do not count for it."""
    over = [
        students.label(name)
        for name, one in students.models.items()
        if one.footprint.file_bytes > int(name.split("_")[1]) * 1024
    ]
    if not over:
        return "Every file is within the budget of its name."
    return (
        f"{plural(len(over), 'file')} of {len(students.models)} {'is' if len(over) == 1 else 'are'} slightly larger "
        "than the budget in their names, counted in KB of 1,024 bytes, and do not count for it below: "
        f"{'; '.join(over)}."
    )


def trained_or_pruned(students: Frontier) -> str:
    """The largest compact student against the base CNN without three quarters of its channels."""
    kept = results.read(students.study.paths.results, PRUNED)["row"]
    pruned = Scores.load(students.study.paths.results / "scores" / f"{PRUNED}.npz")
    name = max(students.models, key=lambda one: students.models[one].footprint.file_bytes)
    gain = difference(students.study, students.models[name].scores, pruned)
    verdict = (
        "better by more than noise"
        if gain.low > 0
        else "worse by more than noise"
        if gain.high < 0
        else ("not distinguishable")
    )
    return (
        f"*{students.study.model(PRUNED).label}* of chapter 4 still has {kept['params']:,} parameters, a byte each as "
        f"int8. *{students.label(name)}* with {students.models[name].params:,} parameters differs from it by "
        f"{gain:+} on fold 10, although it is already rounded: {verdict}."
    )


def decisions(students: Frontier) -> str:
    """How sensitivity, specificity and calibration differ between the smallest and the largest file."""
    table = students.decisions().set_index("model")
    small, large = table.iloc[0], table.iloc[-1]
    worst = table["ECE after"].max()
    return (
        f"From the smallest file to the largest, sensitivity goes from {small['sensitivity']:.3f} to "
        f"{large['sensitivity']:.3f} and specificity from {small['specificity']:.3f} to {large['specificity']:.3f}. "
        f"After temperature scaling no calibration error is above {np.ceil(1e3 * worst) / 1e3:.3f}."
    )


def rounding(students: Frontier) -> str:
    """Whether any model loses so much by rounding after training that rounding in training would be worth a try."""
    lossy = [
        students.label(name)
        for name, one in students.models.items()
        if difference(students.study, one.scores, one.float_scores, VALIDATION_FOLD).value < -ROUNDING_LOSS
    ]
    if not lossy:
        return (
            f"No model loses more than {ROUNDING_LOSS:g} on fold 9 by rounding after training, so that none is trained "
            "with rounding."
        )
    return (
        f"Rounding after training costs more than {ROUNDING_LOSS:g} on fold 9: {', '.join(lossy)}. Training with "
        "rounding might help there; it was not tried."
    )


def distilled_or_not(students: Frontier) -> str:
    """The trial without teachers against the same network and seed with them, in float32."""
    training = students.study.settings.training
    trial = students.study.run(LABELS_ONLY).scores
    source = students.first_generation(training[LABELS_ONLY].shape).source
    taught = students.study.run(source).scores
    on_9, on_10 = (difference(students.study, taught, trial, fold) for fold in (VALIDATION_FOLD, TEST_FOLD))
    return (
        f"The same network, epochs and crops without teachers (one seed): the teachers change the AUC by "
        f"{on_9:+} on fold 9 and {on_10:+} on fold 10."
    )


def lessons(students: Frontier, panel: Panel) -> str:
    """What the chapter's figures say in short, computed."""
    met, of_teachers, rows = students.targets(), panel.targets_met(), []
    reached = int(met["target"].str.endswith("met").sum())
    rows.append(
        f"{reached} of the students' {plural(len(met), 'target')} and {sum(of_teachers)} of their teachers' "
        f"{len(of_teachers)} are met."
    )
    lost = max(abs(difference(students.study, one.scores, one.float_scores).value) for one in students.models.values())
    rows.append(
        f"Rounding to int8 after training changes no AUC on fold 10 by more than {np.ceil(1e4 * lost) / 1e4:.4f}."
    )
    sizes = [one.footprint.file_bytes for one in students.models.values()]
    aucs = [mean_auc(students.study, one.scores, TEST_FOLD) for one in students.models.values()]
    rows.append(
        f"From {min(sizes):,} to {max(sizes):,} bytes, {max(sizes) / min(sizes):.0f} times as many, the AUC on "
        f"fold 10 goes from {aucs[int(np.argmin(sizes))]:.4f} to {aucs[int(np.argmax(sizes))]:.4f}."
    )
    return "\n".join(f"- {row}" for row in rows)
