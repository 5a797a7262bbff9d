# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. Distillation
#
# **Question.** The original study trained its small CNN twice and reports an AUC of 0.938 with a teacher, 0.928 without
# one. Can a large network teach a small one anything that the labels do not, and is it more than noise?
#
# **Prerequisites.** The networks of chapters [2](02_base_cnn.ipynb) and [3](03_inception_cnn.ipynb). With finished trainings at hand
# the chapter takes a few minutes; its own trainings take hours on two cores.
#
# A label is yes or no. A network that was trained on labels answers with more shades: this recording is almost certainly
# one thing, and possibly another. In knowledge distillation {cite:p}`hinton2015` a small network, the *student*, learns
# from the probabilities of a large one, its *teacher*, besides the labels. Here the student is the small CNN of
# [chapter 2](02_base_cnn.ipynb), and its teacher is the base CNN, which has twelve times as many parameters.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from ecglib.book import plots, tables
from ecglib.book.alt_text import set_alt_text
from ecglib.book.plots.style import PAGE_WIDTH
from ecglib.book.prose import introduce, say
from ecglib.data.folds import TRAIN_FOLDS
from ecglib.evaluation import calibration
from ecglib.evaluation.bootstrap import EQUIVALENCE_MARGIN, combined
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.study import int8, original, reporting
from ecglib.study.study import open_study
from ecglib.training.runs import processor
from ecgpredict.spec import CLASSES

plots.style()
study = open_study(profile)
validation, test = study.evaluation_set(9), study.evaluation_set(10)
introduce(study)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Distillation. The trained teacher answers first and does not change any more; the student learns from its answers and from the labels.", "name": "fig-distillation-scheme"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.6))
small, large = (
    sum(p.numel() for p in convnet.build(name).parameters())
    for name in ("student", "base_cnn")
)
boxes = {
    "record": (0.08, 0.5, "recording\n12 leads", "white"),
    "teacher": (
        0.37,
        0.84,
        f"teacher: base CNN\n{large / 1e6:.1f} million parameters\ntrained before, frozen",
        "#cfe8f7",
    ),
    "student": (
        0.37,
        0.5,
        f"student: small CNN\n{small / 1e6:.1f} million parameters",
        "#56B4E9",
    ),
    "labels": (0.37, 0.16, "labels of PTB-XL", "white"),
    "soft": (0.72, 0.84, "soft labels\nbetween 0 and 1", "#eeeeee"),
    "answer": (0.72, 0.5, "student's\nprobabilities", "#eeeeee"),
    "hard": (0.72, 0.16, "hard labels\n0 or 1", "#eeeeee"),
    "loss": (0.94, 0.5, "loss", "#E69F00"),
}
drawn = {}
for name, (x, y, text, color) in boxes.items():
    box = {
        "boxstyle": "round,pad=0.5",
        "facecolor": color,
        "edgecolor": "#555555",
        "linewidth": 0.6,
    }
    text = axis.text(
        x, y, text, ha="center", va="center", fontsize=11, color="black", bbox=box
    )
    drawn[name] = text.get_bbox_patch()
for path in (
    "record teacher soft loss",
    "record student answer loss",
    "labels hard loss",
):
    for start, end in pairwise(path.split()):
        arrow = {
            "arrowstyle": "-|>",
            "color": "#777777",
            "patchA": drawn[start],
            "patchB": drawn[end],
            "shrinkA": 2,
        }
        axis.annotate(
            "", boxes[end][:2], boxes[start][:2], arrowprops=arrow | {"shrinkB": 2}
        )
axis.set(xlim=(0, 1), ylim=(0, 1))
axis.axis("off")
text = "A recording enters teacher and student; soft labels, hard labels and the student's answer meet in the loss."
figure = set_alt_text(figure, text)

# %% [markdown]
# ## Soft labels
#
# A *temperature* $T$ makes a teacher's probabilities softer: its logits are divided by $T$ before the sigmoid.


# %%
def soften(probability, temperature):
    """Probabilities whose logits are divided by the temperature."""
    return torch.sigmoid(torch.logit(probability, eps=1e-6) / temperature)


base_runs = study.teacher_runs("base_cnn")
base_cnns = Scores.stack_seeds([run.scores for run in base_runs])
ids = validation.ecg_id.tolist()
record = ids.index(9908) if 9908 in ids else 0  # of fold 9, not trained on


