# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8. How small can it get?
#
# **Question.** The base CNN of [chapter 2](02_base_cnn.ipynb) takes 26 MB. One recording, ten seconds of twelve leads in 16-bit
# integers, takes 24 KB. Can a network that is hardly larger than the recording that it reads do as well, and what does it
# take to get there?
#
# **Prerequisites.** Distillation ([chapter 6](06_distillation.ipynb)) and int8 ([chapter 5](05_quantization.ipynb)). With finished
# trainings at hand the chapter takes about a quarter of an hour, most of it to convert and score some forty files.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn

from ecglib.book import plots, tables
from ecglib.book.alt_text import set_alt_text
from ecglib.book.plots.style import PAGE_WIDTH
from ecglib.book.prose import introduce, say
from ecglib.compression import onnx_files, tflite_micro
from ecglib.data.folds import TRAIN_FOLDS
from ecglib.evaluation.bootstrap import (
    EQUIVALENCE_MARGIN,
    Estimate,
    combined,
    percentile,
)
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks.cost import multiply_accumulates
from ecglib.study import measuring, published, reporting, results
from ecglib.study.study import open_study
from ecglib.training import distillation
from ecglib.training.runs import processor
from ecgpredict.firmware import graph
from ecgpredict.spec import CLASSES

plots.style()
study = open_study(profile)
fold_9, fold_10 = study.evaluation_set(9), study.evaluation_set(10)
introduce(study)

# %% [markdown]
# ## The answer
#
# All students of this chapter belong to one family of networks, which the next section writes out. Each becomes a
# full-integer .tflite file, and LiteRT scores folds 9 and 10 from that very file. At each budget we take the student that is
# best on fold 9 among those whose file fits, and compare it with the base CNN in float32, on the same patients.
#
# :::{admonition} Predict first
# :class: predict
# The base CNN takes 26 MB. How many bytes does a network need that does not do worse?
#
# - some 3 MB
# - some 300 KB
# - some 30 KB
# - some 3 KB
# :::

# %% tags=["hide-input"]
students = measuring.int8_students(study, "08_frontier")
scores = {name: student.scores for name, student in students.items()}
sizes = {name: student.bytes for name, student in students.items()}
base = study.scores("base_cnn")


def from_base(name):
    """Macro AUC on fold 10 minus the base CNN's: patients are paired, seeds are not."""
    return fold_10.difference(scores[name], base, pair_seeds=False)


answer = {}
for budget in (16, 32, 64, 128, 512):
    if fitting := [name for name in students if sizes[name] <= 1024 * budget]:
        answer[budget] = max(fitting, key=lambda name: fold_9.macro_auc(scores[name]))
taken = list(answer.values())
table = {
    "budget": [f"{budget} KB" for budget in answer],
    "best on fold 9": [study.model(name).label for name in taken],
    "KB": [f"{sizes[name] / 1e3:.1f}" for name in taken],
    "seeds": [len(scores[name].seed) for name in taken],
    "AUC, fold 10": [str(fold_10.auc(scores[name])) for name in taken],
    "minus the base CNN": [f"{from_base(name):+}" for name in taken],
}
tables.show(pd.DataFrame(table))

# %% [markdown]
# A budget counts KB of 1,024 bytes, as the memory of a microcontroller does; *KB* are those of 1,000 bytes, as everywhere in this
# book. Intervals are over patients and seeds ([how intervals are made](02_base_cnn.ipynb#how-intervals-are-made)).

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC on fold 10 minus that of the base CNN, which takes 26 MB in float32 (dashed), against the bytes of the int8 file. Intervals are over patients, who are paired, and over seeds.", "name": "fig-frontier"}}
points = []
for name, student in students.items():
    recipe = "60 epochs" if student.settings.epochs <= 60 else "more patience"
    if student.source == "compact_128_second":
        recipe = "second generation"
    elif not student.settings.padding:
        recipe = "without padding"
    kind = f"{student.settings.shape.block}, {recipe}"
    points.append((study.model(name).label, kind, sizes[name], from_base(name)))
figure = plots.against_bytes(points, "macro AUC on fold 10, minus the base CNN's")

