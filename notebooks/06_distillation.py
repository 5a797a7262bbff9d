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
# **Question.** The original study's small student reached an AUC of 93.8 % with a teacher and 92.8 % without one. Does a
# teacher help this student on PTB-XL, by how much, and is that more than noise?
#
# **Prerequisites.** The data of [chapter 1](01_dataset) and the networks of chapters [2](02_base_cnn) and [3](03_inception_cnn). With
# finished trainings at hand the chapter takes a few minutes; its own trainings take hours on two cores.
#
# In knowledge distillation {cite:p}`hinton2015` a small network, the student, learns from the predictions of a large one,
# the teacher, in addition to the labels or instead of them. A label is yes or no; a teacher's probability also tells how
# certain the answer is.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.networks import convnet
from ecglib.study import original, reporting
from ecglib.study.analyses import distillation, distillation_trials, int8
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)

# %% [markdown]
# ## Layer by layer
#
# The student is the base CNN with three blocks instead of four, and fewer channels.

# %%
network = convnet.build("student")
layers = convnet.layer_table(network)
tables.show(tables.side_by_side(original.layer_table("student"), layers))

# %% tags=["hide-input"]
sizes = convnet.size_table(network)
tables.show(tables.sizes(original.SIZES_MB["student"], sizes))

# %% tags=["hide-input"]
Markdown(distillation.parameters_sentence(sizes))

# %% [markdown]
# The reported sizes are those of the poster.
#
# ## Replayed
#
# In the original the teacher was created anew for each fold and never trained; it stayed in training mode, with
# dropout switched on. The student learned from
#
# $$ L = L_\mathrm{BCE} + 0.3 \, L_\mathrm{CE} + 0.7 \, L_\mathrm{KL} $$
#
# at temperature 1, where cross-entropy and Kullback-Leibler divergence took the probabilities of the five
# superclasses for the logits of one softmax. The replay does so, with a base CNN of random weights as the teacher, and
# once more without the teacher: the same student, Adam at 1e-3, batches of 64, raw millivolts, the last weights.

# %%
replay = distillation.replay_distillation(study)
figure = plots.training_curves(replay.histories(), last=list(replay.runs))

# %% [markdown]
# The losses on the left are not comparable during training, because one has two more terms. On fold 9 both are plain binary
# cross-entropy.

# %% tags=["hide-input"]
Markdown(replay.conclusion())

# %% [markdown]
# ## Done right
#
# The teachers are trained, and score the training records once, before the student begins. The loss for several labels at
# once treats each superclass as a yes-or-no question of its own:
#
# $$ L = w \, \mathrm{BCE}(z, y) + (1 - w) \, T^2 \, \mathrm{BCE}\bigl(z / T, \sigma(t / T)\bigr) $$
#
# with the student's logits $z$, the labels $y$ and the teachers' logits $t$. The temperature $T$ softens both; $w$ is the
# weight of the labels. The probabilities of several teachers, and of all seeds of each, are averaged. Below, a row of
# seeds is the mean of their AUCs; an *ensemble* is the AUC of their mean probability:

# %%
teachers = distillation.teacher_aucs(study)
tables.show(teachers)

# %% [markdown]
# How to train the student, and with which teachers, temperature and label weight, was selected on fold 9 with one seed and
# fewer epochs; the table gives the 95 % interval of each difference from the best setting of its kind. The original's
# network drops half of the values before every block, which is a lot for a network as small as this.

# %%
trials = distillation_trials.compare_trials(study)
tables.show(trials.table())

# %% tags=["hide-input"]
Markdown(trials.conclusion())

# %% [markdown]
# Now the comparison: the same student, the same number of epochs, the same seeds, with and without the teachers.

# %%
students = distillation.compare_students(study)
figure = plots.seed_spread(students.per_seed)

# %%
spread = students.spread()
tables.show(spread, dict.fromkeys(spread.columns[1:], "{:.4f}"))

# %% tags=["hide-input"]
Markdown(students.conclusion())

# %% [markdown]
# ## As int8
#
# The distilled students as int8 ONNX files, which have to pass the gate of [chapter 5](05_quantization).

# %%
quantized = int8.quantize(study, {"student_distilled_int8": "student_distilled"})
tables.show(tables.gate(quantized.labelled_gates()))

# %% tags=["hide-input"]
Markdown(quantized.conclusion())

# %% [markdown]
# ## As reported, replayed, done right

# %% tags=["hide-input"]
replay.write(quantized)
students.write(sizes, quantized)
quantized.write()
study.claim("06.untrained_teacher_harms", study.difference("distillation_replay", "student_replay"), below=0)
study.claim("06.int8_after_distillation", study.difference("student_distilled_int8", "student_distilled"), within=0.002)
rows = {"Student without teacher": "without teacher", "Student with teacher": "with teacher"}
tables.show(reporting.by_finding(study, rows))

# %% tags=["hide-input"]
Markdown(distillation.target_conclusion(study, teachers, quantized))

# %% [markdown]
# ## What we learned
#
# - Whether a teacher helps is a question about tenths of a point. It needs several seeds, equal budgets and a paired
#   comparison.
# - A gain that was measured once, against an untrained teacher, measures the noise of training.
# - What made the student small was its design, not distillation: it has as many parameters with a teacher as without one.

# %% tags=["hide-input"]
Markdown(trials.lesson())

# %% [markdown]
# **Next:** [all results](07_results).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **Temperature.** What happens to a teacher's probabilities at a temperature of 2, 4 and 1000? What happens to its AUC?
# 2. **Without labels.** Train the distilled student on its teachers only, with a label weight of 0. Does it learn?
