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
# integers, takes 24 KB. Can a network that is smaller than the recording that it reads do as well, and what does it take to
# get there?
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
)
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks.cost import multiply_accumulates
from ecglib.study import measuring, reporting, results
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
# The students of this chapter are small convolutional networks, which the next section writes out. Each becomes a
# full-integer .tflite file, and LiteRT scores folds 9 and 10 from that very file. At each budget we take the student that is
# best on fold 9 among those whose file fits, and compare it with the base CNN in float32, on the same patients.
#
# :::{admonition} Predict first
# :class: predict
# The base CNN takes 26 MB. How many bytes does a network need that does not do worse?
#
# - some 3 MB
# - some 300 KB
# - some 60 KB
# - some 15 KB
# :::

# %% tags=["hide-input"]
students = measuring.int8_students(study, "08_frontier")
scores = {name: student.scores for name, student in students.items()}
sizes = {name: student.file_bytes for name, student in students.items()}
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
# book. The rows differ in their recipes as well: epochs and teachers are not the same at all sizes, so that a step from one row to
# the next is not an effect of bytes alone. Intervals are over patients and seeds ([how intervals are made](02_base_cnn.ipynb#how-intervals-are-made)).

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC on fold 10 minus that of the base CNN, which takes 26 MB in float32 (dashed), against the bytes of the int8 file. Intervals are over patients, who are paired, and over seeds.", "name": "fig-frontier"}}
points = []
for name, student in students.items():
    recipe = "60 epochs" if student.settings.epochs <= 60 else "more patience"
    if student.source == "compact_128_second":
        recipe = "second generation"
    elif not student.settings.padding:
        recipe = "without padding"
    elif len(student.settings.shape.widths) == 3:
        recipe = "three stages, more patience"
    kind = f"{student.settings.shape.block}, {recipe}"
    points.append((study.model(name).label, kind, sizes[name], from_base(name)))
figure = plots.against_bytes(points, "macro AUC on fold 10, minus the base CNN's")

# %% tags=["remove-input"]
nothing = Estimate(np.nan, np.nan, np.nan)
gap = {budget: from_base(name) for budget, name in answer.items()}
at_16_kb, at_32_kb, at_128_kb = (gap.get(budget, nothing) for budget in (16, 32, 128))
study.claim("08.16_kb_not_below_the_base_cnn", at_16_kb, above=0)
study.claim("08.32_kb_not_below_the_base_cnn", at_32_kb, above=0)
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
bytes_16_kb, bytes_32_kb = (
    sizes.get(answer.get(budget), np.nan) for budget in (16, 32)
)
study.claim("08.a_file_smaller_than_a_recording", bytes_16_kb / 24_000, below=0.7)
say(f"""
With {bytes_32_kb / 1e3:.0f} KB, about a thousandth of the base CNN's bytes, a network is ahead of it by {at_32_kb:+}; with
{bytes_16_kb / 1e3:.0f} KB, less than the recording takes, another is ahead by {at_16_kb:+}. More bytes bring
little: {at_128_kb:+} with {sizes.get(answer.get(128), np.nan) / 1e3:.0f} KB, and whether 512 KB are better than 128, with the same recipe, we cannot tell:
{more_bytes:+}. (Each of them is a research result and **not a medical device**.)
""")

# %% [markdown]
# ## One network, written out
#
# The first convolution takes every second sample. Then stages halve the length with a maximum and widen the network with
# one more convolution; a mean over time and one linear layer finish it. All of that exists as integer operators. The widths
# decide the bytes; these make a file of 16 KB. (Beside such *plain* networks there are *residual* ones, with two separable blocks a
# stage whose input is added to their output.)


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
# In chapter 6 a teacher gave one answer for the whole recording. Here teachers score the very crop that the student sees, at
# every step {cite:p}`beyer2022`. A crop that misses the one early heartbeat of a recording then has another answer than a crop
# that shows it; the label is the same for both.


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
# before the training begins. The temperature of 4 and the label weight of 0.2 were chosen by the AUC on fold 9, from single
# trainings that were stopped early and not kept.

