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
# **Question.** The students of the other chapters were designed by hand and trained for 12 epochs. How high an AUC can a file
# of 16, 32, 64, 128 or 512 KB reach, and what brings it there?
#
# **Prerequisites.** The pruned networks of [chapter 4](04_pruning) and the students of [chapter 6](06_distillation). With finished
# trainings at hand the chapter takes about a quarter of an hour; most of its trainings took minutes each on a GPU.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.networks import build, convnet
from ecglib.study.analyses import (
    frontier,
    frontier_ceiling,
    frontier_conclusions,
    frontier_generations,
    frontier_recipes,
    frontier_teachers,
)
from ecglib.study.study import open_study

# %% tags=["hide-input"]
plots.style()

# %% [markdown]
# ## Teachers
#
# What a student can learn depends on its teachers, so they come first. The best single network of the benchmark of PTB-XL
# {cite:p}`strodthoff2020` is a residual one, resnet1d_wang {cite:p}`wang2017`. It learns from random windows of 2.5 s, and a
# record's probability is the mean over seven windows, each half a window after the one before. Mixup {cite:p}`zhang2018`
# mixes every two records of a batch and their labels. One seed each, on fold 9:

# %%
study = open_study(profile)
recipes = frontier_recipes.compare_recipes(study)
tables.show(recipes.table())

# %% tags=["hide-input"]
Markdown(recipes.conclusion())

# %% [markdown]
# The same recipe serves a base CNN (with a dropout of 0.2) and a network of three convolutions with a recurrent unit (GRU)
# behind them; these three are the students' teachers. Trained after them was a residual network with the stem and the shortcuts
# of {cite:t}`he2019`, in 40 epochs instead of 50; it teaches only the second generation, further below. With the
# Inception CNN of [chapter 3](03_inception_cnn) that makes five architectures. Different architectures make different mistakes,
# and their mean probability makes fewer:

# %%
panel = frontier_teachers.open_panel(study, "compact_32_plain")
tables.show(panel.table())

# %% tags=["hide-input"]
Markdown(panel.conclusion())

# %% [markdown]
# *Published* are the AUCs of the benchmark's own trainings on release 1.0.1 of the data.
#
# ## Students
#
# All students come from one family. Its first convolution takes every second sample; after that, four stages halve the length
# and widen the network. A *plain* stage is a convolution with batch normalization; a *residual* one has two blocks, each with
# a depthwise convolution (every channel by itself) and a pointwise one (all channels, one sample), and adds its input to its
# output where both have the same number of channels. A plain one of 32 KB:

# %%
settings = study.settings.training["compact_32_plain"]
network = build.build(settings.network, shape=settings.shape)
tables.show(convnet.layer_table(network))

# %% [markdown]
# They are trained with patience {cite:p}`beyer2022`: 60 epochs instead of 12, on random crops of 5 s, and the teachers score
# the very crop that the student sees. Temperature 4, label weight 0.2, one-cycle learning rate up to 0.004, batches of 256.
#
# What of that pays? A processor can answer for a small network and few epochs: a student of 16 KB, taught by the students of
# 128 KB, which score whole records once. Each row changes one setting; on fold 9:

# %%
trials = frontier_recipes.compare_recipes(study, frontier_recipes.STUDENT)
tables.show(trials.table())

# %% tags=["hide-input"]
Markdown(trials.conclusion())

# %% [markdown]
# The shape was tried in the same way: other kernels, numbers of stages and kinds of block, each in a file of about 16 KB.

# %%
shapes = frontier_recipes.compare_shapes(study)
tables.show(shapes.table(), {"arena, KB": "{:.1f}", "million MACs": "{:.2f}"})

# %% tags=["hide-input"]
Markdown(shapes.conclusion())

# %% [markdown]
# ## Files
#
# Every seed becomes an int8 .tflite file, with activation ranges from 256 training records; folds 9 and 10 are scored with
# LiteRT from these files. One student, the *second generation*, has other teachers, which a section further below introduces.

# %%
students = frontier.open_frontier(study)
tables.show(students.costs())

# %% [markdown]
# The arena is the RAM that tflite-micro's interpreter takes. A million MACs are a million multiplications, each with an
# addition. The time is that of this machine on one thread; it says nothing about a microcontroller.

# %% tags=["hide-input"]
Markdown(frontier_conclusions.over_budget(students))

# %%
tables.show(students.aucs())

# %% tags=["hide-input"]
Markdown(frontier_conclusions.rounding(students))