def answer(scores):
    """The first seed's probabilities of this record."""
    return torch.from_numpy(validation.y_score(scores)[0, record])


answers = pd.DataFrame(
    {
        "hard label": validation.y_true[record].astype(float),
        "teacher": answer(base_cnns.ensemble()),
        "teacher, T = 4": soften(answer(base_cnns.ensemble()), 4),
        "student": answer(study.scores("student_distilled")),
    },
    index=CLASSES,
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "One recording of fold 9: its hard labels, what three base CNNs answer on average, the same at temperature 4, and what the student answers after its training. The label knows one superclass; teacher and student see two or three.", "name": "fig-soft-labels"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3))
marks = dict(
    zip(answers, (("s", "black"), ("o", "#0072B2"), ("D", "#56B4E9"), ("^", "#D55E00")))
)
for offset, (column, (marker, color)) in zip((-0.24, -0.08, 0.08, 0.24), marks.items()):
    axis.plot(
        answers[column],
        np.arange(len(CLASSES)) + offset,
        marker,
        color=color,
        label=column,
        markersize=7,
    )
axis.set_yticks(range(len(CLASSES)), CLASSES)
axis.set(
    xlabel="probability (hard label: 0 or 1)",
    xlim=(-0.04, 1.04),
    ylim=(len(CLASSES) - 0.5, -0.5),
)
axis.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
listed = "; ".join(
    f"{name}: " + ", ".join(f"{column} {value:.2f}" for column, value in row.items())
    for name, row in answers.iterrows()
)
figure = set_alt_text(figure, f"Labels and probabilities of one recording. {listed}.")

# %% tags=["remove-input"]
say(f"""
PTB-XL labels this recording STTC and nothing else. The report that came with it says more: an abnormal course of QRS and
T, ST-T depression, and *damage to the front of the heart cannot be ruled out*. The teacher, which has neither read the
report nor seen the recording before, gives STTC {answers.loc["STTC", "teacher"]:.2f} and MI
{answers.loc["MI", "teacher"]:.2f}. A hard label calls the second number an error; a soft label hands it on as something
worth knowing. At temperature 4 all five come closer to one half, so that the small ones count as well: it makes a
difference to the student whether CD or NORM is the less likely of the two. Their order stays, and with it every AUC.
(A network's answer is no diagnosis; nothing in this book is a medical device.)
""")

# %% [markdown]
# ## The loss
#
# Each superclass is a yes-or-no question of its own, so that both parts of the loss are binary cross-entropies:
#
# $$ L = w \, \mathrm{BCE}(z, y) + (1 - w) \, T^2 \, \mathrm{BCE}\bigl(z / T, \sigma(t / T)\bigr) $$
#
# with the student's logits $z$, the labels $y$ and the teacher's logits $t$. The weight $w$ says how much the labels
# count. Gradients of the second part shrink with the square of the temperature, which the factor $T^2$ makes up for.

# %%
temperature, label_weight = 4.0, 0.5


def distillation_loss(logits, hard, soft, temperature, label_weight):
    """The loss with labels, and with soft labels of the same temperature."""
    with_labels = F.binary_cross_entropy_with_logits(logits, hard)
    with_teacher = F.binary_cross_entropy_with_logits(logits / temperature, soft)
    soft_weight = (1 - label_weight) * temperature**2
    return label_weight * with_labels + soft_weight * with_teacher


# %% [markdown]
# One batch is enough to see it work. The teacher answers once, before the student begins, and from the whole recordings;
# the student sees a random stretch of five seconds. The loss cannot reach zero: soft labels near one half keep an entropy
# of their own.

# %%
torch.manual_seed(0)
run = study.run("base_cnn")
teacher = study.network(run).eval()
student = convnet.build("student", dropout=0.1).train()
optimizer = torch.optim.AdamW(student.parameters(), lr=3e-3, weight_decay=0.01)

batch = study.data.in_folds(*TRAIN_FOLDS).sample(32, seed=0)
normalized = run.normalization(batch.millivolts(slice(None)))
x = torch.from_numpy(normalized).transpose(1, 2)  # (records, leads, samples)
hard = torch.from_numpy(batch.labels)
with torch.no_grad():
    soft = soften(teacher(x), temperature)

