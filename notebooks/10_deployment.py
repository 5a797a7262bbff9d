# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10. Deployment
#
# **Question.** A score is not yet an answer. What do the small model's probabilities mean, which decisions follow from them,
# and on which devices does it run?
#
# **Prerequisites.** The data of [chapter 1](01_dataset) and the distilled student of [chapter 6](06_distillation). With finished
# trainings at hand the chapter takes a few minutes.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.data.ptbxl import CLASSES
from ecglib.study import release
from ecglib.study.analyses import deployment, microcontrollers
from ecglib.study.study import open_study
from ecgpredict import c_header, released

plots.style()
study = open_study(profile)

# %% [markdown]
# ## Calibration
#
# The released model is the distilled student as int8. Of a hundred records to which it gives a probability of 0.3, thirty
# should have the finding. The expected calibration error (ECE) is the distance from that, averaged over bins of
# probabilities. A single number, a temperature that divides the logits {cite:p}`guo2017`, is fitted on fold 9.

# %%
calibrated = deployment.open_calibrated(study, "student_distilled_int8")
figure = plots.reliability(calibrated.reliability())

# %% [markdown]
# ## Decisions
#
# A threshold turns a probability into a yes or a no. For each superclass we take the threshold with the best F1 on fold 9;
# F1 is the harmonic mean of sensitivity and precision (positive predictive value). On fold 10 they give:

# %%
tables.show(calibrated.decisions())

# %% [markdown]
# Other uses need other thresholds: a monitor that must not miss an infarction takes a lower one and accepts more false
# alarms. The result of any threshold can be computed from the scores in `results/`.
#
# ## The released model

# %% [markdown]
# The file is released with a manifest: its SHA-256, its input (leads, length, sampling rate, scale) and what is needed to
# use its output (temperature, thresholds). Everything below opens it through the manifest, and a file that does not match
# is refused.

# %%
candidates = {
    role: release.make(study, selected)
    for role, selected in release.selection(study).items()
}
model = released.load(where=release.write(study, candidates))
cards = {each.name: release.card(study, each) for each in candidates.values()}
release.write_cards(study, candidates, cards)

# %% [markdown]
# Four synthetic recordings, none of them from a patient. Two are of good quality, one of these at 500 Hz with its leads in another
# order; the other two have defects. The model was trained on real ECGs: its predictions for these recordings only show how it
# is used.

# %%
classified = deployment.classified_examples(study, model)
tables.show(classified, dict.fromkeys(CLASSES, "{:.2f}"))

# %% [markdown]
# On the command line `ecglib predict RECORD…` does the same, and in a browser [this page](../classify). A recording of more
# than ten seconds is divided into windows of ten seconds; a remainder of at least five seconds adds a final window, the last
# ten seconds of the recording. The probabilities of the windows are averaged.
#
# ## A microcontroller
#
# Wearables do not run ONNX Runtime. For them the student is converted to Keras, weight by weight, and from there to a
# .tflite file that computes in integers throughout, which tflite-micro runs {cite:p}`david2021`. Its interpreter takes all memory from one
# block, the arena. A second, smaller student, 28, 56 and 112 channels wide and trained in the same way, is meant for 64 KB of
# RAM.

# %%
micro = microcontrollers.open_micro_models(study)
tables.show(micro.agreement())

# %% [markdown]
# The first two columns are the largest difference of a probability over all records of folds 9 and 10. The third is the
# change of AUC on fold 10 with its 95 % interval. Scores, temperature and thresholds of these models are those of
# tflite-micro's own kernels, because they round differently from LiteRT's on a PC.

# %%
tables.show(micro.footprints())

# %% tags=["hide-input"]
Markdown(micro.memory_conclusion())

# %% [markdown]
# Fewer channels in the early blocks, where the signal is still long, reduce the arena; fewer in the last block reduce the
# file.
#
# Which microcontrollers have enough memory? The table has one of each class, with flash and RAM from its data sheet. A model
# counts as fitting if it leaves a quarter of both to the rest of the program.

# %%
tables.show(micro.devices())

# %% [markdown]
# ## The results

# %%
tables.show(micro.write())
study.claim(
    "10.microcontroller_student",
    study.difference("student_micro", "student_distilled"),
    within=0.002,
)

# %% [markdown]
# No latency is given for these two: that of a PC says nothing about a microcontroller. Both are released beside the first
# one, with a temperature and thresholds of their own. For firmware, `ecglib header` writes them as C headers, with the
# scales that turn voltages into integers and integers into probabilities:

# %%
name = released.microcontroller(study.paths.released)
file, entry = released.load_verified(name, study.paths.released, released.TFLITE)
print("\n".join(c_header.c_header(file, entry, "ecg_model").splitlines()[:19]))

# %% [markdown]
# ## What we learned
#
# - One number, fitted on fold 9, calibrates the probabilities. Decisions need thresholds, and thresholds depend on the use.
# - The same weights run in torch, Keras, ONNX Runtime, LiteRT and tflite-micro. Rounding to integers changes single
#   probabilities; the table above shows how little it changes the AUC.
# - On a microcontroller RAM is scarcer than flash, and the early, wide layers fill it.
#
# **Next:** [classify an ECG in your browser](../classify).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **A more sensitive threshold.** Choose the threshold for MI so that 95 % of the infarctions of fold 9 are found. What does
#    that cost in specificity, and does it hold on fold 10?
# 2. **A loose electrode.** Set lead V2 of a recording to zero. What do the quality warnings say, and how far do the
#    probabilities move?
