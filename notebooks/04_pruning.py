# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. Pruning
#
# **Question.** The original study set a fifth of a network's weights to zero; the AUC was thirteen points lower
# afterwards, and the model no smaller. Is that what pruning does?
#
# **Prerequisites.** The data of [chapter 1](01_dataset), the base CNN of [chapter 2](02_base_cnn) and the student of
# [chapter 6](06_distillation). With finished trainings at hand the chapter takes a few minutes; its own trainings take
# hours on two cores.
#
# Pruning removes the parts of a network that contribute least. There are two kinds. Single *weights* can be set to zero
# {cite:p}`han2015`: the file still stores each zero, and an ordinary processor still multiplies by it. Or whole
# *channels* are removed together with everything that belongs to them {cite:p}`fang2023`, which leaves a smaller network.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.study import reporting
from ecglib.study.analyses import int8, pruned_student, pruning, pruning_replay
from ecglib.study.analyses.roc import roc_panels
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)

# %% [markdown]
# ## Replayed: the loss
#
# The original's pruned network is its student, a smaller base CNN with 534,005 parameters and a sigmoid as its last
# layer. It was trained with a loss that expects logits and applies a sigmoid of its own (torch's `BCEWithLogitsLoss`), so
# that the probability $p$ went through a second one:
#
# $$ p' = \sigma(p) = \sigma(\sigma(z)) $$
#
# Since $p$ lies between 0 and 1, $p'$ lies between 0.5 and 0.73. The network can never give a clear negative, and its
# loss cannot fall below a bound far above zero.
#
# Then a fifth of the weights of each convolution and linear layer, those closest to zero, was set to zero, without
# fine-tuning. The replay does so after training with the loss as it was and after training with the corrected loss. Both
# trainings use Adam at 1e-3, batches of 64, raw millivolts, at most 50 epochs with a patience of 5, and keep the last
# weights.

# %%
replays = pruning_replay.replay_losses(study)
figure = plots.training_curves(replays.histories(), last=list(replays.runs))

# %% tags=["hide-input"]
Markdown(replays.training_lengths())

# %%
tables.show(replays.table())

# %% tags=["hide-input"]
Markdown(replays.conclusion())

# %% [markdown]
# ## Replayed: the file
#
# What the original calls a sparsity of 80 % is the fraction of weights that *remain*. Its file did not shrink, because torch
# keeps every weight and a mask of the same size beside it until the masks are made permanent. The original then applied
# torch's dynamic quantization to this network. That method quantizes linear layers only:

# %%
quantized_replay = pruning_replay.replay_pruned_and_quantized(study)
tables.show(quantized_replay.layers)

# %%
tables.show(quantized_replay.sizes(), {"MB": "{:.2f}"})

# %% tags=["hide-input"]
Markdown(quantized_replay.conclusion())

# %% [markdown]
# ## Like for like: the student of chapter 6
#
# The original's network again, now with the student's weights from [chapter 6](06_distillation), where it is trained with
# one sigmoid in this study's own way. A fifth of each layer's weights is set to zero as before, without fine-tuning:

# %%
pruned_again = pruned_student.prune_student(study)
Markdown(pruned_again.conclusion())

# %% [markdown]
# ## Done right: single weights
#
# From here on we prune the base CNN, starting from its trained weights. First each layer alone, without fine-tuning: which
# layers are sensitive?

# %%
pruned = pruning.open_pruned_base(study)
sensitivity = pruning.sensitivity(study, pruned.network, pruned.base_runs[0])
figure = plots.auc_against_sparsity(
    sensitivity.table, sensitivity.intact, hue="layer", title="One layer pruned, the others intact"
)

# %% tags=["hide-input"]
Markdown(sensitivity.sentence())

# %% [markdown]
# Then all layers together: the smallest weights of the whole network are set to zero step by step, and after each step the
# network is fine-tuned with the zeros kept at zero. Each level starts from the one before.

# %%
tables.show(pruned.magnitude_table(), {"before fine-tuning, fold 9": "{:.4f}"})

# %% [markdown]
# *Before fine-tuning* is the AUC on fold 9 of the first seed, right after its weights were set to zero; *change from the
# base CNN* is on fold 10, with its 95 % interval.

# %%
tables.show(pruned.bytes_table())

# %% tags=["hide-input"]
Markdown(pruned.bytes_conclusion())

# %% [markdown]
# ## Done right: channels
#
# A fraction of each convolution's channels is removed, those whose weights have the smallest norm over all layers that they
# pass through, and the smaller network is fine-tuned.

# %%
tables.show(pruned.channels_table())

# %%
figure = plots.auc_against_sparsity(pruned.curves(), pruned.base_auc, hue="what")

# %% [markdown]
# ## Pruned and quantized

# %% tags=["hide-input"]
Markdown(pruned.selection_rule())

# %% [markdown]
# It is then quantized to 8-bit integers, in the way that [chapter 5](05_quantization) explains and selects.

# %%
selected = pruned.selected()
quantized = int8.quantize(study, {"base_cnn_pruned_int8": selected.model})
tables.show(tables.gate(quantized.labelled_gates()))

# %% tags=["hide-input"]
Markdown(f"{pruned.target_conclusion()} {quantized.conclusion()}")

# %% tags=["hide-input"]
panels = {
    "Base CNN, fold 10": pruned.base_scores.for_fold(10),
    "pruned, int8, fold 10": quantized["base_cnn_pruned_int8"].scores.for_fold(10),
}
figure = plots.roc(*roc_panels(study, panels))

# %% [markdown]
# ## As reported, replayed, done right

# %% tags=["hide-input"]
pruning_replay.write(study, replays, quantized_replay)
pruned_again.write()
pruned.write()
quantized.write(selected_from=selected.model)
study.claim("04.a_fifth_of_the_students_weights", study.difference("student_pruned_20", "student"), within=0.002)
study.claim("04.nine_tenths_of_the_weights", study.difference("base_cnn_pruned_magnitude_90", "base_cnn"), within=0.003)
study.claim("04.int8_after_pruning", study.difference("base_cnn_pruned_int8", selected.model), within=0.002)
tables.show(reporting.by_superclass(study, "Pruning"))

# %% [markdown]
# Replayed, like for like and done right are AUCs on fold 10 with 95 % intervals; the reported ones are on fold 9, in the
# order of the original's labels, from which the names in its plot differ. *Like for like* is the network that the original
# pruned, trained as in chapter 6.
#
# The same for the network that is pruned and quantized:

# %% tags=["hide-input"]
tables.show(reporting.by_superclass(study, "Pruned and quantized"))

# %% [markdown]
# ## What we learned
#
# - Pruning a fifth of the weights is not what cost the original its AUC; the replay shows how much the loss function cost.
# - Zeros make a file compress well. They make it neither smaller in use nor faster.
# - Removing channels makes a network smaller and faster, and fine-tuning is what keeps its AUC.
# - A quantization method for linear layers leaves a convolutional network almost unchanged.
#
# **Next:** [quantization](05_quantization).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **The smallest weights, or any.** Set 80 % of the student's weights to zero, once the smallest and once a random choice,
#    without fine-tuning. How much AUC is left?
# 2. **Zeros in a file.** How many bytes do these networks take, as they are and compressed?