# %% [markdown]
# ## What brings it there
#
# Teachers, patience, or the kind of network? At the size of 16 KB we trained the combinations: with **teachers** (the three
# students of 512 KB) or on labels alone; for **12 or 60 epochs**; with **plain** stages as above or **separable** ones, in which
# a filter for each channel and a mixture of channels follow each other. The files are of equal size, not the networks: the
# separable one has one stage less and 3,741 parameters instead of 6,373. The AUCs are those on fold 9, in float32, each the
# mean over three seeds and more:

# %%
KINDS, SOURCES, EPOCHS = ("plain", "separable"), ("taught", "labels"), (12, 60)
trials = {
    key: study.scores(model)
    for key in product(KINDS, SOURCES, EPOCHS)
    if (model := "trial_16_{}_{}_{}".format(*key)) in study.settings.models
}

# %% tags=["remove-input"]
table = {"learns from": np.repeat(["teachers", "labels"], 2), "epochs": EPOCHS * 2}
for kind in KINDS:
    cells = [trials.get((kind, *rest)) for rest in product(SOURCES, EPOCHS)]
    table[kind] = [fold_9.macro_auc(cell) if cell else np.nan for cell in cells]
tables.show(pd.DataFrame(table), dict.fromkeys(KINDS, "{:.4f}"))

# %% [markdown]
# An effect is the mean difference over all pairs of cells that differ in one thing only. Each AUC of a cell varies with the
# patients of fold 9, which all cells share, and with its seeds, which are unrelated from cell to cell; `combined` adds the
# two up ([how intervals are made](02_base_cnn.ipynb#how-intervals-are-made)).


# %%
def pairs(position, new, old):
    """Pairs of trials alike but for one factor: at `position` of their keys, one has `new`, the other `old`."""
    found = []
    for key in trials:
        reference = (*key[:position], old, *key[position + 1 :])
        if key[position] == new and reference in trials:
            found.append((key, reference))
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
}
effects = {name: mean_difference(each) for name, each in matched.items()}

# %% tags=["remove-input"]
rows = [
    (name, len(each), f"{effects[name]:+}", effects[name].verdict)
    for name, each in matched.items()
]
tables.show(
    pd.DataFrame(rows, columns=["what changes", "pairs", "AUC, fold 9", "verdict"])
)