# %% tags=["remove-input"]
nothing = Estimate(np.nan, np.nan, np.nan)
gap = {budget: from_base(name) for budget, name in answer.items()}
at_16_kb, at_32_kb, at_128_kb = (gap.get(budget, nothing) for budget in (16, 32, 128))
study.claim("08.16_kb_near_the_base_cnn", at_16_kb, within=0.012)
study.claim("08.32_kb_not_below_the_base_cnn", at_32_kb, above=-0.002)
study.claim("08.128_kb_above_the_base_cnn", at_128_kb, above=0)
more = {
    name: scores[f"compact_{name}_int8"]
    for name in (512, 128)
    if f"compact_{name}_int8" in scores
}
more_bytes = (
    fold_10.difference(*more.values(), pair_seeds=False) if len(more) == 2 else nothing
)
study.claim("08.512_kb_hardly_above_128_kb", more_bytes, within=0.003)
bytes_32_kb = sizes[answer[32]] if 32 in answer else np.nan
study.claim("08.a_file_as_large_as_a_recording", bytes_32_kb / 24_000, below=1.25)
say(f"""
Yes. With {bytes_32_kb / 1e3:.0f} KB, about a thousandth of the base CNN's bytes, a network is not worse than it
({at_32_kb:+}), and with 125 KB it is better, by {at_128_kb:+}. With 14 KB we cannot tell: {at_16_kb:+}. Nor
can we whether 512 KB are better still than 125: {more_bytes:+}. (Each of them is a research result and **not a medical device**.)
""")

# %% [markdown]
# ## One network, written out
#
# The first convolution takes every second sample. Then stages halve the length with a maximum and widen the network with
# one more convolution; a mean over time and one linear layer finish it. All of that exists as integer operators, and
# nothing else is in there. The widths decide the bytes. This is the network of the smallest files:


# %%
def convolution(before, after, kernel, **options):
    """A convolution without a bias, batch normalization and ReLU."""
    layer = nn.Conv1d(before, after, kernel, bias=False, **options)
    return [layer, nn.BatchNorm1d(after), nn.ReLU()]


class Compact(nn.Module):
    """A strided convolution, stages of pooling and convolution, the mean over time, a linear layer."""

    def __init__(self, widths=(8, 12, 16, 24), kernel=7):
        super().__init__()
        layers, before = convolution(12, widths[0], 10, stride=2), widths[0]
        for width in widths:
            layers += [
                nn.MaxPool1d(2),
                *convolution(before, width, kernel, padding=kernel // 2),
            ]
            before = width
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(before, len(CLASSES))

    def logits(self, x):
        """(records, 12 leads, samples) -> (records, 5), for records of any length."""
        return self.linear(self.features(x).mean(dim=2))

    def forward(self, x):
        return torch.sigmoid(self.logits(x))


student = Compact()
print(f"{sum(values.numel() for values in student.parameters()):,} parameters")

# %% [markdown]
# After training, batch normalization becomes part of the convolutions, and the weights become integers from -127 to 127, each
# filter with a scale of its own ([chapter 5](05_quantization.ipynb)). What is left of a network of 32 KB can be printed on one page:

# %%
drawn = answer.get(32) or min(students, key=sizes.get)
inside = graph.read(students[drawn].files[0])
# int8 (filters, samples, channels); the linear layer sees no samples any more
weights = [*(block.weights for block in inside.blocks), inside.weights[:, None]]
print(
    f"{sum(layer.size for layer in weights):,} weights of {weights[0].dtype}, {sizes[drawn]:,} bytes in all"
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "All weights of the network of 32 KB, one pixel each: blue is negative, red positive, white zero. A row is one filter; its channels stand side by side, each with its samples in order of time. Not drawn: a bias and a scale for each filter.", "name": "fig-frontier-weights"}}
names = [
    "first convolution",
    *(f"stage {i}" for i in range(1, len(weights) - 1)),
    "linear layer",
]
pictures = [layer.transpose(0, 2, 1).reshape(len(layer), -1) for layer in weights]
figure, axes = plt.subplots(
    len(pictures),
    figsize=(PAGE_WIDTH, 5.9),
    height_ratios=[len(picture) for picture in pictures],
)
widest = max(picture.shape[1] for picture in pictures)
for axis, name, layer, picture in zip(axes, names, weights, pictures):
    axis.imshow(
        picture,
        cmap="RdBu_r",
        vmin=-127,
        vmax=127,
        interpolation="nearest",
        aspect="equal",
    )
    filters, samples, channels = layer.shape
    shape = f"{filters} filters of {channels} channels × {samples} samples"
    axis.set_title(f"{name}: {shape}, {layer.size:,} weights", loc="left", fontsize=9)
    axis.set(xlim=(-0.5, widest - 0.5), anchor="W")
    axis.axis("off")
counted = "; ".join(f"{name} {layer.size:,}" for name, layer in zip(names, weights))
figure = set_alt_text(
    figure, f"Every int8 weight of a small network as a pixel. Weights: {counted}."
)

# %% [markdown]
# ## How it learns
#
# The small CNN of chapter 6 had teachers that answered once, from whole recordings. Here they score the very crop that the
# student sees, at every step {cite:p}`beyer2022`. A crop that misses the one ectopic beat of a recording then has another
# answer than a crop that shows it; the label is the same for both.


