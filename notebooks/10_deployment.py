# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10. Use it
#
# **Question.** A network gives five numbers for a recording. What do they mean, which decisions follow from them, and what
# does a wrong decision cost?
#
# **Prerequisites.** The data of [chapter 1](01_dataset.ipynb) and the two students that [chapter 8](08_frontier.ipynb) selected
# on fold 9, one for computers and one for microcontrollers. With finished trainings at hand the chapter takes a few minutes.
#
# This chapter makes them ready for use: it turns scores into probabilities and probabilities into decisions, measures both, and
# writes what the [model cards](../models) say. Temperature and thresholds are chosen on fold 9 and measured on fold 10. Nothing
# here is a medical device.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from ecglib.book import plots, tables
from ecglib.book.alt_text import set_alt_text
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecglib.book.prose import introduce, say
from ecglib.compression import tflite_files, tflite_micro
from ecglib.evaluation import calibration
from ecglib.evaluation.bootstrap import Estimate, combined, percentile
from ecglib.study import measuring, release
from ecglib.study.study import open_study
from ecglib.training.runs import processor
from ecgpredict import c_header, examples, prediction, released
from ecgpredict.spec import CLASSES, positions

plots.style()
study = open_study(profile)
fold_9, fold_10 = study.evaluation_set(9), study.evaluation_set(10)
introduce(study)

# %% [markdown]
# ## From a recording to five numbers
#
# Each selected student becomes two files from the same training: a .tflite file with int8 weights, which computes in integers
# throughout, for microcontrollers and browsers, and an ONNX file for computers, whose weights have 7 bits
# ([chapter 5](05_quantization.ipynb)). III, aVR, aVL and aVF are sums of I and II: for the microcontroller their weights are
# added to those of I and II before rounding, so that its file takes eight leads.

# %%
selection = release.selection(study)
candidates = {"default": release.make(study, selection["default"])}
eight = selection["microcontroller"] != selection["default"]
candidates["microcontroller"] = release.make(
    study, selection["microcontroller"], folded=eight
)
model, small = candidates["default"], candidates["microcontroller"]