# %% tags=["remove-input"]
by_teachers, by_epochs, by_kind = effects.values()
study.claim("08.teachers_help", by_teachers, above=0)
study.claim("08.60_epochs_instead_of_12", by_epochs, above=0)
study.claim("08.plain_ahead_of_separable", by_kind, above=0)
say(f"""
All three help: 60 epochs instead of 12 by {by_epochs:+}, teachers by {by_teachers:+}, plain stages instead of separable ones by
{by_kind:+}.
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
minutes = [run.history["seconds"].sum() / 60 for run in study.runs(taught)]
say(f"""
Patience costs a user of the file nothing, and its maker little: a network of 16 KB took {min(minutes):.0f} to {max(minutes):.0f}
minutes for 400 epochs ({processor()}, one thread, beside other work).
""")

# %% [markdown]
# ### Epochs or bytes?
#
# Bytes are paid by all who use a network, epochs once by its maker. The same recipe at four sizes and several lengths tells what
# each of them buys. The AUCs are those of the float32 networks on fold 9.

# %%
SIZES, LENGTHS = (16, 32, 64, 128), (60, 200, 300, 400)
for size, epochs in product(SIZES, LENGTHS):
    for name in (f"trial_{size}_plain_taught_{epochs}", f"compact_{size}_patient"):
        settings = study.settings.training.get(name)
        if settings and settings.epochs == epochs:
            trials[size, epochs] = study.scores(name)
lengths = {
    size: [(size, epochs) for epochs in LENGTHS if (size, epochs) in trials]
    for size in SIZES
}


def twice_the_epochs(keys):
    """What doubling the epochs brings: the slope of a least-squares line through trainings of one size."""
    doublings = np.log2([epochs for _, epochs in keys])
    centered = doublings - doublings.mean()
    return effect([*zip(centered / (centered**2).sum(), keys)])


by_more_epochs = {
    size: twice_the_epochs(keys) for size, keys in lengths.items() if len(keys) > 1
}
by_more_bytes = {
    size: effect([(1, (2 * size, 60)), (-1, (size, 60))])
    for size in SIZES
    if {(size, 60), (2 * size, 60)} <= {*trials}
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC on fold 9 against the length of the training, for four sizes of the same network with the same teachers. Dots are seeds, lines join their means.", "name": "fig-frontier-law"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.4))
colors = "#E69F00", "#009E73", "#0072B2", "#CC79A7"
for (size, keys), color in zip(lengths.items(), colors):
    for key in keys:
        each_seed = fold_9.y_score(trials[key])
        aucs = [macro_auc(fold_9.y_true, score) for score in each_seed]
        axis.plot([key[1]] * len(aucs), aucs, ".", color=color)
    means = [fold_9.macro_auc(trials[key]) for key in keys]
    axis.plot([key[1] for key in keys], means, ".-", color=color, label=f"{size} KB")
axis.set(xscale="log", xlabel="epochs", ylabel="macro AUC on fold 9")
axis.set_xticks(LENGTHS, [f"{epochs}" for epochs in LENGTHS])
axis.minorticks_off()
legend = figure.legend(loc="outside upper center", ncols=len(SIZES))

# %% tags=["remove-input"]
rows = [
    (
        f"{size} KB",
        ", ".join(f"{epochs}" for _, epochs in keys),
        f"{by_more_epochs[size]:+}" if size in by_more_epochs else "–",
        f"{by_more_bytes[size]:+}" if size in by_more_bytes else "–",
    )
    for size, keys in lengths.items()
    if size in by_more_epochs or size in by_more_bytes
]
columns = ["size", "epochs", "twice the epochs bring", "twice the bytes bring"]
tables.show(pd.DataFrame(rows, columns=columns))

# %% tags=["remove-input"]
epochs_16, epochs_32 = (by_more_epochs.get(size, nothing) for size in (16, 32))
bytes_16, bytes_32 = (by_more_bytes.get(size, nothing) for size in (16, 32))
study.claim("08.more_epochs_at_16_kb", epochs_16, above=0)
study.claim("08.more_epochs_at_32_kb", epochs_32, above=0)
study.claim("08.more_bytes_from_16_kb", bytes_16, above=0.002)
study.claim("08.more_bytes_from_32_kb", bytes_32, above=0, below=0.003)
say(f"""
(Three seeds or more each; what twice the bytes bring is at 60 epochs.) From 16 to 32 KB, bytes are worth
{bytes_16.value / epochs_16.value:.0f} doublings of the epochs: {bytes_16:+} against {epochs_16:+}. From there on it is close, {bytes_32:+}
against {epochs_32:+}: the small network wants more weights, the larger one has enough of them and wants patience.
""")

# %% [markdown]
# ### What else might help
#
# Ideas at 16 KB, each alone, against the recipe with the same 60 epochs. Shapes have about as many parameters as the one they are
# compared with, 6,373.

# %%
IDEAS = {
    "three stages instead of four, wider": "three_stages",
    "two stages, wider still": "two_stages",
    "kernels of 5 samples instead of 7, wider": "kernel_5",
    "teachers of 512 and of 128 KB": "teachers_two_sizes",
    "seven more teachers, which learned all statements": "teachers_statements",
    "statements as a further output, dropped afterwards": "further_head",
    "time stretched by up to 10 %": "stretch",
    "each of three groups of leads flat in a tenth of the crops": "lead_dropout",
    "a moving average of the weights over some eight passes": "averaged",
}
ideas = {
    idea: study.scores(f"trial_16_{name}")
    for idea, name in IDEAS.items()
    if f"trial_16_{name}" in study.settings.models
}
gains = {
    idea: fold_9.difference(each, trials[16, 60], pair_seeds=False)
    for idea, each in ideas.items()
}

# %% tags=["remove-input"]
rows = [
    (idea, len(ideas[idea].seed), f"{gain:+}", gain.verdict)
    for idea, gain in gains.items()
]
tables.show(pd.DataFrame(rows, columns=["idea", "seeds", "AUC, fold 9", "verdict"]))

# %% tags=["remove-input"]
three = gains.get("three stages instead of four, wider", nothing)
three_at_64 = nothing
if "trial_64_three_stages" in study.settings.models:
    pair = study.scores("trial_64_three_stages"), trials[64, 60]
    three_at_64 = fold_9.difference(*pair, pair_seeds=False)
study.claim("08.three_stages_ahead_at_16_kb", three, above=0)
study.claim("08.three_stages_ahead_at_64_kb", three_at_64, above=0)
at_length = nothing
if {"compact_16_three_stages_int8", "compact_16_patient_int8"} <= {*scores}:
    pair = scores["compact_16_three_stages_int8"], scores["compact_16_patient_int8"]
    at_length = fold_9.difference(*pair, pair_seeds=False)
study.claim("08.three_stages_ahead_at_length", at_length, above=0)
few = min((len(each.seed) for each in ideas.values()), default=0)
say(f"""
One of nine helps by more than the noise: three stages instead of four, {three:+}. A second trial, at 64 KB, where there is less to
gain, confirms it: {three_at_64:+}. The effects of the others are too small for {few} seeds. So students of 16 to 64 KB were trained
at length with three stages as well. At 16 KB, as int8 after 400 epochs, they are ahead of those with four by {at_length:+}; their
files are larger by {sizes.get("compact_16_three_stages_int8", np.nan) - sizes.get("compact_16_patient_int8", np.nan):,.0f} bytes.
""")

# %% [markdown]
# One setting in `config/models.yml` is all there is to each of these networks, and their teachers' weights are in the repository. With
# PTB-XL at hand, this trains one of 16 KB with another seed, in less than half an hour:
#
# ```
# make train MODEL=compact_16_three_stages SEED=7
# ```
#
# ## Teachers
#
# The first students learned from nine networks: the best single one of the field's benchmark {cite:p}`strodthoff2020`,
# resnet1d_wang {cite:p}`wang2017`, a base CNN, and convolutions followed by a recurrent network (GRU), three seeds each. They were
# trained on random windows of 2.5 s, and on mixtures of two records and of their labels (mixup {cite:p}`zhang2018`). A recording's
# probability is the mean over its windows.

# %%
panel = study.settings.training["compact_32_plain"].teachers
teachers = {name: study.scores(name) for name in panel}
together = Scores.stack_seeds([*teachers.values()]).ensemble()

# %% tags=["remove-input"]
table = {
    "network": [study.model(name).label for name in teachers],
    "seeds": [len(each.seed) for each in teachers.values()],
    "AUC, fold 10": [str(fold_10.auc(each)) for each in teachers.values()],
}
table = pd.DataFrame(table)
table.loc[len(table)] = ["all together", sum(table["seeds"]), fold_10.auc(together)]
tables.show(table)

# %% [markdown]
# Most of these nine networks' weights were not kept. A *second generation* of the student of 128 KB learned from networks whose
# weights are all in the repository: the three students of 512 KB, as assistants between the first teachers and the student
# {cite:p}`mirzadeh2020`, and a residual network {cite:p}`he2019`. The patient students learned from those of 512 KB alone.

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
# A monitor never stops recording and wants an answer each second. Most columns of the new window were computed for the one
# before; at its edges they differ, because every stage pads its input with zeros there to keep the length. *Without padding*, the
# columns of a window are those of the stream, and only the new ones have to be computed
# ([On a microcontroller](../firmware.md)). What does it cost? We trained the two smallest networks once more, without padding and
# else alike.
#
# The memory of a microcontroller holds the program as well. So there are two more networks without padding, for parts that have
# **8 and 16 KB of flash**, code and weights of the network together: with widths of 8, 12 and 24, and of 12, 24 and 44. (A
# .tflite file describes itself as well and is larger; *KB* below are its bytes.)

# %%
unpadded = {
    name: name.replace("stream", "patient")
    for name in students
    if name.endswith("_stream_int8")
}
for_streams = {
    name: fold_9.difference(scores[name], scores[padded], pair_seeds=False)
    for name, padded in unpadded.items()
    if padded in students
}

# %% tags=["remove-input"]
added = [name for name in students if "stream" in name or "flash" in name]
table = {
    "without padding": [study.model(name).label for name in added],
    "AUC, fold 10": [str(fold_10.auc(scores[name])) for name in added],
    "minus padded, fold 9": [
        f"{for_streams[name]:+}" if name in for_streams else "–" for name in added
    ],
    "AUC, fold 9": [f"{fold_9.macro_auc(scores[name]):.4f}" for name in added],
    "KB": [f"{sizes[name] / 1e3:.1f}" for name in added],
}
tables.show(pd.DataFrame(table))

# %% tags=["remove-input"]
of_16, of_32 = (
    for_streams.get(f"compact_{budget}_stream_int8", nothing) for budget in (16, 32)
)
study.claim("08.16_kb_without_padding_near", of_16, within=0.005)
study.claim("08.32_kb_without_padding_near", of_32, within=0.005)
of_8 = nothing
if 512 in answer and "compact_flash_8_int8" in scores:
    pair = scores["compact_flash_8_int8"], scores[answer[512]]
    of_8 = fold_10.difference(*pair, pair_seeds=False)
study.claim("08.8_kb_of_flash_near_the_best", of_8, within=0.02)
say(f"""
On fold 9 the networks without padding differ from the padded ones by {of_16:+} at 16 KB and by {of_32:+} at 32. Both intervals
contain zero, and neither lies within ±{EQUIVALENCE_MARGIN}: three seeds each cannot tell whether padding matters. The network whose code
and weights take 8 KB of flash, the rest of the program not included, is {of_8:+} from the best at 512 KB on fold 10.
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
# - a variant for **streams**: the best without padding of at most 32 KB.
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
        if name in candidates and for_streams[name].verdict.startswith("equivalent")
    ),
    micro,
)
chosen = {"default": default, "microcontroller": micro}
streams = [
    name
    for name in candidates
    if not students[name].settings.padding and sizes[name] <= 32 * 1024
]
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
larger = fold_10.difference(scores[default], scores[micro], pair_seeds=False)
study.claim("08.default_and_microcontroller_alike", larger, within=0.003)
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