losses = []
for _ in range(10):
    start = torch.randint(0, 501, ()).item()
    logits = student.logits(x[:, :, start : start + 500])
    loss = distillation_loss(logits, hard, soft, temperature, label_weight)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"loss in the first step {losses[0]:.2f}, in the tenth {losses[-1]:.2f}")

# %% [markdown]
# The study's training is the same at length: 12 epochs over folds 1 to 8 in batches of 128, a learning rate that rises to
# 0.003 and falls again, three teachers whose probabilities are averaged, and a stretch of its own for each recording. Then
# the batch normalization's statistics are estimated anew, as in [chapter 2](02_base_cnn.ipynb).
#
# ## Replayed: a teacher that knows nothing
#
# ````{admonition} Spot the bug: an untrained teacher
# :class: tip
# In the original the teacher was made in the loop over the folds:
#
# ```python
# teacher = BaseCNN()                    # random weights, for each fold anew
# with torch.no_grad():
#     soft = teacher(x)                  # never trained, and dropout is on
# ```
#
# `no_grad` keeps a teacher from learning, as it should, but this one has learned nothing before. What was meant:
#
# ```python
# teacher = BaseCNN()
# teacher.load_state_dict(trained_weights)
# teacher.eval()
# with torch.no_grad():
#     soft = teacher(x)
# ```
# ````
#
# The student learned from this teacher with three terms, at temperature 1,
#
# $$ L = L_\mathrm{BCE} + 0.3 \, L_\mathrm{CE} + 0.7 \, L_\mathrm{KL} $$
#
# and the last two took the five *probabilities* for the logits of one softmax. A softmax of numbers between 0 and 1 is
# never far from one fifth each: no share can exceed $e / (e + 4) \approx 0.40$. Such terms could push the student a little
# towards equal answers, and not much else.
#
# No error message gives any of this away: an untrained teacher returns five numbers between 0 and 1 like any other.

# %%
probe = study.data.in_folds(9).sample(200, seed=0)
untrained = convnet.build("base_cnn").train()  # in training mode, as it was
signals = torch.from_numpy(probe.millivolts(slice(None))).transpose(1, 2)
with torch.no_grad():
    says = untrained(signals).numpy()
untrained_auc = macro_auc(probe.labels > 0, says)

# %% tags=["remove-input"]
study.claim("06.an_untrained_teacher_guesses", untrained_auc - 0.5, within=0.05)
say(f"""
The macro AUC of these numbers on {len(probe)} records of fold 9 is {untrained_auc:.2f}: a guess.
""")

# %% [markdown]
# We trained the student that way once, and once without the teacher: Adam at 0.001, batches of 64, raw millivolts, early
# stopping after five epochs without a better AUC on fold 9, and the weights of the last epoch, as the original did.
#
# :::{admonition} Predict first
# :class: predict
# How good does a student of this teacher become?
#
# - it guesses, like its teacher
# - clearly worse than without one
# - nearly as good as without one
# - better than without one
# :::

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC on fold 9 while the student trains with the untrained teacher and without any. Early stopping (dots: the best epochs) ended one training long before the other.", "name": "fig-untrained-teacher"}}
replays = {
    "untrained teacher": study.run("distillation_replay"),
    "no teacher": study.run("pruning_replay_corrected"),
}
histories = {name: replay.history for name, replay in replays.items()}
common = min(map(len, histories.values()))
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3))
for (name, history), color in zip(histories.items(), ("#D55E00", "#0072B2")):
    best = history.loc[history["val_auc"].idxmax()]
    axis.plot(history["epoch"] + 1, history["val_auc"], color=color, label=name)
    axis.plot(best["epoch"] + 1, best["val_auc"], "o", color=color)
axis.axvline(common, color="#777777", linewidth=1, linestyle="--")
axis.legend()
axis.set(
    xlabel="epoch (dashed: the last one that both have)", ylabel="macro AUC on fold 9"
)
bests = ", ".join(
    f"{history['val_auc'].max():.3f} with {name}" for name, history in histories.items()
)
figure = set_alt_text(
    figure, f"AUC on fold 9 by epoch, alike for {common} epochs; best: {bests}."
)