# %%
def crops(records, normalization, count, random, length=500):
    """Random stretches of 5 s of random records, and the labels: (count, 12, length) and (count, 5)."""
    chosen = random.integers(len(records), size=count)
    whole = torch.from_numpy(normalization(records.millivolts(chosen))).transpose(1, 2)
    starts = random.integers(whole.shape[2] - length + 1, size=count)
    x = torch.stack(
        [record[:, start : start + length] for record, start in zip(whole, starts)]
    )
    return x, torch.tensor(records.labels[chosen], dtype=torch.float32)


def learn(student, teachers, draw, steps, temperature=4.0, label_weight=0.2):
    """Train a student for some steps on the crops and labels that `draw` gives."""
    optimizer = torch.optim.AdamW(student.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.004, total_steps=steps
    )
    for _ in range(steps):
        x, labels = draw()
        with torch.no_grad():
            probability = torch.stack([teacher(x) for teacher in teachers]).mean(dim=0)
            soft = torch.sigmoid(torch.logit(probability, eps=1e-6) / temperature)
        loss = distillation.loss(
            student.logits(x), labels, soft, temperature, label_weight
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


# %%
taught = next(
    name
    for name in ("compact_16_patient", "compact_16_plain")
    if name in study.settings.models
)
teacher_runs = [
    run
    for name in study.settings.training[taught].teachers
    for run in study.teacher_runs(name)
]
teaching = [study.network(run).eval() for run in teacher_runs]
normalization = teacher_runs[0].normalization
training, random = study.data.in_folds(*TRAIN_FOLDS), np.random.default_rng(0)
probe = study.data.in_folds(9).sample(600, seed=0)


def auc_now():
    """Macro AUC of the student as it is, on 600 whole recordings of fold 9."""
    x = torch.from_numpy(normalization(probe.millivolts(slice(None)))).transpose(1, 2)
    with torch.no_grad():
        return macro_auc(probe.labels > 0, student.eval()(x).numpy())


torch.manual_seed(0)
before = auc_now()
learn(
    student.train(),
    teaching,
    lambda: crops(training, normalization, 64, random),
    steps=60,
)
print(f"AUC on fold 9: {before:.2f} before, {auc_now():.2f} after 60 batches")

# %% [markdown]
# The study's trainings are the same at length: batches of 256, 60 epochs or many more, and the weights of the epoch that was
# best on fold 9. To save time, crops start at every quarter of a second, and the teachers score all 21 of each recording once,
# before the training begins. The temperature of 4 and the label weight of 0.2 came from unfinished trainings on fold 9 with
# one seed, which were not kept.

# %% [markdown]
# ## What brings it there
#
# Teachers, patience, or the kind of network? At the size of 16 KB we trained the combinations: with **teachers** (the three
# students of 512 KB) or on labels alone; for **12, 60 or 400 epochs**; with **plain** stages as above or **separable** ones,
# in which a filter for each channel and a mixture of channels follow each other, at equal bytes. The AUCs are those on fold 9,
# in float32, each the mean over as many seeds as the next column says:

# %%
KINDS, SOURCES, EPOCHS = ("plain", "separable"), ("taught", "labels"), (12, 60, 400)
trials = {}
for key in product(KINDS, SOURCES, EPOCHS):
    model = "trial_16_{}_{}_{}".format(*key)
    if key == ("plain", "taught", 400):
        model = "compact_16_patient"
    if model in study.settings.models:
        trials[key] = study.scores(model)

# %% tags=["remove-input"]
table = {
    "learns from": np.repeat(["teachers", "labels"], 3),
    "epochs": EPOCHS * 2,
}
for kind in KINDS:
    cells = [trials.get((kind, *rest)) for rest in product(SOURCES, EPOCHS)]
    table[kind] = [fold_9.macro_auc(cell) if cell else np.nan for cell in cells]
    table[f"seeds, {kind}"] = [len(cell.seed) if cell else 0 for cell in cells]
tables.show(pd.DataFrame(table), dict.fromkeys(KINDS, "{:.4f}"))


# %% [markdown]
# An effect is the mean difference over all pairs of cells that differ in one thing only. Each AUC of a cell varies with the
# patients of fold 9, which all cells share, and with its seeds, which are unrelated from cell to cell; `combined` adds the
# two up ([how intervals are made](02_base_cnn.ipynb#how-intervals-are-made)). Where a cell has one seed only, the interval
# cannot know how much seeds differ there, and the table gives no verdict.


# %%
def pairs(position, new, old, *, epochs=(12, 60), kinds=KINDS, sources=SOURCES):
    """Pairs of trials alike but for one factor: at `position` of their keys, one has `new`, the other `old`."""
    found = []
    for key in product(kinds, sources, epochs):
        changed = (*key[:position], new, *key[position + 1 :])
        reference = (*key[:position], old, *key[position + 1 :])
        if {changed, reference} <= {*trials} and (changed, reference) not in found:
            found.append((changed, reference))
    return found


def effect(weighted):
    """A weighted sum of trials' AUCs on fold 9, [(weight, key of a trial)], with its interval."""
    if not weighted:
        return nothing
    parts = []
    for weight, key in weighted:
        each_seed = fold_9.y_score(trials[key])
        auc = np.array([macro_auc(fold_9.y_true, score) for score in each_seed])
        resampled = np.array(
            [
                fold_9.resampling.aucs(fold_9.y_true, score).mean(axis=1)
                for score in each_seed
            ]
        )
        parts.append((weight * auc, weight * resampled))
    return combined(parts)


def mean_difference(matched):
    """The effect of what the pairs differ in, averaged over them."""
    return effect(
        [
            (sign / len(matched), key)
            for pair in matched
            for sign, key in zip((1, -1), pair)
        ]
    )


matched = {
    "teachers instead of labels": pairs(1, "taught", "labels"),
    "60 epochs instead of 12": pairs(2, 60, 12),
    "plain instead of separable": pairs(0, "plain", "separable"),
    "400 epochs instead of 60, plain, with teachers": pairs(
        2, 400, 60, kinds=["plain"], sources=["taught"]
    ),
    "400 epochs instead of 60, plain, labels": pairs(
        2, 400, 60, kinds=["plain"], sources=["labels"]
    ),
    "teachers instead of labels, plain, 400 epochs": pairs(
        1, "taught", "labels", epochs=[400], kinds=["plain"]
    ),
}
both = ("plain", "taught", 400), ("plain", "labels", 60)
matched["teachers and 400 epochs instead of labels and 60, plain"] = (
    [both] if {*both} <= {*trials} else []
)
effects = {name: mean_difference(each) for name, each in matched.items()}

# %% tags=["remove-input"]
rows = []
for name, each in matched.items():
    if each:
        seeds = sorted(len(trials[key].seed) for pair in each for key in pair)
        verdict = effects[name].verdict if seeds[0] > 1 else "one seed"
        seeds = f"{seeds[0]}" if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
        rows.append((name, len(each), seeds, f"{effects[name]:+}", verdict))
tables.show(
    pd.DataFrame(
        rows,
        columns=["what changes", "pairs", "seeds a cell", "AUC, fold 9", "verdict"],
    )
)

# %% tags=["remove-input"]
by_teachers, by_epochs, by_kind = (effects[name] for name in list(effects)[:3])
patient_taught = effects["teachers and 400 epochs instead of labels and 60, plain"]
study.claim("08.teachers_help", by_teachers, above=0)
study.claim("08.60_epochs_instead_of_12", by_epochs, above=0)
study.claim("08.teachers_and_patience", patient_taught, above=0)
longer = effects["400 epochs instead of 60, plain, with teachers"]
study.claim("08.400_epochs_still_help", longer, above=0)
study.claim("08.plain_ahead_of_separable", by_kind, above=0)
say(f"""
All three pay, by more than the noise of patients and seeds, and epochs most. 60 instead of 12 bring {by_epochs:+}, teachers
{by_teachers:+}, plain stages instead of separable ones {by_kind:+}. From 60 to 400 epochs, with teachers, it is another
{longer:+}. All in all, the plain network with teachers and 400 epochs is ahead of the one with labels and 60 by
{patient_taught:+}.
""")

# %% [markdown]
# ## Patience
#
# With 400 epochs the learning rate rises and falls just as it does with 12, only more slowly.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC on fold 9 during the training of the plain network of 16 KB with teachers, a line a seed. Dots: the epochs whose weights were kept. A longer training is slower at first and goes on where a shorter one has ended.", "name": "fig-frontier-patience"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.4))
lengths = {
    12: "trial_16_plain_taught_12",
    60: "trial_16_plain_taught_60",
    400: "compact_16_patient",
}
for (epochs, model), color in zip(lengths.items(), ("#E69F00", "#009E73", "#0072B2")):
    for number, run in enumerate(
        study.runs(model) if model in study.settings.models else []
    ):
        history, best = run.history, run.history["val_auc"].idxmax()
        label = {"label": f"{epochs} epochs"} if not number else {}
        axis.plot(
            history["epoch"] + 1, history["val_auc"], color=color, linewidth=1, **label
        )
        axis.plot(best + 1, history["val_auc"][best], "o", color=color)
axis.set(xscale="log", xlabel="epoch", ylabel="macro AUC on fold 9")
axis.xaxis.set_major_formatter("{x:g}")
if study.settings.name == "full":
    axis.set_ylim(0.88, 0.94)
if lines := axis.get_legend_handles_labels()[0]:
    axis.legend(handles=lines)

# %% tags=["remove-input"]
patient = {}
for budget in (16, 32):
    new, old = f"compact_{budget}_patient_int8", f"compact_{budget}_int8"
    if new in students:
        patient[budget] = [
            fold.difference(scores[new], scores[old], pair_seeds=False)
            for fold in (fold_9, fold_10)
        ]
at_16, at_32 = (patient.get(budget, [nothing, nothing]) for budget in (16, 32))
minutes = study.run(taught).metadata.get("wall_seconds", np.nan) / 60
say(f"""
Do these files keep what patience brought? As int8 on fold 9, the patient students differ from those that had 60 epochs and the
first teachers by {at_16[0]:+} at 16 KB ({at_16[0].verdict}) and by {at_32[0]:+} at 32 KB ({at_32[0].verdict}); on fold 10, by
{at_16[1]:+} and {at_32[1]:+}. Seeds differ by as much, so that one of them would have told nothing.

Patience costs a user of the file nothing, and its maker little: a network of 16 KB took {minutes:.0f} minutes for 400 epochs
and the scores of its teachers ({processor()}, one thread, beside other work).
""")

# %% [markdown]
# One setting in `config/models.yml` is all there is to it, and the teachers' weights are in the repository. With PTB-XL at hand,
# this trains a network of 16 KB with one more seed, in less than half an hour:
#
# ```
# make train MODEL=compact_16_patient SEED=7
# ```
#
# ## Teachers
#
# The first students learned from nine networks: the benchmark's best single one, resnet1d_wang {cite:p}`wang2017`, a base CNN,
# and convolutions with a recurrent unit (GRU), three seeds each, all trained on random windows of 2.5 s with mixup
# {cite:p}`zhang2018`. A recording's probability is the *mean* over its windows. The benchmark {cite:p}`strodthoff2020` takes
# the *maximum*, in float32, on release 1.0.1 of the data: its AUCs are beside ours, and no closer comparison than that is
# possible.

# %%
panel = study.settings.training["compact_32_plain"].teachers
teachers = {name: study.scores(name) for name in panel}
together = Scores.stack_seeds([*teachers.values()]).ensemble()

# %% tags=["remove-input"]
table = {
    "network": [study.model(name).label for name in teachers],
    "seeds": [len(each.seed) for each in teachers.values()],
    "AUC, fold 10": [str(fold_10.auc(each)) for each in teachers.values()],
    "its seeds together": [
        str(fold_10.auc(each.ensemble())) for each in teachers.values()
    ],
    "published": [published.SUPERCLASS_AUC.get(name) for name in teachers],
}
count, others = sum(table["seeds"]), published.SUPERCLASS_AUC["ensemble"]
table = pd.DataFrame(table)
table.loc[len(table)] = ["all together", count, "–", str(fold_10.auc(together)), others]
tables.show(table)

# %% [markdown]
# One often reads that different architectures make different mistakes, so that they do better together than copies of one. That
# can be measured with the same nine networks: put three together by kind, or one of each kind.

# %%
common = sorted(
    set.intersection(*({*each.seed.tolist()} for each in teachers.values()))
)
by_kind = [each.for_seeds(common).ensemble() for each in teachers.values()]
across = [
    Scores.stack_seeds(
        [each.for_seeds([seed]) for each in teachers.values()]
    ).ensemble()
    for seed in common
]


def mean_auc(ensembles):
    """The ensembles' mean AUC on fold 10, and the same in each resample of patients."""
    score = [fold_10.y_score(each)[0] for each in ensembles]
    resampled = [
        fold_10.resampling.aucs(fold_10.y_true, each).mean(axis=1) for each in score
    ]
    return np.mean([macro_auc(fold_10.y_true, each) for each in score]), np.mean(
        resampled, axis=0
    )


singles = [each.for_seeds([seed]) for each in teachers.values() for seed in common]
alone, same, mixed = map(mean_auc, (singles, by_kind, across))
gain_same, gain_mixed, gain_kinds = (
    percentile(new[0] - old[0], new[1] - old[1])
    for new, old in ((same, alone), (mixed, alone), (mixed, same))
)

# %% tags=["remove-input"]
study.claim("08.seeds_together_help", gain_same, above=0)
study.claim(
    "08.architectures_together_help_little_more",
    gain_kinds,
    above=0,
    below=EQUIVALENCE_MARGIN,
)
say(f"""
Three seeds of one architecture together gain {gain_same:+} over one of them; three architectures {gain_mixed:+}. So most of
it comes from having several networks at all; that they are of different kinds adds {gain_kinds:+}, less than the book's
margin. (These intervals are over patients, for these nine networks.)
""")

# %% [markdown]
# Most of these nine networks' weights were not kept. So a *second generation* of the student of 128 KB learned from networks
# whose weights are all in the repository: the three students of 512 KB, as assistants between the first teachers and the
# student {cite:p}`mirzadeh2020`, and a residual network {cite:p}`he2019`. The patient students learned from those of 512 KB.

# %% tags=["remove-input"]
first, second = (
    name if name in students else None
    for name in ("compact_128_int8", "compact_128_second_int8")
)
generation = {
    fold.fold: fold.difference(scores[second], scores[first], pair_seeds=False)
    if first and second
    else nothing
    for fold in (fold_9, fold_10)
}
study.claim("08.second_generation_below_on_fold_9", generation[9], below=0)
study.claim(
    "08.second_generation_alike_on_fold_10", generation[10], within=EQUIVALENCE_MARGIN
)
say(f"""
The second generation falls a little behind the first on fold 9, {generation[9]:+}, and is equivalent to it on fold 10,
{generation[10]:+} (unrelated seeds). So students can teach students, at little cost.
""")

# %% [markdown]
# ## Made for streams, and for flash
#
# A monitor reads on without an end and wants an answer each second. Most columns of the new window were computed for the one
# before; at its edges they differ, because every stage pads its input with zeros there to keep the length. *Without padding*, the
# columns of a window are those of the stream, and only the new ones have to be computed
# ([On a microcontroller](../firmware.md)). What does it cost? We trained the two smallest networks once more, without padding and
# else alike.
#
# The memory of a microcontroller holds the program as well. So there are two more networks without padding, for parts that have
# **8 and 16 KB of flash**, code and weights together: with widths of 6, 8, 12 and 18, and of 12, 16, 20 and 32.

# %%
unpadded = {
    name: name.replace("stream", "patient")
    for name in students
    if name.endswith("_stream_int8")
}
for_streams = {
    name: [
        fold.difference(scores[name], scores[padded], pair_seeds=False)
        for fold in (fold_9, fold_10)
    ]
    for name, padded in unpadded.items()
    if padded in students
}

# %% tags=["remove-input"]
added = [name for name in students if "stream" in name or "flash" in name]
table = {
    "without padding": [study.model(name).label for name in added],
    "AUC, fold 10": [str(fold_10.auc(scores[name])) for name in added],
    "minus padded, fold 9": [
        f"{for_streams[name][0]:+}" if name in for_streams else "–" for name in added
    ],
    "AUC, fold 9": [f"{fold_9.macro_auc(scores[name]):.4f}" for name in added],
    "KB": [f"{sizes[name] / 1e3:.1f}" for name in added],
}
tables.show(pd.DataFrame(table))

# %% tags=["remove-input"]
of_16, of_32 = (
    for_streams.get(f"compact_{budget}_stream_int8", [nothing, nothing])
    for budget in (16, 32)
)
study.claim("08.16_kb_without_padding_near", of_16[0], within=0.005)
study.claim("08.32_kb_without_padding_near", of_32[0], within=0.005)
flash = {
    budget: fold_10.macro_auc(scores[f"compact_flash_{budget}_int8"])
    if f"compact_flash_{budget}_int8" in scores
    else np.nan
    for budget in (8, 16)
}
of_8 = nothing
if 512 in answer and "compact_flash_8_int8" in scores:
    pair = scores["compact_flash_8_int8"], scores[answer[512]]
    of_8 = fold_10.difference(*pair, pair_seeds=False)
study.claim("08.8_kb_of_flash_near_the_best", of_8, within=0.02)
flash_aims = {8: 0.924, 16: 0.933}
short = {budget: flash_aims[budget] - flash[budget] for budget in flash}
study.claim("08.aims_for_flash_missed", min(short.values()), above=0)
study.claim("08.aims_for_flash_within_reach", max(short.values()), below=0.005)
say(f"""
On fold 9 the networks without padding differ from the padded ones by {of_16[0]:+} at 16 KB and by {of_32[0]:+} at 32. Both
intervals contain zero, and neither lies within ±0.002: three seeds each cannot tell whether padding matters.

With 8 KB of flash the AUC on fold 10 is {flash[8]:.4f}, with 16 KB {flash[16]:.4f}. The aims were {flash_aims[8]} and
{flash_aims[16]}, for 400 epochs; these two had 250, and miss them by {short[8]:.4f} and {short[16]:.4f}. From the best at
512 KB, the network for 8 KB of flash is {of_8:+} away.
""")

# %% [markdown]
# ## Which one is *the* model?
#
# The rest of the book, the command line, the browser and the firmware use two of these files, chosen by a rule on fold 9 from
# all that have three seeds or more, and a device that reads streams can have a third:
#
# - the **default**: the fewest bytes among those that are equivalent to the best, their paired difference from it lying within
#   ±0.002 with its whole interval;
# - the one for **microcontrollers**: the best of at most 32 KB (the default, if that fits), or the same network without padding
#   where that is equivalent to it;
# - a variant for **streams**: the best without padding of at most 32 KB, for devices to which its savings are worth more than the
#   last thousandths of AUC.
#
# Of the chosen student's seeds, the one that is best on fold 9 is released.

# %%
enough = min(3, max(len(each.seed) for each in scores.values()))  # the sample has fewer
candidates = [name for name in students if len(scores[name].seed) >= enough]
auc = {name: fold_9.macro_auc(scores[name]) for name in candidates}
best = max(auc, key=auc.get)
behind = {
    name: fold_9.difference(scores[name], scores[best], pair_seeds=False)
    for name in candidates
    if name != best
}
equivalent = [
    name for name, change in behind.items() if change.verdict.startswith("equivalent")
]
default = min([best, *equivalent], key=sizes.get)
small = (
    [default]
    if sizes[default] <= 32 * 1024
    else [name for name in candidates if sizes[name] <= 32 * 1024]
)
micro = max(small, key=auc.get)
without_padding = [name for name, padded in unpadded.items() if padded == micro]
micro = next(
    (
        name
        for name in without_padding
        if name in candidates and for_streams[name][0].verdict.startswith("equivalent")
    ),
    micro,
)
chosen = {"default": default, "microcontroller": micro}
streams = [name for name in unpadded if name in candidates and sizes[name] <= 32 * 1024]
if streams:
    chosen["stream"] = max(streams, key=auc.get)

family = {}
for role, name in chosen.items():
    of_seed = {
        int(seed): fold_9.macro_auc(scores[name].for_seeds([seed]))
        for seed in scores[name].seed
    }
    budget = next(
        budget
        for budget in (8, 16, 32, 64, 128, 256, 512)
        if sizes[name] <= 1024 * budget
    )
    family[role] = {
        "model": name,
        "seed": max(of_seed, key=of_seed.get),
        "name": f"ecg{budget}_stream" if role == "stream" else f"ecg{budget}",
    }
results.write_json(study.paths.results, "family", family)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Each candidate's AUC on fold 9 minus that of the best, with 95 % intervals over patients and seeds; the best itself would lie on the dashed line. A candidate is equivalent to the best if its interval lies within the shaded band of ±0.002.", "name": "fig-frontier-selection"}}
roles = {name: f"{family[role]['name']}, {role}" for role, name in chosen.items()}
points = [
    (
        study.model(name).label,
        roles.get(name, "not selected"),
        sizes[name],
        behind[name],
    )
    for name in candidates
    if name in behind
]
figure = plots.against_bytes(
    points, "macro AUC on fold 9, minus the best", EQUIVALENCE_MARGIN
)

# %% tags=["remove-input"]
of_default = behind.get(default, Estimate(0.0, 0.0, 0.0))
study.claim("08.default_equivalent_to_the_best", of_default, within=EQUIVALENCE_MARGIN)
of_micro = behind.get(micro, Estimate(0.0, 0.0, 0.0))
study.claim("08.microcontroller_near_the_best", of_micro, above=-0.006)
say(f"""
The best on fold 9 is *{study.model(best).label}*. The rule selects *{
    study.model(default).label
}* as the default,
**{family["default"]["name"]}**, at {of_default:+} from the best, and *{
    study.model(micro).label
}* for microcontrollers,
**{family["microcontroller"]["name"]}**, at {of_micro:+}.{
    f''' For streams it is
*{study.model(chosen["stream"]).label}*, **{family["stream"]["name"]}**, at {behind[chosen["stream"]]:+}.'''
    if streams
    else ""
}
""")

# %% [markdown]
# [Chapter 10](10_deployment.ipynb) calibrates and releases them.
#
# ## Aims, met and missed
#
# Two rounds of aims were set for the mean over seeds on fold 10: before the first students, and again before the patient ones.

# %% tags=["remove-input"]
aims = {
    16: (0.918, 0.930),
    32: (0.925, 0.935),
    64: (0.929, 0.936),
    128: (0.931, 0.937),
    512: (0.933, 0.938),
}
reached = {budget: fold_10.macro_auc(scores[name]) for budget, name in answer.items()}
table = {"budget": [f"{budget} KB" for budget in answer]}
table["AUC, fold 10"] = [f"{auc:.4f}" for auc in reached.values()]
for number, column in enumerate(("first aim", "second aim")):
    aim = {budget: aims[budget][number] for budget in answer}
    table[column] = [
        f"{aim[b]:.3f}, {'met' if reached[b] >= aim[b] else 'missed'}" for b in answer
    ]
tables.show(pd.DataFrame(table))

# %% tags=["remove-input"]
beyond = [[reached[budget] - aim for aim in aims[budget]] for budget in answer]
first, second = zip(*beyond)
study.claim("08.first_aims_met", min(first), above=0)
study.claim("08.second_aims_within_reach", min(second), above=-0.005)
study.claim("08.second_aims_missed", max(second), below=0)
strongest = max(teachers.values(), key=fold_9.macro_auc)
say(f"""
The teachers had aims, too. The one that is best on fold 9 reaches {fold_10.macro_auc(strongest):.4f} (aim 0.934), all nine
together {fold_10.macro_auc(together):.4f} (aims 0.938 and 0.941).

The students meet all of their first aims and none of the second, which they miss by {-min(second):.4f} at most.
""")

# %% [markdown]
# ## What each file costs
#
# Rounding, arithmetic and memory of every student, for those who want to choose for themselves:

# %% tags=["hide-input", "hide-output"]
rounding, paths = {}, {}
for name, student in students.items():
    as_float = study.scores(student.source).for_seeds(student.scores.seed.tolist())
    rounding[name] = fold_10.difference(student.scores, as_float)
    exported = measuring.int8_folder(study) / f"{student.source}.onnx"
    onnx_files.to_onnx(study.network(student.runs[0]), exported)
    paths |= {name: student.files[0], student.source: exported}
sources = {name: student.source for name, student in students.items()}
timing = measuring.time_files(study, paths, sources)
rows = []
for name in sorted(students, key=sizes.get):
    first, settings = students[name].runs[0], students[name].settings
    footprint = tflite_micro.footprint(students[name].files[0])
    macs = multiply_accumulates(study.network(first))
    params = first.metadata["params"]
    reporting.write(
        study,
        name,
        scores[name],
        framework="litert",
        counts={"params": params, "nonzero_params": params},
        file_bytes=sizes[name],
        **timing.latency(name),
        macs=macs,
        footprint=vars(footprint),
        shape=settings.shape.model_dump(mode="json"),
        auc_change=rounding[name].to_dict(),
    )
    costs = footprint.arena_bytes / 1e3, macs / 1e6, timing.ms(name)
    on_9 = f"{fold_9.macro_auc(scores[name]):.4f}"
    rows.append((study.model(name).label, *costs, on_9, f"{rounding[name]:+}"))
columns = "student|arena, KB|million MACs|ms per record|AUC, fold 9|int8 minus float32"
shown = {"arena, KB": "{:.1f}", "million MACs": "{:.2f}", "ms per record": "{:.3f}"}
tables.show(pd.DataFrame(rows, columns=columns.split("|")), shown)

# %% tags=["remove-input"]
worst = min(rounding.values(), key=lambda change: change.value)
study.claim("08.rounding_costs_little", worst, above=-0.002)
say(f"""
The arena is the RAM that tflite-micro's interpreter takes; a million MACs are a million multiplications, each with an
addition; the time is that of this machine ({processor()}) on one thread. Rounding to int8 costs {worst:+} at most.
""")

# %% [markdown]
# ## Limits
#
# - The weights of a training are those of its best epoch on fold 9, and the effects above are measured on fold 9 as well. A
#   training of 400 epochs has more epochs to choose from than one of 12, which flatters it a little.
# - Widths were chosen by their bytes, and not searched for. What was found at 16 KB may differ at other sizes.
# - The effects are tested without a correction for their number. Temperature and label weight were not part of the trial.
# - All of it is one data set. [Chapter 11](11_travel.ipynb) asks whether the chosen two hold elsewhere.
#
# ## What we learned
#
# - A network hardly larger than one recording reads it as well as one of 26 MB. Size was never what this task needed.
# - A small network needs many epochs first of all, and then teachers. With the teachers at hand, that costs minutes.
# - A network that fits a microcontroller with 8 KB of flash, program included, is less than 0.02 of AUC behind the best.
# - From 128 to 512 KB we cannot tell the AUCs apart: four times the weights bring next to nothing.
# - Write down the rule of choice, and let it choose. It took a quarter of the bytes of the student that is best on fold 9.
#
# **Next:** [use it](10_deployment.ipynb).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises.ipynb) are executed on the sample records.
#
# 1. **Where the bytes go.** How many bytes of a file are weights, and how many are everything else? Compare the files of 16 and
#    32 KB.
# 2. **Depthwise or plain.** Which of two networks with the same widths has fewer parameters, and which needs fewer
#    multiplications? Compute both for widths of 16, 32 and 64.
