# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7. Results
#
# **Question.** What did each model achieve, in how many bytes, and how certain is that?
#
# **Prerequisites.** Only `results/`: this chapter computes no scores of its own, so that a reader without PTB-XL
# can execute it again and check every table. With PTB-XL at hand, `ecglib evaluate --profile full` recomputes every
# AUC from the saved scores. Takes seconds.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.study import published, results, speeds
from ecglib.study.analyses import summary as conclusions
from ecglib.study.paths import Paths

plots.style()
folder = Paths.for_profile(profile).latest_results
summary = results.summary(folder)
kept = results.read_all(folder)

# %% [markdown]
# ## As reported, replayed, done right
#
# AUC on fold 10 with 95 % intervals; below it the network and its number of parameters. *As reported* is what the
# original published. *Replayed* follows its procedure as documented, on our split. *Done right* is what the chapters
# before this one arrive at. *Like for like* rows do the original's own network right, where the row above compares
# it with another one.

# %% tags=["full-width"]
tables.show(tables.findings(kept))

# %% [markdown]
# ## The original's conclusion, computed again
#
# The original concludes that distillation makes the model smaller, and states how much fewer parameters and how much
# less size the student has. Two different notions of size are behind these two numbers. The second one is a memory estimate
# for training, which includes activations and their gradients; no file and no device has that size.

# %%
tables.show(tables.size_reduction(kept))

# %% tags=["hide-input"]
Markdown(conclusions.effect_of_distillation(kept))

# %% [markdown]
# Memory sizes are in MB of 2^20 bytes, as the original counts them; file sizes are in MB of 10^6 bytes.
#
# ## Every model

# %% tags=["full-width"]
tables.show(tables.summary_rows(summary))

# %% tags=["full-width"]
tables.show(tables.metrics(summary))

# %% [markdown]
# The AUC is the macro average over the five superclasses on fold 10, averaged over seeds, with a 95 % bootstrap
# interval. *File* is the size of the file that would be shipped, in MB of 10^6 bytes. The speed is that of one record
# on one thread, relative to the float32 network that a model was made from, on the same processor. Latencies in
# milliseconds, which depend on the machine, are in the CSV file linked from the [front page](../intro).

# %% tags=["hide-input"]
Markdown(conclusions.timed_on(summary))

# %% [markdown]
# ## Speed by processor
#
# Some processors have instructions for products of 8-bit integers, others do not ([chapter 5](05_quantization)). How many
# times as fast as in float32 the files of 8-bit integers were, on every processor on which the study was executed:

# %%
ratios = speeds.of_integer_files(folder)
tables.show(tables.speeds(ratios), dict.fromkeys(ratios, "×{:.2f}"))

# %% tags=["hide-input"]
Markdown(conclusions.speeds_by_processor(ratios))

# %% [markdown]
# ## By superclass

# %%
tables.show(tables.class_aucs(kept))

# %% tags=["hide-input"]
figure = plots.macro_roc(kept, tables.model_labels())

# %% [markdown]
# The upper left quarter of the macro ROC curves on fold 10, for the first seed of each model.
#
# ## AUC against file size

# %% tags=["hide-input"]
points = plots.overview_points(summary, tables.registry())
figure = plots.auc_against_bytes(points, published.SUPERCLASS_AUC)

# %% [markdown]
# The gray line connects the models that no smaller one surpasses. Hollow marks are replays. The gray band contains the
# macro AUCs that {cite:t}`strodthoff2020` published for the same task. Their models see crops of 2.5 seconds and
# average over a record's crops, and they used release 1.0.1 of PTB-XL; the sizes of their files were not published.

# %% tags=["hide-input"]
tables.show(tables.published_aucs(published.SUPERCLASS_AUC))

# %% [markdown]
# ## Evidence for each finding
#
# A metric is as good as the records that it was measured on.

# %% tags=["full-width"]
tables.show(tables.evidence(kept))

# %% [markdown]
# ## Seeds and intervals

# %% tags=["hide-input"]
figure = plots.seed_spread(tables.seed_aucs(kept))

# %%
tables.show(tables.uncertainty(kept))

# %% tags=["hide-input"]
Markdown(conclusions.sources_of_uncertainty(kept))

# %% [markdown]
# Differences between models are judged by paired comparisons on the same records, in the models' chapters.
#
# ## Limitations
#
# - One dataset from one country, recorded with one manufacturer's devices. A model may perform worse elsewhere.
# - The labels are readings of the ECG itself, not diagnoses confirmed later. In folds 1 to 8, some of them are automatic
#   and were not validated by a human ([chapter 1](01_dataset)).
# - Nothing here is a medical device, and no clinical claim is made.

# %% tags=["hide-input"]
Markdown(conclusions.provenance(results.read_environment(folder)))

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **The front.** For which models is no other one both smaller and at least as good?
# 2. **Overlapping intervals.** The intervals of two models overlap. Does that mean that their difference is noise?