On fold 10, which decides nothing here, the two differ by
{larger:+}: who has no use for the larger file loses nothing that we can measure.
""")

# %% [markdown]
# [Chapter 10](10_deployment.ipynb) calibrates and releases them.
#
# ## Aims, met and missed
#
# Aims for the mean over seeds on fold 10 were set before the first students, .918 at 16 KB to .933 at 512, and all met. Before the
# patient ones they were set again:

# %% tags=["remove-input"]
aims = {16: 0.930, 32: 0.935, 64: 0.936, 128: 0.937, 512: 0.938}
flash_aims = {8: 0.924, 16: 0.933}
reached = {
    f"{budget} KB": (fold_10.macro_auc(scores[name]), aims[budget])
    for budget, name in answer.items()
}
reached |= {
    f"{budget} KB of flash": (
        fold_10.macro_auc(scores[f"compact_flash_{budget}_int8"]),
        aim,
    )
    for budget, aim in flash_aims.items()
    if f"compact_flash_{budget}_int8" in scores
}
single = teachers | {one.source: study.scores(one.source) for one in students.values()}
best_float = max(single, key=lambda name: fold_9.macro_auc(single[name]))
reached["best on fold 9, float32"] = fold_10.macro_auc(single[best_float]), 0.938
reached["nine teachers together"] = fold_10.macro_auc(together), 0.941
table = {
    "network": [*reached],
    "AUC, fold 10": [f"{auc:.4f}" for auc, _ in reached.values()],
    "aim": [
        f"{aim:.3f}, {'met' if auc >= aim else 'missed'}"
        for auc, aim in reached.values()
    ],
}
tables.show(pd.DataFrame(table))

# %% tags=["remove-input"]
furthest = nothing
if 512 in answer:
    furthest = fold_10.difference(scores[answer[512]], together, pair_seeds=False)
study.claim("08.teachers_together_ahead_of_students", furthest, below=0)
missed = [aim - auc for auc, aim in reached.values() if auc < aim]
study.claim("08.aims_within_reach", max(missed, default=0), below=0.005)
say(f"""
{len(missed)} of {len(reached)} are missed, by {max(missed, default=0):.4f} at most. The student of 512 KB is {furthest:+} from the nine
teachers together, and would have to be better than what it learns from. (The best in float32 is *{study.model(best_float).label}*.)
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
    costs = sizes[name] / 1e3, footprint.arena_bytes / 1e3, macs / 1e6, timing.ms(name)
    on_9 = f"{fold_9.macro_auc(scores[name]):.4f}"
    rows.append((study.model(name).label, *costs, on_9, f"{rounding[name]:+}"))