# %% tags=["remove-input"]
say(f"""
From here on, *the model* is **{model.name}** and *the small one* **{small.name}**. The numbers below are those of the .tflite
file unless they name the other.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The first recording of fold 10 with a myocardial infarction among its labels, as the model gets it: 12 leads, 10 seconds, 100 samples a second.", "name": "fig-use-recording"}}
mi = CLASSES.index("MI")
test = study.data.in_folds(10)
position = int(np.flatnonzero(test.labels[:, mi])[0])
figure = plots.record_on_paper(test, position)

# %% [markdown]
# Between the recording and the decision lie a few lines of arithmetic. Voltages are normalized and rounded to integers, the
# file computes with integers, and its five outputs, integers from −128 to 127, stand for probabilities. LiteRT's
# reference implementation does that here; the C code and the browser page repeat its results bit by bit.

# %%
millivolts = test.millivolts([position])[0]  # (1000 samples, 12 leads)
interpreter = tflite_files.interpreter(model.tflite, reference=True)
(source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()

normalized = model.run.normalization(millivolts)
scale, zero = source["quantization"]
integers = np.clip(np.round(normalized / scale) + zero, -128, 127).astype(np.int8)

interpreter.set_tensor(source["index"], integers.reshape(source["shape"]))
interpreter.invoke()
outputs = interpreter.get_tensor(sink["index"])[0]

scale, zero = sink["quantization"]
raw = (outputs.astype(float) - zero) * scale
print(dict(zip(CLASSES, raw.round(3).tolist())))

# %% tags=["hide-input"]
timed = {each.name: each.onnx for each in candidates.values()}
timed |= {f"{each.name} float32": each.float_file for each in candidates.values()}
timing = measuring.time_files(
    study, timed, {name: f"{name} float32" for name in timed if "float32" not in name}
)
rows = []
for each in (model, small):
    size, auc = tflite_micro.footprint(each.tflite), fold_10.auc(each.scores)
    sizes = (size.file_bytes, each.onnx.stat().st_size, size.arena_bytes)
    rows.append((each.name, *sizes, timing.ms(each.name), f"{auc:.3f}"))
columns = [
    "model",
    ".tflite, bytes",
    ".onnx, bytes",
    "arena, bytes",
    "ms",
    "AUC, fold 10",
]
tables.show(pd.DataFrame(rows, columns=columns), {"ms": "{:.2f}"})

# %% tags=["remove-input"]
rounding = {
    each.name: fold_10.difference(each.scores, each.run.scores)
    for each in (model, small)
}
study.claim("10.integers_cost_the_default_nothing", rounding[model.name], within=0.002)
study.claim(
    "10.integers_cost_the_small_one_nothing", rounding[small.name], within=0.002
)
say(f"""
The *arena* is the RAM that tflite-micro's interpreter takes. *ms* is the time of the ONNX file for one recording on one
thread of this processor ({processor()}), where chapter 8 gives that of the .tflite file: {timing.speedup(model.name).value:.1f} and {timing.speedup(small.name).value:.1f} times
as fast as the same networks in float32. Against those the integers change the AUC by
{rounding[model.name]:+} in **{model.name}** and {rounding[small.name]:+} in **{small.name}**: both *equivalent within 0.002*.
""")

# %% [markdown]
# ## Are the numbers probabilities?
#
# Of a hundred recordings to which the model gives 0.3 for a finding, thirty should have it. A network that orders recordings
# well can still miss that, because an AUC only looks at the order. The usual remedy is a single number, a *temperature* that
# divides the logits {cite:p}`guo2017`: above 1 it makes a network more modest, below 1 more sure. We take the one with the
# smallest loss on fold 9.


# %%
def logit(score):
    score = np.clip(score, 1e-6, 1 - 1e-6).astype(float)
    return np.log(score / (1 - score))


def with_temperature(score, temperature):
    """Probabilities whose logits are divided by a temperature."""
    return 1 / (1 + np.exp(-logit(score) / temperature))


def fit_temperature(score, labels):
    """The temperature with the smallest cross-entropy, one for all superclasses."""

    def loss(log_temperature):
        probability = with_temperature(score, np.exp(log_temperature))
        return log_loss(labels.ravel(), probability.ravel())

    return np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)


(score_9,), (score_10,) = (fold.y_score(model.scores) for fold in (fold_9, fold_10))
temperature = fit_temperature(score_9, fold_9.y_true)
probability_9, probability_10 = (
    with_temperature(score, temperature) for score in (score_9, score_10)
)
print(f"temperature {temperature:.3f}")

# %% [markdown]
# Did it help? Three measures, all on fold 10. The *calibration slope* {cite:p}`cox1958` is the factor by which the logits have
# to be multiplied to fit the labels: above 1 the network is too modest, below 1 too sure of itself. The *expected calibration
# error* is the distance between predicted and observed frequencies, averaged over fifteen bins. The *Brier score* is the mean
# squared error of a probability, in which order and calibration count together.


# %%
def slope(probability, labels):
    """Of the labels' logistic regression on the logits."""
    x = logit(probability).reshape(-1, 1)
    return LogisticRegression(C=np.inf).fit(x, labels.ravel()).coef_[0, 0]


def calibration_error(probability, labels, bins=15):
    """Mean distance of predicted and observed in bins, each superclass by itself."""
    total = 0
    for score, actual in zip(probability.T, labels.T):
        index = np.minimum((score * bins).astype(int), bins - 1)
        gaps = np.bincount(index, score - actual, bins)  # sums over a bin's records
        total += np.abs(gaps).sum() / labels.size
    return total


brier = np.mean((probability_10 - fold_10.y_true) ** 2)
print(
    f"slope {slope(probability_10, fold_10.y_true):.3f}, "
    f"calibration error {calibration_error(probability_10, fold_10.y_true):.4f}, Brier score {brier:.4f}"
)

# %% [markdown]
# With intervals over patients, before and after:

# %% tags=["hide-input"]
cards = {
    each.name: release.card(study, each, latency_ms=timing.ms(each.name))
    for each in (model, small)
}
measured = {
    (name, when, group): {key: Estimate(**value) for key, value in values.items()}
    for name, card in cards.items()
    for when, groups in card["calibration"].items()
    for group, values in groups.items()
}
rows = [
    (name, when, f"{one['slope']:.2f}", f"{one['ece']:.3f}", f"{one['brier']:.4f}")
    for (name, when, group), one in measured.items()
    if group == "all"
]
columns = ["model", "temperature", "slope", "calibration error", "Brier score"]
tables.show(pd.DataFrame(rows, columns=columns))

# %% tags=["remove-input"]
before, after = (measured[model.name, when, "all"] for when in ("before", "after"))
of_small = measured[small.name, "before", "all"]
changes = []
for measure in (calibration.calibration_errors, calibration.brier_scores):
    values, resampled = measure(
        np.stack([probability_10, score_10]), fold_10.y_true, fold_10.resampling
    )
    changes.append(
        combined([(values[:1], resampled[:1]), (-values[1:], -resampled[1:])])
    )
error_change, brier_change = changes
study.claim("10.the_model_is_too_modest", before["slope"], above=1)
study.claim("10.the_small_one_is_too_modest", of_small["slope"], above=1)
study.claim("10.the_temperature_mends_the_slope", after["slope"], above=0.9, below=1.1)
study.claim("10.the_calibration_error_hardly_changes", error_change, within=0.02)
study.claim("10.the_brier_score_stays", brier_change, within=0.001)
say(f"""
Both students are too modest, with slopes of {before["slope"].value:.2f} and {of_small["slope"].value:.2f}; whether the soft
labels are the reason was not tested. A temperature of {temperature:.2f} mends the slope of **{model.name}**. Its calibration
error changes by {error_change:+}, *{error_change.verdict}*, and its Brier score by {brier_change:+}, *equivalent within 0.001*.
What is wrong with a probability is mostly that the model cannot tell the recordings apart any better, and no temperature helps
there.
""")

# %% [markdown]
# Does one number serve all five superclasses?

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Calibration slope of each superclass on fold 10 before and after the one temperature, with 95 % intervals over patients. Right of the line the model is too modest, left of it too sure.", "name": "fig-use-slopes"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.4))
groups = ("all", *CLASSES)
for when, color, shift in (("before", "#999999", -0.14), ("after", "#000000", 0.14)):
    shown = [measured[model.name, when, group]["slope"] for group in groups]
    ends = np.array([(one.value - one.low, one.high - one.value) for one in shown]).T
    rows = np.arange(len(groups)) + shift
    axis.errorbar(
        [one.value for one in shown], rows, xerr=ends, fmt="o", color=color, label=when
    )
axis.axvline(1, color="#777777", linestyle="--", linewidth=1)
axis.set(xlabel="calibration slope", yticks=range(len(groups)), yticklabels=groups)
axis.invert_yaxis()
axis.legend(title="temperature", loc="lower right")
told = [
    f"{group} {measured[model.name, 'after', group]['slope']:.2f}" for group in groups
]
figure = set_alt_text(
    figure,
    f"Calibration slopes of {model.name} after the temperature, with 95 % intervals: {'; '.join(told)}.",
)

# %% tags=["remove-input"]
first, last = (
    calibration.calibration_slopes(
        probability_10[None, :, [column]],
        fold_10.y_true[:, [column]],
        fold_10.resampling,
    )
    for column in (CLASSES.index("NORM"), CLASSES.index("HYP"))
)
apart = combined([first, tuple(-part for part in last)])
study.claim("10.superclasses_differ_in_slope", apart, above=0)
say(f"""
Not quite. The slope of NORM is {first[0][0]:.2f} and that of HYP {last[0][0]:.2f}, a difference of {apart.value:.2f}
({apart.low:.2f} to {apart.high:.2f}). A temperature for each superclass would be five numbers from the same fold. And all of
this is about PTB-XL: where other people are recorded, the share of each finding changes, which no temperature repairs.
""")

# %% [markdown]
# [Chapter 11](11_travel.ipynb) shows what happens elsewhere, and what a hundred local recordings can do about it.
#
# ## From a probability to a decision
#
# A threshold turns a probability into a yes or a no. Without any other wish one takes the threshold with the best F1, the
# harmonic mean of sensitivity and positive predictive value (PPV), on fold 9:


# %%
def best_f1(probability, labels):
    """The threshold with the best F1 of one superclass."""
    limits = np.unique(probability)  # integers have 256 answers at most
    alarms = [probability >= limit for limit in limits]
    f1 = [2 * (alarm & labels).sum() / (alarm.sum() + labels.sum()) for alarm in alarms]
    return limits[np.argmax(f1)]


thresholds = np.array(
    [best_f1(*columns) for columns in zip(probability_9.T, fold_9.y_true.T)]
)
decided = probability_10 >= thresholds

# %% tags=["hide-input"]
by_class = cards[model.name]["superclasses"]
rows = []
for name, row in by_class.items():
    shown = (
        Estimate(**row[key]) for key in ("sensitivity", "specificity", "precision")
    )
    rows.append((name, row["threshold"], *(f"{one:.2f}" for one in shown)))
columns = ["superclass", "threshold", "sensitivity", "specificity", "PPV"]
tables.show(pd.DataFrame(rows, columns=columns), {"threshold": "{:.2f}"})

# %% tags=["remove-input"]
sensitivity, specificity, infarction_ppv = (
    Estimate(**by_class["MI"][key])
    for key in ("sensitivity", "specificity", "precision")
)
enlarged_ppv = Estimate(**by_class["HYP"]["precision"])
rare = 0.02
rare_ppv = (
    rare
    * sensitivity.value
    / (rare * sensitivity.value + (1 - rare) * (1 - specificity.value))
)
study.claim("10.mi_sensitivity", sensitivity, above=0.65)
study.claim("10.mi_specificity", specificity, above=0.8)
study.claim("10.hyp_alarms", enlarged_ppv, below=0.8)
shown = int(np.flatnonzero(fold_10.ecg_id == test.ecg_id[position])[0])
answer = ", ".join(np.array(CLASSES)[decided[shown]]) or "no finding"
labels = ", ".join(np.array(CLASSES)[fold_10.y_true[shown]])
say(f"""
The recording at the top gets a probability of {probability_10[shown, mi]:.2f} for MI, and the threshold is
{thresholds[mi]:.2f}. The model answers {answer}; its labels are {labels}. **Not a medical device.**

**{model.name}** finds {100 * sensitivity.value:.0f} of 100 infarctions ({100 * sensitivity.low:.0f} to
{100 * sensitivity.high:.0f}) and raises a false alarm in {100 * (1 - specificity.value):.0f} of 100 recordings without one.
HYP is the weakest: of ten alarms, {10 * (1 - enlarged_ppv.value):.0f} are false. A PPV belongs to a population. In
fold 10, {100 * by_class["MI"]["prevalence"]:.0f}\u00a0% of the recordings show an infarction; where {100 * rare:.0f}\u00a0% do,
the same sensitivity and specificity would give a PPV of {rare_ppv:.2f} instead of {infarction_ppv.value:.2f}. The
numbers of **{small.name}** are on its card.
""")

# %% [markdown]
# ## What a wrong threshold costs
#
# F1 implies a trade-off between the two errors that nobody chose. Suppose instead that someone can say what they cost: a missed
# infarction is as bad as $r$ false alarms. Then the best threshold needs no data at all, only honest probabilities. An alarm
# pays as soon as the expected cost of silence, $r\,p$, exceeds that of an alarm, $1-p$:
#
# $$p \ge \frac{1}{1+r}.$$
#
# :::{admonition} Predict first
# :class: predict
# A miss costs as much as ten false alarms. What does it cost to decide at the threshold of the best F1 all the same?
#
# - hardly more than at the best threshold
# - about twice as much
# - ten times as much
# :::


# %%
def cost(threshold, price):
    """Of each recording of fold 10: `price` for a missed infarction, 1 for a false alarm."""
    alarm, sick = probability_10[:, mi] >= threshold, fold_10.y_true[:, mi]
    return price * (~alarm & sick) + (alarm & ~sick)


grid, prices = np.linspace(0.005, 0.995, 199), (1, 3, 10)
costs = {
    price: 100 * np.array([cost(t, price).mean() for t in grid]) for price in prices
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Cost of 100 recordings of fold 10 against the threshold for MI, in false alarms, if a missed infarction costs as much as 1, 3 or 10 of them. Dots: the threshold that the price alone gives. Dashed line: the threshold of the best F1.", "name": "fig-use-cost"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.8))
for price, color in zip(
    prices, (CLASS_COLORS["NORM"], CLASS_COLORS["HYP"], CLASS_COLORS["MI"])
):
    axis.plot(grid, costs[price], color=color, label=f"{price}")
    axis.plot(
        1 / (1 + price),
        100 * cost(1 / (1 + price), price).mean(),
        "o",
        color=color,
        markersize=9,
    )
axis.axvline(thresholds[mi], color="#555555", linestyle="--", linewidth=1)
axis.set(
    xlabel="threshold", ylabel="cost of 100 recordings", xlim=(0, 1), ylim=(0, 100)
)
axis.legend(title="price of a miss", loc="upper right")
told = [
    f"at a price of {price} it is {costs[price].min():.0f} at {grid[costs[price].argmin()]:.2f}"
    for price in prices
]
figure = set_alt_text(
    figure,
    f"Cost of 100 recordings against the threshold for MI. Least cost: {', '.join(told)}.",
)

# %% tags=["remove-input"]
price, sick = 10, fold_10.y_true[:, mi]
(small_10,) = fold_10.y_score(small.scores)
small_alarm = with_temperature(small_10, small.fitted[0])[:, mi] >= 1 / (1 + price)
priced, searched = cost(1 / (1 + price), price), cost(thresholds[mi], price)
cheap = price * (~small_alarm & sick) + (small_alarm & ~sick)
columns = np.stack([priced, searched, cheap, np.ones(len(sick))], axis=1)
totals = fold_10.resampling.totals(columns)
wrong, smaller, smaller_against_wrong = (
    percentile(
        100 * (columns[:, column] - columns[:, reference]).mean(),
        100 * (totals[:, column] - totals[:, reference]) / totals[:, 3],
    )
    for column, reference in ((1, 0), (2, 0), (2, 1))
)
best = costs[price].min()
ratio, priced_ratio = 100 * searched.mean() / best, 100 * priced.mean() / best
study.claim("10.f1_costs_about_twice_as_much", ratio, above=1.5, below=2.5)
study.claim("10.a_price_is_near_the_best", priced_ratio, below=1.15)
study.claim("10.a_wrong_threshold_costs", wrong, above=0)
study.claim(
    "10.the_right_price_beats_the_larger_network", smaller_against_wrong, below=0
)
say(f"""
If a miss costs ten, 100 recordings cost {100 * searched.mean():.1f} false alarms at the threshold of the best F1,
{100 * priced.mean():.1f} at 1/11, and at no threshold less than {best:.1f}. That is {ratio:.1f} times the least cost, so the
second answer was right. The best F1, at {thresholds[mi]:.2f}, is a price in disguise: it behaves as if a miss cost
{(1 - thresholds[mi]) / thresholds[mi]:.1f} false alarms. That is what calibration is for: with honest probabilities a
threshold follows from what errors cost, and need not be searched again for every purpose.

A wrong price costs more than a smaller network. **{small.name}** in place of **{model.name}**, both at 1/11, changes the cost
by {smaller:+.1f}, *{smaller.verdict}*; the threshold of the best F1 in place of 1/11 changes it by {wrong:+.1f}.
""")

# %% [markdown]
# What a miss costs is not for a network to decide.
#
# ## Variants
#
# [Chapter 8](08_frontier.ipynb) selected a network for streams as well, and [chapter 9](09_statements.ipynb) further students: one
# that names statements, and some for recordings with fewer leads. They are released beside the two, calibrated in the same way.
# A statement gets a threshold only if 20 recordings of fold 9 have it; of the others the model gives probabilities alone. Each
# entry of the manifest says what a variant costs: the macro AUC of the superclasses on fold 10, minus that of its reference, which
# is the model for the one with statements, and for the others the small one.

# %%
others = selection | release.selection(study, release.VARIANTS)
variants, described = {}, {}
for role in [role for role in others if role not in candidates]:
    variants[role] = each = release.make(study, others[role], folded=role == "stream")
    kind = role if role in ("statements", "stream") else "leads"
    labels = [label for label in each.scores.classes if label.startswith("SCP ")]
    reference = model if kind == "statements" else small
    paid = fold_10.difference(each.scores, reference.scores, pair_seeds=False)
    own = study.evaluation_set(10, labels or CLASSES).auc(each.scores)
    described[each.name] = {
        "role": kind,
        "leads": list(study.settings.training[each.student].leads),
        "classes": list(each.scores.classes),
        "auc": {
            "macro": own.value,
            "reference": reference.name,
            "difference": [paid.value, paid.low, paid.high],
        },
    }

# %% tags=["remove-input"]
epochs = {
    each.name: study.settings.training[each.student].epochs
    for each in (*variants.values(), model, small)
}
rows = [
    (
        each.name,
        f"{described[each.name]['auc']['macro']:.3f}",
        f"{Estimate(*described[each.name]['auc']['difference']):+}",
        ", ".join(each.leads) if len(each.leads) < 12 else "all twelve",
        f"{each.tflite.stat().st_size / 1e3:.0f}",
        epochs[each.name],
    )
    for each in variants.values()
]
columns = [
    "model",
    "AUC, fold 10",
    "superclasses, minus reference",
    "leads",
    "KB",
    "epochs",
]
tables.show(pd.DataFrame(rows, columns=columns))

# %% [markdown]
# The AUC of the model with statements is the mean over all statements that occur in fold 10, that of the others over the
# superclasses; how well it finds each statement at its threshold stands [beside the cards](../models).

# %% tags=["remove-input"]
statements = variants["statements"]
labels = statements.scores.classes
count = [sum(name.startswith(kind) for name in labels) for kind in ("SCP", "subclass")]
say(f"""
**{statements.name}** has thresholds for {np.isfinite(statements.fitted[1]).sum()} of its {len(labels)} outputs, which are
{count[0]} statements, {count[1]} subclasses and {len(CLASSES)} superclasses. A variant that was trained for fewer
epochs than its reference (**{model.name}** {epochs[model.name]}, **{small.name}** {epochs[small.name]}) may pay for that as well.
""")

# %% [markdown]
# Chapter 9 compares like with like ([the ladder](09_statements.ipynb)).
#
# ## Three places to run it
#
# Files, temperature and thresholds go into one folder with a manifest. It states each file's SHA-256, the leads, length and
# scale of its input, and a file that does not match is refused.

# %%
folder = release.write(study, {**candidates, **variants}, described)
opened = released.load(where=folder)
assert np.allclose(opened.thresholds, thresholds), (
    "the package chooses what this chapter shows"
)

# %% [markdown]
# **On a command line** `ecglib predict RECORD…` reads clinical formats, resamples, cuts windows of ten seconds, averages their
# probabilities and warns of defects; `--report` writes a page to print. The same in Python, on four synthetic recordings: one has
# eight leads only, in one an electrode is off. (The model learned from real ECGs; its answers here only show how it is used.)

# %%
recordings = examples.write(study.paths.artifacts / "deployment" / "recordings")
for each in prediction.classify(
    prediction.find_recordings([recordings]), opened, units="mV"
):
    answer = each.error.split("\n")[0] or ", ".join(each.findings) or "no finding"
    print(f"{each.path.name}: {answer}", *each.quality_warnings, sep="\n    ")

# %% [markdown]
# **In a browser** [the classify page](../classify) runs the same integers in JavaScript; no recording leaves the computer.
#
# **On a microcontroller** `ecglib firmware` writes the network as C code without an interpreter, and
# [a page of its own](../firmware) says what it needs. For firmware that runs tflite-micro {cite:p}`david2021`, `ecglib header`
# writes bytes, scales and thresholds:

# %%
file, entry = released.load_verified(small.name, folder, released.TFLITE)
print("\n".join(c_header.c_header(file, entry, "ecg_model").splitlines()[:19]))

# %% tags=["remove-input"]
probe = study.data.in_folds(9).sample(50, seed=0)
scored = np.flatnonzero(np.isin(model.scores.ecg_id, probe.ecg_id))
drift = 0.0
for each in (model, small):
    inputs = each.run.normalization(probe.millivolts(slice(None)))
    score = tflite_micro.predict(each.tflite, inputs[..., positions(each.leads)])
    drift = max(drift, float(np.abs(score - each.scores.score[0, scored]).max()))
study.claim("10.tflite_micro_agrees", drift, below=1 / 512)
say(f"""
On {len(probe)} recordings of fold 9 tflite-micro's outputs are LiteRT's, to the last step.
""")

# %% [markdown]
# ### Does ONNX Runtime say the same?
#
# The C code and the browser compute the integers to which temperature and thresholds were fitted. `ecglib predict` runs the ONNX
# file, which rounds at other places, and decides with the same temperature and thresholds. How many decisions differ, and would
# it be better to fit both to the ONNX file?


# %%
def fit(scores):
    """Temperature and thresholds from fold 9."""
    (score,) = fold_9.y_score(scores)
    best = fit_temperature(score, fold_9.y_true)
    probability = with_temperature(score, best)
    pairs = zip(probability.T, fold_9.y_true.T)
    return best, np.array([best_f1(*pair) for pair in pairs])


def decide(scores, temperature, thresholds):
    """Decisions on fold 10, (records, superclasses)."""
    (score,) = fold_10.y_score(scores)
    return with_temperature(score, temperature) >= thresholds


changed = []  # decisions of each record that differ, shared and anew
for each in (model, small):
    fitted = fit(each.scores)
    integers = decide(each.scores, *fitted)
    shared = decide(each.onnx_scores, *fitted) != integers
    anew = decide(each.onnx_scores, *fit(each.onnx_scores)) != integers
    print(f"{each.name}: {shared.sum()} differ, fitted anew {anew.sum()}")
    changed.append(np.stack([shared.sum(axis=1), anew.sum(axis=1)], axis=1))

# %% tags=["hide-input"]
of_files = {each.name: cards[each.name]["onnx"] for each in (model, small)}
of_files[statements.name] = release.of_files(study, statements)
shares = {
    name: files["decisions_that_differ"] / max(1, files["decisions"])
    for name, files in of_files.items()
}
rows = [
    (
        name,
        f"{files['decisions_that_differ']:,} of {files['decisions']:,}",
        f"{100 * shares[name]:.1f}\u00a0%",
        *(f"{files['sensitivity'][kind]:.2f}" for kind in ("tflite", "onnx")),
    )
    for name, files in of_files.items()
]
columns = ["model", "decisions that differ", "share", "MI, .tflite", "MI, ONNX"]
tables.show(pd.DataFrame(rows, columns=columns))

# %% tags=["remove-input"]
changes = {
    name: Estimate(**cards[name]["onnx"]["auc_change"])
    for name in (model.name, small.name)
}
columns = np.column_stack([sum(changed), np.full(len(fold_10), len(CLASSES))])
totals = fold_10.resampling.totals(columns)
of_shared, of_anew = columns[:, :2].mean(axis=0) / len(CLASSES) / len(changed)
more = percentile(
    of_anew - of_shared, (totals[:, 1] - totals[:, 0]) / totals[:, 2] / len(changed)
)
pairs = [files["sensitivity"] for files in of_files.values()]
moved = [abs(pair["onnx"] - pair["tflite"]) for pair in pairs]
named = release.statements(study, statements.scores, *statements.fitted)
of_variant = {"statements": named, "onnx": of_files[statements.name]}
release.write_cards(study, candidates, cards, {statements.name: of_variant})
study.claim("10.onnx_runtime_on_the_default", changes[model.name], within=0.002)
study.claim("10.onnx_runtime_on_the_small_one", changes[small.name], within=0.002)
study.claim("10.onnx_runtime_changes_few_decisions", max(shares.values()), below=0.02)
study.claim("10.fitting_anew_is_no_remedy", more, above=-0.002)
say(f"""
The AUC of **{model.name}** changes by {changes[model.name]:+}, that of **{small.name}** by {changes[small.name]:+}: *equivalent
within 0.002*. Fewer than two in a hundred decisions differ. They need not be balanced, though: the sensitivity for MI, in the
last two columns, moves by up to {100 * max(moved):.1f} percentage points, and an AUC does not see that.

Fitting anew is no remedy. F1 is flat around its best, so that a few recordings of fold 9 choose the threshold. With numbers of
its own the ONNX file changes {100 * of_anew:.1f}\u00a0% of the two models' decisions, with the shared ones
{100 * of_shared:.1f}\u00a0%. So both files have one temperature and one set of thresholds, those of the integers.
""")

# %% [markdown]
# ## What we learned
#
# - A temperature makes probabilities honest on average. It makes them no sharper, and it does not serve every superclass alike.
# - With honest probabilities a threshold follows from what errors cost. A threshold taken from a paper carries someone's price.
# - Sensitivity and specificity describe a model at a threshold, a PPV describes it in a population.
# - Another file of the same training has the same AUC and not always the same decisions. Count them in the file that will run.
#
# **Next:** [does it travel?](11_travel.ipynb) Everything here was measured on the data set that the models learned from.

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises.ipynb) are executed on the sample records.
#
# 1. **One error fixed.** Choose the threshold for MI so that 95 % of the infarctions of fold 9 are found, and another at which nine
#    of ten recordings without an infarction raise no alarm there. What does each cost, and does it hold on fold 10?
# 2. **The price of a threshold.** Write the price of a miss as a function of a threshold. Which superclass's best F1 behaves as
#    if a miss were cheapest?
# 3. **A loose electrode.** Set lead V2 of a recording to zero. What do the quality warnings say, and how far do the
#    probabilities move?