# %% [markdown]
# ## The frontier

# %%
figure = plots.frontier(students.points(), students.law, students.others())

# %% tags=["hide-input"]
Markdown(students.law_conclusion())

# %% [markdown]
# The law is fitted without the second generation. The AUC *as published* is the benchmark's own {cite:p}`strodthoff2020`:
# float32, on release 1.0.1 of the data, as the mean over windows of 2.5 s. Its bytes are four for each parameter.

# %% [markdown]
# The targets were set before the trainings, for the mean over seeds on fold 10. At each budget the model is the one that is
# best on fold 9 among those that fit:

# %%
tables.show(students.targets())

# %% [markdown]
# ### The ceiling of the data
#
# The labels are readings of the ECG, and readers differ. PTB-XL states a likelihood for each statement; a superclass is certain
# here if one of its statements has 100 %.

# %%
ceiling = frontier_ceiling.open_ceiling(panel)
tables.show(ceiling.table())

# %% tags=["hide-input"]
Markdown(ceiling.validation_conclusion())

# %% [markdown]
# If the labels were the only truth, a network that is right would agree with them more than with a network that is wrong. Each
# teacher's probabilities (the mean over its seeds), against the decisions of another one at thresholds from fold 9:

# %%
tables.show(ceiling.agreement())

# %% tags=["hide-input"]
Markdown(ceiling.conclusion())

# %% [markdown]
# ## Against the released student and the teachers
#
# [Chapter 10](10_deployment) releases the distilled student of chapter 6 as int8. The differences are paired, on the patients of
# fold 10.

# %%
tables.show(students.against_released())

# %% tags=["hide-input"]
Markdown(frontier_conclusions.against_others(students, panel))

# %% [markdown]
# ### Trained small, or pruned from large?

# %% tags=["hide-input"]
Markdown(frontier_conclusions.trained_or_pruned(students))

# %% [markdown]
# ### With teachers, or without?

# %% tags=["hide-input"]
Markdown(frontier_conclusions.distilled_or_not(students))

# %% [markdown]
# ### Taught by students
#
# Who wants another student of this kind would first have to train most of its teachers again.

# %% tags=["hide-input"]
generations = frontier_generations.open_generations(students, panel)
Markdown(generations.motivation())

# %% [markdown]
# So these taught a second generation of the student of 128 KB. Larger students are among them, as assistants between the first
# teachers and the student {cite:p}`mirzadeh2020`. All else is as before: shape, epochs, crops that the teachers score,
# temperature, label weight and learning rate.

# %%
tables.show(generations.table())

# %% tags=["hide-input"]
Markdown(generations.teachers_conclusion())

# %% tags=["hide-input"]
Markdown(generations.conclusion())

# %% [markdown]
# ## Decisions
#
# Each model's first seed, with a temperature and thresholds fitted on fold 9; means over the five superclasses on fold 10.

# %%
tables.show(students.decisions())

# %% tags=["hide-input"]
Markdown(frontier_conclusions.decisions(students))

# %% tags=["hide-input"]
students.write()

# %% tags=["hide-input"]
study.claim(
    "08.32_kb_not_below_the_base_cnn",
    study.difference("compact_32_int8", "base_cnn"),
    above=-0.002,
)
study.claim(
    "08.128_kb_above_the_base_cnn",
    study.difference("compact_128_second_int8", "base_cnn"),
    above=0,
)

# %% [markdown]
# ## Limits
#
# - The shapes were chosen by their bytes, not searched: at most two kinds of blocks at a budget. Other shapes may do better.
# - Temperature and label weight of the students were chosen from unfinished trainings of the 64 KB student on fold 9 with one
#   seed.
# - What each setting of the students' recipe contributes, and other shapes, were measured with networks of 16 KB and few epochs;
#   larger networks and long trainings may differ.
# - Of teachers that are students themselves, one panel was tried, at one size.
# - Everything here is one data set. Whether the order holds elsewhere is another question.
#
# ## What we learned

# %% tags=["hide-input"]
Markdown(frontier_conclusions.lessons(students, panel))

# %% [markdown]
# **Next:** [all results](07_results).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **Where the bytes go.** How many bytes of a file are weights, and how many are everything else? Compare the files of 16 and
#    32 KB.
# 2. **Depthwise or plain.** Which of two networks with the same widths has fewer parameters, and which needs fewer
#    multiplications? Compute both for widths of 16, 32 and 64.