# %% tags=["remove-input"]
cost = study.evaluation_set(10).difference(
    *(replay.scores for replay in replays.values())
)
at_common = [history["val_auc"].iloc[common - 1] for history in histories.values()]
resumed = replays["no teacher"].metadata.get("resumed_after", 0)
study.claim("06.worse_with_an_untrained_teacher", cost, below=0)
study.claim("06.alike_while_both_trained", at_common[0] - at_common[1], within=0.002)
say(f"""
**What it cost.** On fold 10 the student with the untrained teacher differs from the other by {cost:+}, where the
original reports +0.010. The interval is over patients: it says that these two networks differ, not why. For {common}
epochs they were alike on fold 9, with {at_common[0]:.3f} and {at_common[1]:.3f}. Then early stopping ended the training
with the teacher, while the one without went on to epoch {len(histories["no teacher"])} and improved. (That one was
interrupted after epoch {resumed}, and resumed from its weights in half precision with the optimizer's averages at zero.)
With one seed each, the length of the training is as good a suspect as the teacher. What the pair does show is how large a
difference two trainings can have without a teacher that knows anything.
""")

# %% [markdown]
# ## Done right: the teachers
#
# A trained base CNN comes in several seeds, and so does the Inception CNN. Their mean probability is usually better than
# that of one alone.

# %%
inception_runs = study.teacher_runs("inception_cnn")
inception_cnns = Scores.stack_seeds([run.scores for run in inception_runs])
everyone = Scores.stack_seeds([base_cnns, inception_cnns])
teachers = {
    "base CNN, mean of single networks": base_cnns,
    "base CNN, together": base_cnns.ensemble(),
    "Inception CNN, mean of single networks": inception_cnns,
    "Inception CNN, together": inception_cnns.ensemble(),
    "all of them together": everyone.ensemble(),
}

# %% tags=["remove-input"]
rows = [
    (name, str(validation.auc(scores)), str(test.auc(scores)))
    for name, scores in teachers.items()
]
columns = [
    "teachers, three of each",
    "AUC, fold 9 (95 % interval)",
    "AUC, fold 10 (95 % interval)",
]
tables.show(pd.DataFrame(rows, columns=columns))

# %% tags=["remove-input"]
together = test.macro_auc(teachers["all of them together"])
study.claim("06.the_teachers_miss_their_target", together, below=0.935)
say(f"""
All of them together have {together:.3f} on fold 10. The study's target for its teachers was 0.935: **missed**. The
students below learn from the three base CNNs alone; the next section says why.
""")

# %% [markdown]
# ## Which recipe?
#
# Dropout, the kinds of teachers, the temperature and the label weight were tried on fold 9 with 8 epochs and one seed
# each: three trainings without teachers, five with them. The learning rate and the stretches of five seconds are those of
# [chapter 2](02_base_cnn.ipynb); other numbers of epochs, and other label weights at temperature 4, were not compared.

# %%
trials = []
for model, settings in study.settings.training.items():
    trial = study.model(model)
    if trial.chapter == "06_distillation" and trial.role == "trial":
        kinds = [study.model(name).label for name in settings.teachers]
        trials.append(
            {
                "teachers": " + ".join(kinds) or "no teacher",
                "dropout": settings.dropout,
                "T": settings.temperature,
                "w": settings.label_weight,
                "auc": validation.macro_auc(study.scores(model)),
                "scores": study.scores(model),
            }
        )
trials = pd.DataFrame(trials).sort_values("auc", ascending=False)


def against_the_best(table):
    """A table with each trial's AUC on fold 9 minus that of the first."""
    best = table["scores"].iloc[0]

    def difference(scores):
        return validation.difference(scores, best, pair_seeds=False)

    return table.assign(difference=table["scores"].map(difference))


alone = against_the_best(trials[trials["teachers"] == "no teacher"])
taught = against_the_best(trials[trials["teachers"] != "no teacher"])

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Differences on fold 9 from the best setting of each kind (hollow), with 95 % intervals over patients, one seed. T is the temperature, w the label weight. Gray: within 0.002. Dropout matters; among the settings with teachers nothing does.", "name": "fig-distillation-trials"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 0.32 * len(trials) + 0.9))
axis.axvspan(
    -EQUIVALENCE_MARGIN, EQUIVALENCE_MARGIN, color="#999999", alpha=0.25, linewidth=0
)
drawn = [
    (f"{row.teachers}, T = {row.T:g}, w = {row.w:g}", row.difference, "#D55E00")
    for row in taught.itertuples()
]
drawn += [
    (f"no teacher, dropout {row.dropout:g}", row.difference, "#0072B2")
    for row in alone.itertuples()
]
for y, (_, change, color) in enumerate(drawn):
    axis.plot([change.low, change.high], [y, y], color=color)
    axis.plot(
        change.value,
        y,
        "o",
        color=color,
        markerfacecolor=color if change.low else "white",
    )
