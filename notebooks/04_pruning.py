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
# **Question.** The original study set the smallest fifth of a network's weights to zero. It reports an AUC of 0.804
# afterwards, where it reports 0.928 for the same network without pruning, on other records, and its file became no
# smaller. Is that what pruning costs, and all that it brings?
#
# **Prerequisites.** The base CNN and the small CNN of [chapter 2](02_base_cnn.ipynb), with finished trainings. The chapter then
# takes some minutes.
#
# Pruning removes the parts of a network that contribute least. It comes in two kinds. Single *weights* can be set to zero
# {cite:p}`han2015`; or whole *channels* are removed with everything that belongs to them {cite:p}`fang2023`. We try both
# by hand, find out what went wrong in 2023, and then ask how far one can go.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
import copy
import io
import warnings
import zlib

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from ecglib.book import plots, tables
from ecglib.book.prose import introduce, say
from ecglib.compression import gate, onnx_files, pruning, quantization
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.networks.cost import multiply_accumulates
from ecglib.study import measuring, original, reporting
from ecglib.study.study import open_study
from ecglib.training.runs import processor
from ecglib.training.scoring import predict_bf16

plots.style()
study = open_study(profile)
fold_9, fold_10 = study.evaluation_set(9), study.evaluation_set(10)
introduce(study)

# %% [markdown]
# ## Setting weights to zero
#
# The network that the original pruned is the small CNN. We take ours, trained with care, and do what the original did:
# in each convolution and in the linear layer, the weights closest to zero become zero. Nothing is trained afterwards.

# %%
small_run = study.run("student")  # the small CNN's name in this study
small_cnn = study.network(small_run).eval()
validation = study.data.in_folds(9)


def prune_each_layer(network, amount):
    """A copy of a network in which the smallest weights of each layer, a fraction `amount`, are zero."""
    pruned = copy.deepcopy(network)
    for layer in pruned.modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            # writing here writes into the layer
            weights = layer.weight.detach().view(-1)
            smallest = (
                weights.abs().topk(round(amount * len(weights)), largest=False).indices
            )
            weights[smallest] = 0
    return pruned


def auc_of(network, records=validation, run=small_run):
    """Macro AUC on some records, scaled as in the training of `run`."""
    score = predict_bf16(network, records, run.normalization, progress=False)
    return macro_auc(records.labels > 0, score)


# %% [markdown]
# Change the amount and run the cell again:

# %%
amount = 0.8
pruned = prune_each_layer(small_cnn, amount)
print(
    f"AUC on fold 9: {auc_of(small_cnn):.3f} as trained, {auc_of(pruned):.3f} with {amount:.0%} zeros"
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The small CNN's weights, layer by layer, as trained and with the smallest 80 % of each layer at zero. Most weights lie close to zero, and each layer has a threshold of its own. The zeros themselves are left out below.", "name": "fig-pruning-weights"}}
figure = plots.weight_histograms(
    {
        f"as trained: {convnet.counts(small_cnn)['nonzero_params']:,} parameters": small_cnn,
        f"{amount:.0%} pruned: {convnet.counts(pruned)['nonzero_params']:,} are not zero": pruned,
    }
)

# %% [markdown]
# A fifth of the weights is a far smaller step than that. What it costs we measure on fold 10, for the small CNN and for two
# replays of the original's training, which the next section explains.

# %%
amount = 0.2
networks = {
    "original's training, two sigmoids": measuring.runs_with_weights(
        study, "pruning_replay"
    ),
    "original's training, one sigmoid": measuring.runs_with_weights(
        study, "pruning_replay_corrected"
    ),
    "this study's small CNN": measuring.runs_with_weights(study, "student"),
}
dense, fifth, fifth_change = {}, {}, {}
for name, runs in networks.items():
    dense[name] = Scores.stack_seeds([run.scores for run in runs])
    fifth_pruned = [prune_each_layer(study.network(run), amount) for run in runs]
    fifth[name] = measuring.scores_of_networks(study, runs, fifth_pruned)
    fifth_change[name] = fold_10.difference(fifth[name], dense[name])

# %% tags=["remove-input"]
rows = [
    (
        name,
        len(runs),
        fold_10.auc(dense[name]),
        fold_10.auc(fifth[name]),
        f"{fifth_change[name]:+}",
    )
    for name, runs in networks.items()
]
columns = ["network", "seeds", "AUC, fold 10, as trained", "a fifth pruned", "change"]
tables.show(pd.DataFrame(rows, columns=columns))

# %% tags=["remove-input"]
two_sigmoids, one_sigmoid, ours = networks
study.claim("04.a_fifth_of_the_small_cnn", fifth_change[ours], within=0.002)
study.claim("04.a_fifth_after_one_sigmoid", fifth_change[one_sigmoid], within=0.002)
study.claim("04.a_fifth_after_two_sigmoids", fifth_change[two_sigmoids], above=0)
say(f"""
Pruning a fifth of the weights does not cost twelve points of AUC. It costs nothing: the small CNN before and after is
{fifth_change[ours].verdict}, and in the first row the AUC even rises a little. The points are missing before anything is
pruned.
""")

# %% [markdown]
# ## Where the points went
#
# The original's small CNN ends in a sigmoid, and its loss applied another one:
#
# ````{admonition} Spot the bug: two sigmoids
# :class: tip
# ```python
# # wrong: expects logits and applies a sigmoid of its own, but the network returns probabilities
# loss = F.binary_cross_entropy_with_logits(network(x), labels)
#
# # right
# loss = F.binary_cross_entropy(network(x), labels)
# ```
# The probability $p = \sigma(z)$ goes through a second sigmoid, $p' = \sigma(p)$. Since $p$ lies between 0 and 1, $p'$
# lies between 0.5 and 0.73: the network cannot say no. Nothing fails, and the loss even falls, from 0.69 to a plateau
# near 0.65.
# ````
#
# The replay trains with each loss, otherwise as in 2023: Adam at a learning rate of $10^{-3}$, batches of 64, raw
# millivolts, at most 50 epochs, an end after 5 without a better AUC on fold 9, and the weights of the last epoch.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The original's training, replayed with its loss and with the right one. With two sigmoids the loss stays near 0.65, and early stopping gives up after six epochs.", "name": "fig-pruning-losses"}}
histories = {
    "two sigmoids": networks[two_sigmoids][0].history,
    "one sigmoid": networks[one_sigmoid][0].history,
}
figure = plots.training_curves(
    {name: [history] for name, history in histories.items()}, last=list(histories)
)

# %% tags=["remove-input"]
loss_change = fold_10.difference(
    dense[two_sigmoids], dense[one_sigmoid], pair_seeds=False
)
replayed, reported = (
    fold_9.macro_auc(fifth[two_sigmoids]),
    original.REPORTED["base_cnn_pruning_replay"].auc,
)
plateau = histories["two sigmoids"].train_loss.min()
common = min(len(history) for history in histories.values())
at_equal_length = {
    name: history.val_auc[common - 1] for name, history in histories.items()
}
study.claim("04.the_second_sigmoid", loss_change, below=-0.1)
study.claim("04.replay_near_the_reported_auc", replayed - reported, within=0.02)
study.claim(
    "04.replay_near_the_reported_loss", plateau - original.PRUNING_LOSS, within=0.01
)
say(f"""
The second sigmoid changes the AUC on fold 10 by {loss_change:+}, for one seed. Part of that is the early end, after
{len(histories["two sigmoids"])} epochs instead of {len(histories["one sigmoid"])}. But after as few epochs, the right loss
had already reached {at_equal_length["one sigmoid"]:.3f} on fold 9, where two sigmoids reached
{at_equal_length["two sigmoids"]:.3f}. Pruned, the replay has {replayed:.3f} there, close to the {reported:.3f} that the
original reports: what looks like the price of pruning is the price of a loss function.

(The training with one sigmoid was interrupted after 26 epochs and went on from its weights, rounded to half precision.)
""")

# %% [markdown]
# ## A file no smaller
#
# The original's table gives its pruned network a *sparsity* of 80 %. A fifth had been removed:
#
# ````{admonition} Spot the bug: density read as sparsity
# :class: tip
# ```python
# sparsity = (weight != 0).float().mean()  # wrong: this is the density, what is left
# sparsity = (weight == 0).float().mean()  # right
# ```
# ````

# %% tags=["remove-input"]
truly = auc_of(prune_each_layer(small_cnn, 0.8))
study.claim(
    "04.eighty_percent_without_fine_tuning", truly - auc_of(small_cnn), below=-0.05
)
say(f"""
It cost a wrong conclusion: that four fifths of the weights can go. Had they really been set to zero in our small CNN,
without training afterwards, its AUC on fold 9 would have fallen from {auc_of(small_cnn):.3f} to {truly:.3f}.
""")

# %% [markdown]
# And zeros are stored like any other number. While one prunes with torch, a layer even holds its weights *and* a mask of the
# same size; only `prune.remove` multiplies the two and drops the mask. The original then quantized the network with masks
# and all:

# %%
run = networks[two_sigmoids][0]


def with_masks(network, amount):
    """A network as torch prunes it: the weights stay, and each layer multiplies them by a mask beside them."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            prune.l1_unstructured(layer, "weight", amount=amount)
    return network.eval()


quantized = with_masks(study.network(run), 0.2)
# quantization replaces this layer, and its mask would have no weights
prune.remove(quantized.linear, "weight")
with warnings.catch_warnings(
    action="ignore"
):  # torch deprecates it; the original used it
    torch.ao.quantization.quantize_dynamic(
        quantized, {nn.Conv1d, nn.Linear}, dtype=torch.qint8, inplace=True
    )

print(
    "convolutions:",
    *(
        layer.weight.dtype
        for layer in quantized.features
        if isinstance(layer, nn.Conv1d)
    ),
)
print("linear layer:", quantized.linear.weight().dtype)

# %%
states = {
    "as trained": study.network(run),
    "a fifth pruned, masks beside the weights": with_masks(study.network(run), 0.2),
    "a fifth pruned, masks removed": prune_each_layer(study.network(run), 0.2),
    "masks beside the weights, then quantized": quantized,
}
file_bytes = {}
for state, network in states.items():
    torch.save(network.state_dict(), file := io.BytesIO())
    file_bytes[state] = file.tell()
tables.show(
    pd.DataFrame({"what is saved": list(states), "bytes": list(file_bytes.values())})
)

# %% [markdown]
# ````{admonition} Spot the bug: dynamic quantization leaves convolutions alone
# :class: tip
# ```python
# # wrong: no error, no warning; torch's dynamic quantization has linear layers only, and Conv1d is skipped
# torch.ao.quantization.quantize_dynamic(network, {nn.Conv1d, nn.Linear}, dtype=torch.qint8)
#
# # right: quantize with representative records (chapter 5), then look which layers compute in integers
# quantization.quantize(onnx_file, int8_file, records)
# quantization.count_convolutions(int8_file)  # QLinearConv: 3
# ```
# ````

# %% tags=["remove-input"]
integers = quantized.linear.weight().numel()
weights = sum(
    layer.weight.numel() for layer in pruning.prunable_layers(small_cnn).values()
)
quantized_scores = measuring.scores_of_networks(study, [run], [quantized])
quantized_change = fold_10.difference(quantized_scores, fifth[two_sigmoids])
reported_quantized = original.REPORTED["pruned_quantized_replay"]
masked_bytes, quantized_bytes = list(file_bytes.values())[1::2]
study.claim("04.dynamic_quantization", quantized_change, within=0.002)
study.claim(
    "04.masks_and_weights_in_the_file",
    masked_bytes / 1e6 - reported_quantized.weights_mb,
    within=0.01,
)
say(f"""
It turned {integers:,} of {weights:,} weights into integers, those of the linear layer. That saved
{(masked_bytes - quantized_bytes) / 1e3:.0f} KB. The file that the original reports, {reported_quantized.weights_mb:.2f} MB,
is as large as ours with masks and weights. The AUC stays as it was ({quantized_change.verdict}). The
{reported_quantized.auc:.3f} in the original's final report comes from a cell that scores another network than the one it
built; the replay does not reproduce it.
""")

# %% [markdown]
# ## How far can one go?
#
# From here on we prune the base CNN, which is twelve times as large. Are all its layers equally easy to prune? We prune one
# layer at a time, without fine-tuning, and score the network on 600 records of fold 9.
#
# :::{admonition} Predict first
# :class: predict
# Which layer does most harm when 95 % of its weights are set to zero?
#
# - the first convolution, which has the fewest weights
# - the fourth convolution, which has the most
# - the linear layer, which decides
# :::

# %%
base_run = study.run("base_cnn")
base_cnn = study.network(base_run).eval()
probe = validation.sample(600, seed=0)
names = [
    "first convolution",
    "second convolution",
    "third convolution",
    "fourth convolution",
    "linear layer",
]

rows = []
for name, key in zip(names, pruning.prunable_layers(base_cnn)):
    for amount in (0.5, 0.8, 0.9, 0.95):
        pruned = copy.deepcopy(base_cnn)
        layer = pruned.get_submodule(key)
        prune.l1_unstructured(layer, "weight", amount=amount)
        prune.remove(layer, "weight")
        rows.append((name, amount, auc_of(pruned, probe, base_run)))
sensitivity = pd.DataFrame(rows, columns=["layer", "removed", "auc"])

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC of the base CNN on 600 records of fold 9 with one layer pruned and the others intact. The first convolution, the smallest, is the most sensitive; the fourth, with most of the weights, hardly notices.", "name": "fig-pruning-sensitivity"}}
intact = auc_of(base_cnn, probe, base_run)
figure = plots.auc_against_sparsity(sensitivity, intact, hue="layer")

# %% tags=["remove-input"]
lost = intact - sensitivity[sensitivity.removed == 0.95].set_index("layer").auc
share = base_cnn.features[15].weight.numel() / convnet.counts(base_cnn)["params"]
study.claim(
    "04.first_convolution_is_sensitive",
    lost["first convolution"] - lost.drop("first convolution").max(),
    above=0,
)
study.claim("04.fourth_convolution_is_not", lost["fourth convolution"], below=0.01)
say(f"""
With 95 % of its weights at zero, the first convolution costs {lost["first convolution"]:.3f} of AUC, the fourth
{lost["fourth convolution"]:.3f}. The fourth has {100 * share:.0f}\u00a0% of all parameters. So one had better not take
the same share from each layer, but the smallest weights of the whole network: the first convolution has larger ones and
keeps more of them.
""")

# %% [markdown]
# torch does that in one call; how many zeros each layer gets then differs. What they cost can be won back by some more
# training, in which the zeros must stay zero:

# %%
amount, steps = 0.95, 40
pruned_by_hand = copy.deepcopy(base_cnn)
layers = list(pruning.prunable_layers(pruned_by_hand).values())
prune.global_unstructured(
    [(layer, "weight") for layer in layers], prune.L1Unstructured, amount=amount
)
for layer in layers:
    prune.remove(layer, "weight")
print("zeros:", *(f"{(layer.weight == 0).float().mean():.0%}" for layer in layers))
before = auc_of(pruned_by_hand, probe, base_run)

training = study.data.in_folds(*range(1, 9))
masks = [layer.weight != 0 for layer in layers]
optimizer = torch.optim.AdamW(pruned_by_hand.parameters(), lr=5e-4)
random = np.random.default_rng(0)
pruned_by_hand.train()
for module in pruned_by_hand.modules():
    if isinstance(module, nn.Dropout):
        module.p = 0  # for so few steps
for _ in range(steps):
    batch, start = random.integers(len(training), size=64), random.integers(500)
    x = torch.tensor(base_run.normalization(training.millivolts(batch))).transpose(1, 2)
    probability = pruned_by_hand(x[:, :, start : start + 500])
    loss = F.binary_cross_entropy(
        probability, torch.tensor(training.labels[batch], dtype=torch.float32)
    )
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for layer, mask in zip(layers, masks):
        layer.weight.data *= mask  # what was zero stays zero
after = auc_of(pruned_by_hand.eval(), probe, base_run)
print(
    f"{amount:.0%} zeros: AUC {before:.3f}; after {steps} batches {after:.3f}; intact {intact:.3f}"
)

# %% [markdown]
# The real thing goes in four steps. Each begins with the weights of the one before, prunes more, and is fine-tuned at a
# learning rate of $5\cdot10^{-4}$, for one epoch at 50 % and 80 % and for two at 90 % and 95 %; the base CNN itself had 20
# epochs. One network (seed 0) went this way.

# %% tags=["hide-input"]
zeros = {
    f"base_cnn_pruned_magnitude_{percent}": percent / 100
    for percent in (50, 80, 90, 95)
}
folder = study.paths.artifacts / "pruning"
files = {"base_cnn": onnx_files.to_onnx(base_cnn, folder / "base_cnn.onnx")}
untuned, change = {"base_cnn": auc_of(base_cnn, run=base_run)}, {}
compressed = {"base_cnn": len(zlib.compress(files["base_cnn"].read_bytes()))}
rows = [
    (
        "none",
        "–",
        untuned["base_cnn"],
        untuned["base_cnn"],
        "–",
        compressed["base_cnn"] / 1e3,
    )
]
for model, amount in zeros.items():
    run = study.run(model)
    pruned = pruning.prune_globally(base_cnn, amount)
    files[model] = onnx_files.to_onnx(pruned, folder / f"{model}.onnx")
    untuned[model], change[model] = (
        auc_of(pruned, run=base_run),
        study.difference(model, "base_cnn"),
    )
    compressed[model], epochs = (
        run.metadata["compressed_bytes"],
        run.metadata["settings"]["epochs"],
    )
    tuned = fold_9.macro_auc(run.scores)
    rows.append(
        (
            f"{amount:.0%}",
            epochs,
            untuned[model],
            tuned,
            f"{change[model]:+}",
            compressed[model] / 1e3,
        )
    )
columns = [
    "zeros",
    "epochs",
    "untuned, fold 9",
    "fine-tuned, fold 9",
    "change, fold 10",
    "compressed, KB",
]
tables.show(pd.DataFrame(rows, columns=columns), {"compressed, KB": "{:,.0f}"})

# %% [markdown]
# *Untuned* is the base CNN with so many zeros and no training afterwards; *change* is that of the fine-tuned network's AUC
# from the base CNN's of the same seed, with its 95 % interval over patients ([how intervals are
# made](02_base_cnn.ipynb#how-intervals-are-made)).

# %% tags=["remove-input"]
most, ninety = "base_cnn_pruned_magnitude_95", "base_cnn_pruned_magnitude_90"
study.claim("04.nine_tenths_of_the_weights", change[ninety], within=0.002)
study.claim("04.95_percent_of_the_weights", change[most], below=0)
study.claim(
    "04.nine_tenths_untuned", untuned[ninety] - untuned["base_cnn"], below=-0.05
)
say(f"""
Fine-tuning is what makes pruning work. With nine tenths of its weights at zero and nothing else done, the network has an
AUC of {untuned[ninety]:.3f} on fold 9; fine-tuned, it is equivalent to the base CNN on fold 10, within the book's margin
of 0.002. With 95 % the two are different, though by little.
""")

# %% [markdown]
# ## What zeros are good for
#
# The file to run is as large as before, because each zero in float32 takes four bytes. Nor is it any faster: the processor
# multiplies by zero as it multiplies by anything else. Zeros help only where a file is stored or sent, because compression
# finds them. The last column of the table is `zlib`'s, which zip and gzip use as well. What does it make of the network that
# we pruned and fine-tuned ourselves?

# %%
content = onnx_files.to_onnx(pruned_by_hand, folder / "by_hand.onnx").read_bytes()
print(
    f"{len(content) / 1e3:,.0f} KB, compressed {len(zlib.compress(content)) / 1e3:,.0f} KB"
)

# %% tags=["remove-input"]
smaller = compressed[most] / compressed["base_cnn"]
dense_share = compressed["base_cnn"] / files["base_cnn"].stat().st_size
study.claim("04.zeros_compress", smaller, below=0.2)
say(f"""
With 95 % zeros, the compressed file takes {100 * smaller:.0f}\u00a0% of the bytes of the dense one. (That the dense one can
be compressed at all, to {100 * dense_share:.0f}\u00a0%, is because the study keeps its weights in half precision.)
""")

# %% [markdown]
# ## Removing channels
#
# To gain time and memory, whole channels must go. A channel of the second convolution is one of its 250 filters, and the
# filter does not go alone: its bias goes, four numbers of the batch normalization, and in every filter of the third
# convolution the weights that read this channel. The picture has all of them in one column.

# %%
# (100 inputs, 250 channels)
norm_2 = base_cnn.features[5].weight.detach().norm(dim=2).T
batch_norm = base_cnn.features[6]
per_channel = [
    base_cnn.features[5].bias,
    batch_norm.weight,
    batch_norm.bias,
    batch_norm.running_mean,
]
# (5, 250)
per_channel = torch.stack([*per_channel, batch_norm.running_var.sqrt()]).detach().abs()
# (500 filters, 250 channels that they read)
norm_3 = base_cnn.features[10].weight.detach().norm(dim=2)
# the one that matters least
channel = int((norm_2.square().sum(0) + norm_3.square().sum(0)).argmin())

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Some channels of the base CNN's second convolution; each column is all that belongs to one channel. The marked one has the smallest weights. Darker is larger; filters are shown as the norm of their ten weights.", "name": "fig-pruning-channel"}}
figure = plots.channel_parts(
    norm_2.numpy(), per_channel.numpy(), norm_3.numpy(), channel
)


# %% [markdown]
# Removing that column takes a dozen lines of torch:


# %%
def without_channel(network, index, channel):
    """A copy without one channel of the convolution at features[index], and without all that belongs to it."""
    smaller = copy.deepcopy(network)
    convolution, norm, following = (
        smaller.features[i] for i in (index, index + 1, index + 5)
    )
    left = [other for other in range(convolution.out_channels) if other != channel]
    for values in (
        convolution.weight,
        convolution.bias,
        norm.weight,
        norm.bias,
        norm.running_mean,
        norm.running_var,
    ):
        values.data = values.data[left]
    following.weight.data = following.weight.data[:, left]
    convolution.out_channels = norm.num_features = following.in_channels = len(left)
    return smaller


smaller = without_channel(base_cnn, 5, channel)
removed = convnet.counts(base_cnn)["params"] - convnet.counts(smaller)["params"]
print(
    f"{removed:,} parameters fewer; AUC {intact:.4f} before, {auc_of(smaller, probe, base_run):.4f} after"
)

# %% [markdown]
# A library that follows such dependencies through any network, Torch-Pruning {cite:p}`fang2023`, removes many channels at
# once: here the same share of each convolution, those with the smallest norm over everything in their column. The smaller
# networks are then fine-tuned. The more was removed, the longer: the budget of each level stands in the table, at peak
# learning rates from $10^{-3}$ (25 % and 50 %) to $2\cdot10^{-3}$ (75 %).
#
# Was the large network needed at all {cite:p}`liu2019`? The last two rows are networks of the shape that 60 % leaves, trained
# from random weights: once exactly as the base CNN was, for 20 epochs, once as the small CNN was, with a dropout of 0.1
# instead of 0.5 and for 12 epochs.

# %% tags=["hide-input"]
channels = {
    f"base_cnn_pruned_channels_{percent}": percent / 100 for percent in (25, 50, 60, 75)
}
shapes = {
    model: pruning.prune_channels(base_cnn, amount)
    for model, amount in channels.items()
}
scratch = {
    "base_cnn_narrow": "60 %, from scratch",
    "base_cnn_narrow_dropout_10": "60 %, from scratch, less dropout",
}
shapes |= {model: convnet.build("base_cnn_narrow") for model in scratch}
files |= {
    model: onnx_files.to_onnx(network, folder / f"{model}.onnx")
    for model, network in shapes.items()
}
timing = measuring.time_files(study, files, "base_cnn")
rows = []
for model, network in shapes.items():
    epochs = study.model(model).training.epochs
    name = scratch.get(model) or f"{channels[model]:.0%}"
    change[model] = study.difference(model, "base_cnn")
    if model in channels:
        untuned[model] = auc_of(network, run=base_run)
    both = [
        f"{study.difference(model, 'base_cnn', fold=9).value:+.4f}",
        f"{change[model]:+}",
    ]
    rows.append(
        (name, epochs, convnet.counts(network)["params"], *both, timing.speed(model))
    )
columns = [
    "channels removed",
    "epochs",
    "parameters",
    "change, fold 9",
    "change, fold 10",
    "speed",
]
tables.show(pd.DataFrame(rows, columns=columns))

# %% [markdown]
# *Change* is that of the AUC from the base CNN's, on fold 9 to select, on fold 10 to report: of three seeds where 60 % are
# pruned, of one in the other rows. *Speed* is against the base CNN, for one record on one thread of the processor that this
# page was made with.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "AUC on fold 9 against the share of weights or channels removed, with and without fine-tuning. Without it, few channels can be removed. The stars are networks of the shape that 60 % leaves, trained from scratch: as the base CNN was (white) and with less dropout (black).", "name": "fig-pruning-shares"}}
curves = []
for kind, models in {"weights": zeros, "channels": channels}.items():
    for tuned in ("fine-tuned", "untuned"):
        curves.append((0.0, untuned["base_cnn"], f"{kind}, {tuned}"))
        for model, amount in models.items():
            auc = (
                untuned[model]
                if tuned == "untuned"
                else fold_9.macro_auc(study.run(model).scores)
            )
            curves.append((amount, auc, f"{kind}, {tuned}"))
curves = pd.DataFrame(curves, columns=["removed", "auc", "what"])
figure = plots.auc_against_sparsity(curves, untuned["base_cnn"], hue="what")
for model, color in zip(scratch, ("white", "black")):
    auc, style = (
        fold_9.macro_auc(study.scores(model)),
        {"markersize": 11, "markeredgecolor": "black"},
    )
    figure.axes[0].plot(0.6, auc, "*", color=color, **style)

# %% tags=["remove-input"]
selected = "base_cnn_pruned_channels_60"
study.claim("04.60_percent_of_the_channels_untuned", untuned[selected], below=0.8)
study.claim(
    "04.25_percent_of_the_channels", change["base_cnn_pruned_channels_25"], within=0.002
)
study.claim(
    "04.75_percent_of_the_channels", change["base_cnn_pruned_channels_75"], below=0
)
study.claim("04.60_percent_of_the_channels", change[selected], below=0.002)
say(f"""
Without fine-tuning, few channels can be spared; fine-tuned, a quarter may go, and three quarters are too many. Whether the
network without 60 % is worse than the base CNN we cannot tell: {change[selected]:+}, over patients and three seeds. It is
{timing.speedup(selected).value:.1f} times as fast here ({processor()}).
""")

# %% [markdown]
# ### Was the large network needed?

# %% tags=["remove-input"]
as_base, less_dropout = scratch
pruned_ahead = {model: study.difference(selected, model) for model in scratch}
# of a record
cost = multiply_accumulates(base_cnn) / multiply_accumulates(shapes[selected])
times = (20 * cost + 12) / 12
study.claim("04.pruned_above_from_scratch", pruned_ahead[as_base], above=0)
study.claim(
    "04.less_dropout_helps_the_narrow_network",
    study.difference(less_dropout, as_base),
    above=0,
)
study.claim("04.from_scratch_with_less_dropout", change[less_dropout], within=0.002)
study.claim("04.pruned_not_above_less_dropout", pruned_ahead[less_dropout], below=0.002)
say(f"""
Against the first control, pruning looks worth its while: the pruned network is better by {pruned_ahead[as_base]:+}. But the
settings of a wide network need not suit a narrow one. With those of the small CNN, the narrow one is *equivalent* to the base
CNN on fold 10, at {change[less_dropout]:+}, and the pruned network is not ahead of it: {pruned_ahead[less_dropout]:+}. Each
control is one seed, so this holds for these very networks.

For a network of this size, then, the large one was not needed. With the 20 epochs of the base CNN and 12 of its own, the
pruned network took {times:.0f} times as many multiplications as the second control. Pruning remains useful where a trained
network is there already, and a control is only as good as its settings.
""")

# %% [markdown]
# ## Pruned and quantized
#
# We go on with the fewest channels that lose less than 0.003 of AUC on fold 9: 60 % removed. Its weights then become 8-bit
# integers, as [chapter 5](05_quantization.ipynb) explains, with 200 training records to find the ranges of the activations:

# %%
runs = measuring.runs_with_weights(study, selected)
float_files = measuring.export(runs, measuring.int8_folder(study), selected)
int8_files = [measuring.int8_file(study, "base_cnn_pruned_int8", run) for run in runs]
declared = study.settings.registry.int8  # per channel, min-max, 200 records
for run, source, target in zip(runs, float_files, int8_files):
    quantization.quantize(
        source, target, study.representative_records(run, declared.calibration_records)
    )
int8_scores = measuring.scores_of_files(study, runs, int8_files)

# %% tags=["remove-input"]
float_scores = Scores.stack_seeds([run.scores for run in runs])
int8_timing = measuring.time_files(
    study, {"float32": float_files[0], "int8": int8_files[0]}, "float32"
)
checked = gate.gate(
    int8_files[0],
    float_files[0],
    int8_scores,
    float_scores,
    validation=fold_9,
    test=fold_10,
    speedup=int8_timing.speedup("int8"),
)
on_9, on_10 = checked.auc_change, checked.test_auc_change
fewer = convnet.counts(base_cnn)["params"] / convnet.counts(shapes[selected])["params"]
smallest = int8_files[0].stat().st_size
study.claim(
    "04.fold_9_selects_60_percent",
    study.difference(selected, "base_cnn", fold=9).value,
    above=-0.003,
)
study.claim(
    "04.fold_9_rejects_75_percent",
    study.difference("base_cnn_pruned_channels_75", "base_cnn", fold=9).value,
    below=-0.003,
)
study.claim("04.int8_after_pruning", on_10, within=0.002)
study.claim("04.int8_passes_the_auc_check", on_9.value, above=-0.001)
study.claim("04.int8_passes_the_bytes_check", checked.size_ratio, below=0.28)
say(f"""
All convolutions of the file compute in integers ({checked.integer_convolutions}). It takes {smallest / 1e6:.2f} MB,
{100 * checked.size_ratio:.0f}\u00a0% of that in float32, and the AUC on fold 9 changes by {on_9:+}: it passes the checks that
do not depend on a processor. On this one ({processor()}) it is {checked.speedup.value:.1f} times as fast as in float32. On
fold 10, int8 and float32 are {on_10.verdict}.
""")

# %% tags=["remove-input"]
total = files["base_cnn"].stat().st_size / smallest
say(f"""
In all, the network has {fewer:.1f} times fewer parameters than the base CNN, and its file {total:.0f} times fewer bytes.
It is a research result and **not a medical device**.
""")

# %% [markdown]
# ## As reported, replayed, done right

# %% tags=["hide-input"]
replay, replay_network = (
    study.run("pruning_replay"),
    prune_each_layer(study.network(study.run("pruning_replay")), 0.2),
)
students = {"student": small_cnn, "student_pruned_20": prune_each_layer(small_cnn, 0.2)}
students |= {"replay": study.network(replay), "base_cnn_pruning_replay": replay_network}
student_files = {
    name: onnx_files.to_onnx(network, folder / f"{name}.onnx")
    for name, network in students.items()
}
references = {"student_pruned_20": "student", "base_cnn_pruning_replay": "replay"}
student_timing = measuring.time_files(study, student_files, references)
record = torch.randn(1, 12, 1000)
calls = {
    "float32": lambda: replay_network(record),
    "quantized": lambda: quantized(record),
}
with torch.inference_mode():
    torch_timing = measuring.time_calls(study, calls, "float32")


changes = {
    "base_cnn_pruning_replay": {
        "loss_change": loss_change,
        "pruning_change": fifth_change[two_sigmoids],
    }
}
changes["student_pruned_20"] = {"auc_change": fifth_change[ours]}
for model, name, run in (
    ("base_cnn_pruning_replay", two_sigmoids, replay),
    ("student_pruned_20", ours, small_run),
):
    reporting.write(
        study,
        model,
        fifth[name],
        framework="torch",
        counts=convnet.counts(students[model]),
        file_bytes=student_files[model].stat().st_size,
        **student_timing.latency(model),
        training=run.metadata,
        **{key: estimate.to_dict() for key, estimate in changes[model].items()},
    )
reporting.write(
    study,
    "pruned_quantized_replay",
    quantized_scores,
    framework="torch",
    counts=convnet.counts(replay_network),
    file_bytes=quantized_bytes,
    **torch_timing.latency("quantized"),
    bytes=file_bytes,
    change=quantized_change.to_dict(),
)
for model in (*zeros, *shapes):
    run, size = study.run(model), files[model].stat().st_size
    reporting.write(
        study,
        model,
        study.scores(model),
        framework="torch",
        counts=run.metadata,
        file_bytes=run.metadata.get("file_bytes", size),
        **timing.latency(model),
        training=run.metadata,
        auc_change=change[model].to_dict(),
    )
reporting.write(
    study,
    "base_cnn_pruned_int8",
    int8_scores,
    framework="onnxruntime",
    counts=convnet.counts(study.network(runs[0])),
    file_bytes=smallest,
    **int8_timing.latency("int8"),
    gate=checked.to_dict(),
    auc_change=on_10.to_dict(),
    option=declared.model_dump(),
    selected_from=selected,
)
tables.show(reporting.by_superclass(study, "Pruning"))

# %% [markdown]
# The AUCs of this study are on fold 10, with 95 % intervals; the reported ones are on fold 9, in the order of the original's
# labels, from which the names in its plot differ. *Like for like* is the network that the original pruned. For the pruned
# and quantized network, [chapter 7](07_results.ipynb) has this table.
#
# ## What we learned
#
# - Pruning a fifth of the weights costs nothing. The original's loss was its loss function's.
# - Look at what a tool did: count the zeros, measure the file, ask each layer for its number format.
# - Zeros make a file compress well. They make it neither smaller in use nor faster.
# - Removing channels makes a network smaller and faster; fine-tuning is what keeps its AUC.
# - Ask whether the large network was needed. Trained from scratch with settings that suit it, a network of the pruned shape is
#   as good.
#
# With your own hands: [two sliders](../shrink) set a small network's weights to zero and shorten them, as you watch.
#
# **Next:** [quantization](05_quantization.ipynb), the other way to fewer bytes.

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises.ipynb) are executed on the sample records.
#
# 1. **The smallest weights, or any.** Set 80 % of the small CNN's weights to zero, once the smallest and once a random
#    choice, without fine-tuning. How much AUC is left?
# 2. **Zeros in a file.** How many bytes do these networks take, as they are and compressed?
