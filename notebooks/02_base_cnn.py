# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. The base CNN
#
# **Question.** How well does the original study's large network classify, measured on records that took no part in
# any selection?
#
# **Prerequisites.** The data of [chapter 1](01_dataset). With finished trainings at hand the chapter takes about a
# minute; training takes half an hour to an hour and a half per seed on two cores.
#
# The network is a plain stack: four blocks of convolution over time (a kernel of ten samples, or a tenth of a
# second), batch normalization, ReLU, max-pooling and dropout, followed by the average over time and one linear
# layer. It is the teacher in the distillation chapter, and the network whose size compression has to reduce.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
from IPython.display import Markdown, display

from ecglib.book import plots, tables
from ecglib.evaluation.bootstrap import Estimate
from ecglib.networks import convnet
from ecglib.study import original, reporting
from ecglib.study.analyses import base_cnn
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)
network = convnet.build("base_cnn")

# %% [markdown]
# ## Layer by layer
#
# The original's table beside that of our model:

# %%
ours = convnet.layer_table(network)
tables.show(tables.side_by_side(original.layer_table("base_cnn"), ours))

# %% tags=["hide-input"]
display(Markdown(base_cnn.memory_estimate(network)))
tables.show(tables.sizes(original.SIZES_MB["base_cnn"], convnet.size_table(network)))

# %% [markdown]
# The original counts one MB as 2^20 bytes, and so does this table; file sizes elsewhere in the book are in MB of
# 10^6 bytes.
#
# ## Training
#
# Each superclass is a yes-or-no question with probability $p_c = \sigma(z_c)$. The loss is binary
# cross-entropy, averaged over records and superclasses:
#
# $$ L = -\frac{1}{5}\sum_{c=1}^{5} \bigl[ y_c \log p_c + (1 - y_c)\log(1 - p_c) \bigr] $$
#
# The optimizer is AdamW {cite:p}`loshchilov2019`, with a learning rate that rises and falls once, in one cycle
# {cite:p}`smith2018`.
#
# The training recipe was selected on fold 9 among three candidates. The network is trained on whole records; or on
# whole records shifted in time and scaled by a random gain, which is common for images but alters the very voltages
# that define hypertrophy; or on a random crop of five seconds, drawn anew in each epoch. Because the network
# averages over time, it accepts records of any length, and is scored on whole records in all three cases. An epoch
# on crops takes about half the time, so that more epochs fit into the same budget.

# %%
base = base_cnn.BaseCNN(study)
tables.show(tables.candidates(base.candidates()))

# %% tags=["hide-input"]
Markdown(base.selection(tables.model_labels()))

# %% tags=["hide-input"]
Markdown(base.training())

# %%
runs = study.runs("base_cnn")  # loads finished trainings, or trains
figure = plots.training_curves({"base CNN": [run.history for run in runs]})

# %% tags=["hide-input"]
Markdown(base.loss_with_dropout())

# %% [markdown]
# ## Dropout before batch normalization
#
# The original's network drops half of a block's outputs, and the batch normalization of the next block follows.
# Dropout doubles the values that it keeps, so that their mean stays the same, but their variance grows. Batch
# normalization stores this larger variance and still divides by it when dropout is off {cite:p}`li2019`. No
# training is needed to correct this: the means and variances are estimated again on whole training records with
# dropout off, and all weights stay as they are. On fold 9, before and after:

# %%
tables.show(base.recalibration())

# %% tags=["hide-input"]
Markdown(base.recalibration_gain())

# %% [markdown]
# All torch networks that this book trains in its own way are recalibrated like this; the replays are not.
#
# ## ROC curves
#
# A receiver operating characteristic (ROC) curve shows, for every threshold, the fraction of records with a
# superclass that are detected (sensitivity) against the fraction of the other records that are flagged by mistake
# (false positive rate). The area under the curve (AUC) is the probability that a record with the superclass scores
# higher than one without.

# %%
curves, aucs = base.roc()
figure = plots.roc(curves, aucs)

# %% [markdown]
# ## Metrics for later chapters
#
# The size is that of the network as one ONNX file in float32; the latency is that of ONNX Runtime for one record on
# one thread. This is what a device would load and run.

# %%
result = base.write_result()
study.claim("02.base_cnn_above_0.92", Estimate(**result["classes"]["macro"]), above=0.92)
tables.show(reporting.by_superclass(study, "Base CNN"))

# %% [markdown]
# ## As reported, and measured
#
# The reported AUC is not a test result. It is the average over five validation folds, and training was stopped
# early on the same AUC that was then reported. The procedures differ in the following:

# %% tags=["hide-input"]
tables.show(base.procedures())

# %% tags=["hide-input"]
Markdown(base_cnn.conclusion(result))

# %% [markdown]
# ## What we learned
#
# - A test AUC on PTB-XL means little without its interval.
# - Dropout in front of batch normalization costs AUC without any visible sign, until the statistics are
#   recalibrated.

# %% tags=["hide-input"]
Markdown(f"- {base_cnn.largest_layer(network)} This is where compression will look first.")

# %% [markdown]
# **Next:** [the original's second network](03_inception_cnn).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **Half of the records.** By which factor does the interval of an AUC widen if only every second patient of fold 10 is
#    left?
# 2. **Which superclass.** Which superclass has the lowest AUC, and would the macro AUC tell if it fell to 0.5?