axis.set_yticks(range(len(drawn)), [text for text, *_ in drawn])
axis.set(
    xlabel="macro AUC on fold 9 minus that of the best of its kind",
    ylim=(len(drawn) - 0.5, -0.5),
)
axis.grid(visible=False, axis="y")
figure = set_alt_text(
    figure, "; ".join(f"{text}: {change:+}" for text, change, _ in drawn) + "."
)

# %% tags=["remove-input"]
worst = alone["difference"].iloc[-1]
spread = max(max(-change.low, change.high) for change in taught["difference"])
early = validation.difference(
    taught["scores"].iloc[0], alone["scores"].iloc[0], pair_seeds=False
)
study.claim("06.half_of_the_values_dropped_is_too_much", worst, below=-0.002)
study.claim("06.settings_with_teachers_are_equivalent", spread, below=0.002)
study.claim("06.teachers_help_after_eight_epochs", early, above=0)
study.claim("06.dropout_matters_more_than_teachers", worst.high + early.high, below=0)
say(f"""
The original's network drops half of the values before every block. That is a lot for so small a network: {worst:+}
against the best. The five settings with teachers are all *equivalent within 0.002*. Fold 9 cannot choose among them, and
we took the one with the highest AUC: base CNNs alone, temperature 4, a label weight of one half. After its eight epochs it
is {early:+} above the best student without a teacher. None of these intervals is corrected for the number of settings that
were tried, and the best of several is always a little flattered.
""")

# %% [markdown]
# ## With and without a teacher
#
# Now the comparison itself: the same student, 12 epochs, five seeds each way. A training with teachers and one without
# share nothing but the number of their seed, so that the difference is one of two groups of five
# ([how intervals are made](02_base_cnn.ipynb#how-intervals-are-made)).