columns = (
    "student|KB|arena, KB|million MACs|ms per record|AUC, fold 9|int8 minus float32"
)
shown = {
    "KB": "{:.1f}",
    "arena, KB": "{:.1f}",
    "million MACs": "{:.2f}",
    "ms per record": "{:.3f}",
}
tables.show(pd.DataFrame(rows, columns=columns.split("|")), shown)

# %% tags=["remove-input"]
worst = min(rounding.values(), key=lambda change: change.value)
study.claim("08.rounding_costs_little", worst, above=-0.002)
say(f"""
The arena is the RAM that tflite-micro's interpreter takes; a million MACs are a million multiplications, each with an
addition; the time is that of the .tflite file on this machine ({processor()}), on one thread. Rounding to int8 changes the AUC on
fold 10 by {worst:+} in the worst case, so that training with rounding was not tried.
""")

# %% [markdown]
# ## Limits
#
# - The weights of a training are those of its best epoch on fold 9, and the effects above are measured on fold 9 as well. A
#   training of 400 epochs has more epochs to choose from than one of 12, which flatters it a little.
# - The base CNN learned from labels alone. What a network of 26 MB would reach with teachers was not tried, and the nine first
#   teachers together are still ahead of every student.
# - Longer trainings may reach more. 1,000 epochs were not tried, nor more than 60 with four stages at 64 KB and above, nor three
#   stages above 64 KB.
# - Widths were chosen by their bytes, and not searched for. What was found at 16 KB may differ at other sizes.
# - The effects are tested without a correction for their number. Temperature and label weight were not part of the trial.
# - All of it is one data set. [Chapter 11](11_travel.ipynb) asks whether the chosen two hold elsewhere.
#
# ## What we learned
#
# - On PTB-XL's five superclasses a well-taught network of 15 KB, less than one recording takes, is ahead of one of 26 MB that
#   learned from labels alone.
# - A small network needs epochs and teachers, and they cost minutes. Of nine further ideas one helped: fewer and wider stages.
# - A network whose code and weights take 8 KB of flash is less than 0.02 of AUC behind the best.
# - With the same recipe, four times the weights, 512 instead of 128 KB, bring less than we can measure.
# - Write down the rule of choice, and let it choose. It took an eighth of the bytes of the student that is best on fold 9.
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
