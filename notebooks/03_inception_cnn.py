# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. The Inception CNN
#
# **Question.** The original study reported a much lower AUC for its second network than for its first. Was this
# due to the network, or to the way it was trained?
#
# **Prerequisites.** The data of [chapter 1](01_dataset), and the result of [chapter 2](02_base_cnn). With finished
# trainings at hand the chapter takes two minutes; its own trainings take an hour and a half on two cores.
#
# The network is written in Keras 3. Four convolutions are followed by an Inception block {cite:p}`szegedy2015`: four
# branches that process the same signal with kernels of different widths, of one, three and five samples and a
# maximum over three. Their outputs are concatenated and flattened, and three dense layers follow.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.networks import inception
from ecglib.study import original, reporting
from ecglib.study.analyses import inception_cnn, inception_int8
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)
network = inception.build()

# %% [markdown]
# ## Layer by layer
#
# The original's table beside that of our model. The names are those that Keras gives. The last column compares
# names, shapes, parameters and connections.

# %%
table = inception.layer_table(network)
tables.show(tables.side_by_side(original.inception_table(), table))

# %% tags=["hide-input"]
figure = plots.architecture(table)

# %% tags=["hide-input"]
Markdown(inception_cnn.parameters(network))

# %% [markdown]
# ## Replayed
#
# The original trained with GELU activations, Adam at 1.1e-3 with the norm of each gradient clipped at 1, 50
# epochs, a learning rate that shrinks by a factor of $e^{-0.1}$ per epoch after the 30th, no early stopping, and the
# last weights. The replay does the same on our split, on raw millivolts. The batch size is not documented; the replay
# uses that of the original's base CNN.
#
# ## Done right
#
# The network is the same, but records are normalized, half of the activations before each dense layer are dropped in
# training, the learning rate follows one cycle, and the weights with the best AUC on fold 9 are kept. Training stops
# early if the AUC does not improve. Of two candidates, fold 9 selects: records as they are, or shifted in time
# with some noise added, so that the dense layer cannot learn the position of a beat.

# %%
trained = inception_cnn.InceptionCNN(study)
tables.show(tables.candidates(trained.candidates()))

# %% tags=["hide-input"]
Markdown(trained.selection())

# %%
figure = plots.training_curves(trained.histories(), last=["replayed"])

# %% tags=["hide-input"]
Markdown(trained.memorization())

# %% [markdown]
# ## On fold 10

# %%
curves, aucs = trained.roc()
figure = plots.roc(curves, aucs)

# %% [markdown]
# ## As .tflite files
#
# LiteRT is the runtime for phones and small devices. The first seed's network is converted to float32, and to
# integers throughout, with weights and activations in 8 bits. Training records set the range of each activation.
#
# The integer file is made twice, because the first attempt failed. Units of the first dense layer had died in
# training: their output is almost the same for every record. Batch normalization divides by the root of their variance,
# which is hardly more than the small constant that keeps it from being zero, and so multiplies them by a factor far
# larger than those of the active units. In float32 this does no harm, since there is next to nothing to multiply. But
# all factors of a layer share one 8-bit scale, which leaves no resolution for those of the active units. Before the
# second attempt, the dead units' factors are set to zero.

# %%
files = inception_int8.make_files(trained)
tables.show(files.table(), {"bytes": "{:,}"})

# %% tags=["hide-input"]
Markdown(f"{files.dead_units()} {files.first_attempt()}")

# %% tags=["hide-input"]
Markdown(files.conclusion())

# %% [markdown]
# ## As reported, replayed, done right
#
# AUC on fold 10 with 95 % bootstrap intervals. The reported values, which come without intervals, are also of fold 10.

# %%
files.write_results()
study.claim("03.regularized_above_replayed", study.difference("inception_cnn", "inception_cnn_replay"), above=0.03)
study.claim("03.below_the_base_cnn", study.difference("inception_cnn", "base_cnn"), below=0)
tables.show(reporting.by_superclass(study, "Inception CNN"))

# %% tags=["hide-input"]
Markdown(trained.conclusion())

# %% [markdown]
# The two trainings differ in the following:

# %% tags=["hide-input"]
tables.show(trained.procedures())

# %% [markdown]
# Split, labels and release are the same for both: those of [chapter 1](01_dataset). The original used an older release,
# and some of its labels were shifted by one row.
#
# ## What we learned
#
# - The network's number of parameters says little: most of them are in one dense layer behind a flatten operation.
# - A low loss on training records says nothing about other records; the replay shows how far the two can differ.

# %% tags=["hide-input"]
Markdown(f"- {files.lesson()}")

# %% [markdown]
# **Next:** [pruning](04_pruning).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **Two architectures together.** Average the probabilities of the base CNN and the Inception CNN. Is the ensemble better
#    than both?
# 2. **Where the parameters are.** Which layer holds most of the parameters, and why?