# %%
students = {
    "without a teacher": study.scores("student"),
    "with three base CNNs": study.scores("student_distilled"),
}
gain = {
    9: study.difference("student_distilled", "student", fold=9),
    10: study.difference("student_distilled", "student", fold=10),
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Each dot is a training of the student; lines are means. Folds 9 and 10 have different patients and therefore scales of their own.", "name": "fig-students"}}
seed_aucs = {
    (fold.fold, name): [
        fold.macro_auc(scores.for_seeds([seed])) for seed in scores.seed
    ]
    for fold in (validation, test)
    for name, scores in students.items()
}
figure, axes = plt.subplots(2, 1, figsize=(PAGE_WIDTH, 3.6))
for fold, axis in zip((9, 10), axes):
    for y, (name, color) in enumerate(zip(students, ("#0072B2", "#D55E00"))):
        values = seed_aucs[fold, name]
        axis.plot(values, np.full(len(values), y), "o", color=color, alpha=0.6)
        axis.plot(np.mean(values), y, "|", color="black", markersize=22)
    axis.set_yticks(range(len(students)), students)
    axis.set(xlabel=f"macro AUC on fold {fold}", ylim=(-0.6, len(students) - 0.4))
    axis.grid(visible=False, axis="y")
text = "; ".join(
    f"fold {fold}, {name}: {min(aucs):.4f} to {max(aucs):.4f}"
    for (fold, name), aucs in seed_aucs.items()
)
figure = set_alt_text(figure, f"Macro AUCs of five trainings each. {text}.")

# %% tags=["remove-input"]
rows = [
    (name, str(validation.auc(scores)), str(test.auc(scores)))
    for name, scores in students.items()
]
rows.append(("difference", *(f"{change:+}" for change in gain.values())))
rows.append(("verdict", *(change.verdict for change in gain.values())))
tables.show(
    pd.DataFrame(
        rows,
        columns=[
            "student",
            "AUC, fold 9 (95 % interval)",
            "AUC, fold 10 (95 % interval)",
        ],
    )
)

# %% tags=["remove-input"]
below = study.difference("student_distilled", "base_cnn")
study.claim("06.teachers_help_on_fold_10", gain[10], above=0)
study.claim("06.teachers_change_little_on_fold_9", gain[9], within=0.002)
study.claim("06.the_gain_is_below_the_reported_one", gain[10], below=0.01)
study.claim("06.the_student_stays_below_its_teacher", below, below=0)
study.claim("06.two_trainings_can_differ_by_more", cost.high + gain[10].high, below=0)
say(f"""
On fold 10 the teachers help, by {gain[10]:+}: *different*, by an interval that begins just above zero. On fold 9 the two
groups are *equivalent within 0.002*. Together that is a small gain, and a borderline one: some three thousandths of
AUC at most, and possibly too little to matter. The original's gain of 0.010 lies far outside. After eight epochs the teachers
seemed to be worth more than after twelve; perhaps they shorten a training more than they improve its end, but one seed
cannot tell. Against the base CNN the distilled student still loses on fold 10: {below:+}.
""")

# %% [markdown]
# ## What else the students learned
#
# An AUC looks only at the order of the recordings. A teacher hands on probabilities, so we should ask about those too.
# Three measures: the *Brier score* is the mean squared error of a probability; the *expected calibration error* is how far
# predicted and observed frequencies lie apart; the *calibration slope* is the factor by which logits have to be multiplied
# to fit the labels, and below 1 the network is too sure of itself.

# %%
candidates = {"teachers": base_cnns.ensemble(), **students}
brier, slope, error = {}, {}, {}
for name, scores in candidates.items():
    y_score = test.y_score(scores)  # (seeds, records, superclasses)
    resampled = test.y_true, test.resampling
    brier[name] = calibration.brier_scores(y_score, *resampled)
    slope[name] = calibration.calibration_slopes(y_score, *resampled)
    errors = [calibration.expected_calibration_error(y, test.y_true) for y in y_score]
    error[name] = np.mean(errors)

# %% tags=["remove-input"]
names = [
    "the teachers, three base CNNs together",
    *(f"student {name}" for name in students),
]
rows = [
    (text, f"{combined([brier[name]])}", f"{combined([slope[name]]):.2f}", error[name])
    for text, name in zip(names, candidates)
]
tables.show(
    pd.DataFrame(
        rows,
        columns=["on fold 10", "Brier score", "calibration slope", "calibration error"],
    )
)

# %% tags=["remove-input"]
_, without, distilled = candidates
changes = {
    what: combined([values[distilled], tuple(-part for part in values[without])])
    for what, values in (("brier", brier), ("slope", slope))
}
by_weight = taught[(taught["T"] == 2) & (taught["teachers"] == "Base CNN")].sort_values(
    "w"
)
trial_slopes = [
    calibration.calibration_slopes(
        validation.y_score(scores), validation.y_true, validation.resampling
    )
    for scores in by_weight["scores"]
]
by_teachers = combined([trial_slopes[0], tuple(-part for part in trial_slopes[-1])])
study.claim("06.students_inherit_confidence", changes["slope"], below=0)
study.claim("06.more_teacher_more_confidence", by_teachers, below=0)
study.claim("06.the_brier_score_stays", changes["brier"], within=0.001)
say(f"""
The slope is the clearest thing that a teacher changes in this chapter: {changes["slope"]:+.3f}. It goes the wrong way: the
student becomes as sure of itself as its teachers are. The trials on fold 9 point to the teachers, too. At temperature 2
the slope falls from {trial_slopes[-1][0][0]:.2f} to {trial_slopes[0][0][0]:.2f} as the weight of the labels falls from
{by_weight["w"].iloc[-1]:g} to {by_weight["w"].iloc[0]:g}. The Brier score, which counts order and confidence together,
changes by {changes["brier"]:+} only.
""")

# %% [markdown]
# Soft labels are often said to keep a network modest. But at a high temperature the second part of the loss comes close to
# the squared difference between the logits of student and teacher {cite:p}`hinton2015`, and a student that copies logits
# copies their size as well. Modest students need modest teachers.

# %% [markdown]
# ## As int8
#
# Distilled or not, the student can be quantized like any other network, with the option of
# [chapter 5](05_quantization.ipynb).

# %%
quantized = int8.quantize(study, {"student_distilled_int8": "student_distilled"})
smaller = quantized["student_distilled_int8"]
gate = quantized.gates["student_distilled_int8"]

# %% tags=["remove-input"]
study.claim(
    "06.int8_after_distillation",
    study.evaluation_set(10).difference(smaller.scores, smaller.float_scores),
    within=0.002,
)
study.claim("06.int8_file_below_600_kb", smaller.file_bytes, below=600_000)
study.claim(
    "06.int8_loses_at_most_0.001_on_fold_9", gate.auc_change.value, above=-0.001
)
say(f"""
The file shrinks from {smaller.float_files[0].stat().st_size / 1e6:.2f} MB to {smaller.file_bytes / 1e3:.0f} KB and
{gate.integer_convolutions} convolutions become integer ones. On fold 10 the AUC changes by
{smaller.change:+}: {smaller.change.verdict}, for the one seed whose weights are kept. Both of the study's targets for this
file, 600 KB and a loss of at most 0.001 on fold 9, are met. One recording takes
{quantized.latency("student_distilled_int8")["latency_ms"]:.2f} ms instead of
{quantized.float_latency_ms("student_distilled_int8"):.2f} ms on this processor ({processor()}, one thread); others differ.
""")

# %% [markdown]
# ## As reported, replayed, done right
#
# AUCs on fold 10. The reported ones are from a random fifth of the recordings, one split and one seed, in which one patient
# can stand on both sides ([chapter 1](01_dataset.ipynb)).

# %% tags=["hide-input"]
float_file = {
    "framework": "torch",
    "file_bytes": smaller.float_files[0].stat().st_size,
    "latency_ms": quantized.float_latency_ms("student_distilled_int8"),
    "latency_vs_float32": 1.0,
}
details = {
    "distillation_replay": {},
    "student_replay": {},
    "student": {"sizes_mb": convnet.size_table(convnet.build("student")).to_dict()},
    "student_distilled": {
        "auc_change": gain[10].to_dict(),
        "verdict": gain[10].verdict,
    },
}
for model, more in details.items():
    trained = study.model(model).made_from[0] if study.model(model).made_from else model
    training = study.run(trained).metadata
    reporting.write(
        study,
        model,
        study.scores(trained),
        counts=training,
        training=training,
        **float_file,
        **more,
    )
quantized.write()
rows = {
    "Student without teacher": "without teacher",
    "Student with teacher": "with teacher",
}
tables.show(reporting.by_finding(study, rows))

# %% tags=["remove-input"]
with_teacher = test.macro_auc(students["with three base CNNs"])
study.claim("06.the_student_misses_its_target", with_teacher, below=0.930)
sizes = {name: original.SIZES_MB[name] for name in ("base_cnn", "student")}
say(f"""
The distilled student has {with_teacher:.3f} on fold 10, and the study's target of 0.930 is **missed**. The original also
names a size for its distilled network, {sizes["student"]["total_mb"]:.2f} MB instead of
{sizes["base_cnn"]["total_mb"]:.2f}, which includes the memory of a training. What made the network small was its design:
with a teacher it has {small:,} parameters, and without one it has as many.
""")

# %% [markdown]
# ## What we learned
#
# - A teacher has to be trained. An untrained one raises no error, and one training with it and one without can differ by
#   more than a real teacher is worth.
# - Whether a trained one helps is a question about thousandths. It takes several seeds, equal budgets, and an interval
#   that counts both patients and trainings; here the answer is *a little, perhaps*.
# - Before a small network is taught, it should be trained well: dropout mattered more than any teacher.
# - Students inherit more than knowledge. Ours took over how sure their teachers are.
#
# **Next:** [all results](07_results.ipynb).
#
# ## Exercises
#
# Predict first, then run. [Solutions](exercises.ipynb) are executed on the sample records.
#
# 1. **Temperature.** What happens to a teacher's probabilities at a temperature of 2, 4 and 1000? What happens to its AUC?
# 2. **Without labels.** Train the distilled student on its teachers only, with a label weight of 0. Does it learn?
# 3. **A modest student.** Divide the distilled student's logits by a temperature that is fitted on fold 9. What becomes of
#    its calibration slope on fold 10, and of its AUC?
