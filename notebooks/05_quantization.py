# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. Quantization
#
# **Question.** The original study's quantized network fell to an AUC of 58 %, and its file stayed as large as before. What
# went wrong, and what does quantization cost when it is done right?
#
# **Prerequisites.** The data of [chapter 1](01_dataset) and the networks of chapters [2](02_base_cnn), [4](04_pruning) and
# [6](06_distillation). With finished trainings at hand the chapter takes a few minutes; its own trainings take hours on
# two cores.
#
# A quantized network computes with 8-bit integers: a value $x$ is kept as $q = \mathrm{round}(x / s) + z$, with a
# scale $s$ and a zero point $z$ {cite:p}`jacob2018`. A weight then takes one byte instead of four, and processors with
# suitable instructions multiply many at once. The scales of weights follow from the weights. Those of activations need
# records: either during training, when each pass rounds as the integers will (*quantization-aware training*), or
# after it, from a few calibration records (*post-training quantization*).

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.study import reporting
from ecglib.study.analyses import int8, pruning, quantization, quantization_options
from ecglib.study.analyses.roc import roc_panels
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)

# %% [markdown]
# ## Replayed
#
# The original trained a network from random weights with the rounding switched on, without batch normalization,
# 100, 150 and 300 channels wide, and scored the weights of the last epoch. The last step, conversion to integers, never
# happened: before and after, the file held float32.
#
# The replay does so on PTB-XL's folds, and once more on a random split like the original's, with labels shifted against their
# records as in its notebooks. What the figure calls folds 1–8 and fold 9 are then that split's own training and validation
# records.

# %%
replay = quantization.replay_quantization(study)
figure = plots.training_curves(replay.histories(), last=list(replay.histories()))

# %%
tables.show(replay.table())

# %% tags=["hide-input"]
panels = {f"fold {fold}": replay.run.scores.for_fold(fold) for fold in (9, 10)}
figure = plots.roc(*roc_panels(study, panels))

# %% tags=["hide-input"]
Markdown(replay.conclusion())

# %% [markdown]
# ## Done right
#
# Post-training quantization leaves a trained network's weights as they are, except for rounding. There are some options,
# each tried here against the same file in float32: ranges of activations fixed in advance (*static*) or determined anew
# in each run (*dynamic*); a scale for each output channel of a weight or one for all; how calibration turns the observed
# values into a range; the number of calibration records; whether batch normalization is first folded into the
# convolution before it; and which layers stay float32. We try them on the student, the smallest trained network.

# %%
options = quantization_options.compare(study)
tables.show(options.table())

# %% tags=["hide-input"]
Markdown(options.conclusion())

# %% [markdown]
# Chapters 4, 5 and 6 quantize with the selected option; chapter 8 uses its number of calibration records.
#
# **The same predictions on every processor.** All options but one use only 7 of the 8 bits for weights. x86 processors
# without 8-bit dot-product instructions (AVX2 without VNNI) multiply activations and weights in pairs and add each pair
# in 16 bits. With 8-bit weights that sum can overflow; the processor then saturates it without warning, and the same file
# predicts something else than on a newer processor {cite:p}`onnxruntime_quantization`. With 7-bit weights no sum can
# overflow, and the file is as small.

# %% tags=["hide-input"]
Markdown(options.portability())

# %% [markdown]
# Floats of two bytes are the cheap alternative: no calibration, half the bytes. ONNX Runtime stores float16 but
# computes in float32 on this processor, so that it saves bytes and no time. For convolutions it does not support bfloat16,
# which has float32's range and fewer digits; torch does:

# %%
tables.show(quantization.half_precision(study, options))

# %% [markdown]
# ## The gate
#
# Every compressed model in this book passes or fails the same checks against its float32 file, all decided on fold 9.

# %%
pruned_model = pruning.selected_channels(study)
models = {"base_cnn_int8": "base_cnn", "student_int8": "student"}
quantized = int8.quantize(study, {**models, "base_cnn_pruned_int8": pruned_model})
Markdown(quantized.rules())

# %% [markdown]
# *Score change* is the mean absolute change of a probability, *saturated* the fraction of float32's probabilities that are more
# than one step outside the range that the file produces. All files of the table are timed in one session. *Speed* is that of
# one processor; [chapter 7](07_results) has those of others.

# %%
tables.show(tables.gate(quantized.labelled_gates()))

# %% tags=["hide-input"]
Markdown(quantized.conclusion())

# %% [markdown]
# ## ROC curves of the base CNN, before and after
#
# The original shows its quantized network on validation data; here are both folds.

# %% tags=["hide-input"]
base = quantized["base_cnn_int8"]
panels = {
    "int8, fold 9": base.scores.for_fold(9),
    "float32, fold 10": base.float_scores.for_fold(10),
    "int8, fold 10": base.scores.for_fold(10),
}
figure = plots.roc(*roc_panels(study, panels))

# %% [markdown]
# ## As reported, replayed, done right

# %% tags=["hide-input"]
replay.write()
quantized.write(*models)
study.claim("05.base_cnn_int8", study.difference("base_cnn_int8", "base_cnn"), within=0.002)
study.claim("05.student_int8", study.difference("student_int8", "student"), within=0.002)
tables.show(reporting.by_superclass(study, "Quantization"))

# %% [markdown]
# Replayed, like for like and done right are AUCs on fold 10 with 95 % intervals; the reported ones are on validation
# records. The replayed network has no batch normalization and is close to the student in size, which is therefore the
# *like for like* model, as int8; *done right* is the base CNN as int8.
#
# ## AUC against bytes
#
# The base CNN pruned, quantized, and both; and the student, which is small by design.

# %% tags=["hide-input"]
compressed = ["base_cnn", "base_cnn_int8", "base_cnn_pruned_int8", "student_int8"]
compressed += pruning.channel_models(study)
rows = reporting.summary_rows(study, compressed)
points = plots.overview_points(rows, study.settings.registry)
figure = plots.auc_against_bytes(points)

# %% [markdown]
# ## What we learned
#
# - Training with rounding from random weights is not quantization: without conversion the file stays float32, and its AUC
#   says nothing about rounding a trained network.
# - Rounding a trained network takes seconds, a few calibration records, and next to no AUC.
# - Whether convolutions became integer ones has to be checked. Tools leave them in float, or run them slower, without a
#   warning.
# - An int8 file is portable only if its sums cannot overflow on any processor. Weights of 7 bits ensure that.
#
# **Next:** [distillation](06_distillation).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **A scale by hand.** Quantize a thousand values between −1 and 3 to 8 bits. What is the largest error? What is it if a
#    single value is 30?
# 2. **Few calibration records.** Calibrate the student with 2 and with 64 records. How much do its probabilities change
#    against float32?
