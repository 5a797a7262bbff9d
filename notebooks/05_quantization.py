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
# **Question.** The original study's quantized network fell to 58 %, and its file stayed as large as before. What went
# wrong, and what does quantization cost when it is done?
#
# **Needs.** The data of [chapter 1](01_dataset), the networks of chapters [2](02_base_cnn) and [4](04_pruning). With finished
# trainings at hand the chapter takes four minutes; its own trainings take half an hour on two cores.
#
# A quantized network computes with integers of 8 bits: a value $x$ is kept as $q = \mathrm{round}(x / s) + z$, with a
# scale $s$ and a zero point $z$ {cite:p}`jacob2018`. A weight then takes one byte instead of four, and processors with
# instructions for it multiply many at once. Scales of weights follow from the weights. Those of activations need
# records: either during training, when each pass rounds as the integers will (*quantization-aware training*), or
# after it, from a few calibration records (*post-training quantization*).

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import pandas as pd
import torch
from IPython.display import Markdown
from safetensors.torch import save_file

from ecglib import evaluation, export, original, plots, quantization, results, tables, torch_models, training
from ecglib.fake_quantization import without_rounding
from ecglib.normalisation import Normalisation
from ecglib.ptbxl import TRAIN_FOLDS
from ecglib.quantization import Quantization
from ecglib.study import open_study

plots.style()
study = open_study(profile)
work = study.paths.artifacts / "quantization"
resamples, repeats = study.settings.resamples, study.settings.repeats
scored = study.data.folds(9, 10)
fold = scored.table["fold"].to_numpy()
truth = {number: study.data.folds(number).labels.astype(bool) for number in (9, 10)}

# %% [markdown]
# ## Replayed
#
# The original trained a network from random weights with the rounding switched on, without batch normalisation,
# 100, 150 and 300 channels wide, and scored the weights of the last epoch. The last step, conversion to integers, never
# happened: before and after, the file held float32.

# %%
run = study.runs("quantization_replay")[0]
figure = plots.training_curves({"quantization-aware, from random weights": [run.history]}, last=[
    "quantization-aware, from random weights"
])  # fmt: skip

# %%
aware = torch_models.load_weights(torch_models.build("quantization_aware"), run.weights())
sizes = {}
for name, network in (("before training", torch_models.build("quantization_aware")), ("after training", aware)):
    path = work / "saved.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path)
    sizes[name] = path.stat().st_size
    path.unlink()
history = run.history
best, last = history.loc[history["val_auc"].idxmax()], history.iloc[-1]
tables.show(
    pd.DataFrame(
        [
            ("best epoch", int(best.epoch) + 1, best.val_auc, sizes["before training"]),
            ("last epoch", int(last.epoch) + 1, last.val_auc, sizes["after training"]),
        ],
        columns=["weights of the", "epoch", "AUC, fold 9", "bytes"],
    )
)

# %%
panels = {f"Replayed, fold {number}": run.scores.on(number).score[0] for number in (9, 10)}
figure = plots.roc(
    {title: evaluation.roc_curves(truth[number], panels[title]) for title, number in zip(panels, (9, 10))},
    {title: evaluation.auc_values(truth[number], panels[title]) for title, number in zip(panels, (9, 10))},
)

# %% tags=["hide-input"]
reported_auc = original.REPORTED["quantization_replay"].auc
replayed_auc = evaluation.macro_auc(truth[9], run.scores.on(9).score[0])
Markdown(
    f"The original reports {reported_auc:.3f} on validation records. The replay's last epoch gives {replayed_auc:.3f} on fold 9. "
    + (
        "The fall does not come back: neither rounding in every pass, nor random weights to begin with, nor the missing batch "
        "normalisation brings it about. It must come from what a page and a notebook do not tell, or from what is not replayed "
        "here: the original's random folds, and labels that were shifted against their records."
        if replayed_auc - reported_auc > 0.1
        else "The fall comes back."
    )
)

# %% [markdown]
# ## Done right
#
# Post-training quantization leaves a trained network's weights as they are but for the rounding. How it is done
# leaves some choices, and here they are, each against the same file in float32: ranges of activations fixed beforehand
# (*static*) or taken anew in each run (*dynamic*); a scale for each output channel of a weight or one for all; how
# calibration turns what it saw into a range; from how many records; whether batch normalisation is first computed into
# the convolution before it; and which layers stay float32. They are tried on the student, the smallest of the networks.


# %%
def opened(model: str, name: str) -> tuple:
    """A model's first run as network, normalisation and float32 file."""
    first = study.runs(model)[0]
    network = torch_models.from_weights(first.weights())
    return (
        first,
        network,
        Normalisation(**first.record["normalisation"]),
        export.to_onnx(network, work / f"{name}.onnx"),
    )


student_run, student, normalisation, student_file = opened("student", "student")
unfolded = export.to_onnx(student, work / "student_unfolded.onnx", fold=False)
train_part = study.data.folds(*TRAIN_FOLDS)
x = normalisation(scored.millivolts(slice(None)))


def records(count: int):
    return normalisation(train_part.drawn(count, seed=0).millivolts(slice(None)))


choices = {
    "static, per channel, min-max, 200 records": (Quantization(), 200),
    "per tensor": (Quantization(per_channel=False), 200),
    "entropy": (Quantization(ranges="entropy"), 200),
    "percentile": (Quantization(ranges="percentile"), 200),
    "8 records": (Quantization(), 8),
    "50 records": (Quantization(), 50),
    "1,000 records": (Quantization(), 1000),
    "batch norms not folded": (Quantization(fold=False), 200),
    "first convolution float": (Quantization(keep_float=("conv1",)), 200),
    "last layers float": (Quantization(keep_float=("linear", "sigmoid")), 200),
    "dynamic": (Quantization("dynamic"), 0),
}
files, score = {"float32": student_file}, {"float32": export.predict(student_file, x)}
for number, (name, (how, count)) in enumerate(choices.items()):
    source = student_file if how.fold else unfolded
    files[name] = quantization.quantize(source, work / f"choice_{number}.onnx", records(count) if count else None, how)
    score[name] = export.predict(files[name], x)
files["float16"] = quantization.to_float16(student_file, work / "student_float16.onnx")
score["float16"] = export.predict(files["float16"], x)
latency = export.latencies(files, repeats)

# %%
aucs = {name: {n: evaluation.macro_auc(truth[n], one[fold == n]) for n in (9, 10)} for name, one in score.items()}
rows = [
    (
        name, f"{aucs[name][9]:.4f}", f"{aucs[name][10]:.4f}", files[name].stat().st_size,
        f"{latency['float32'] / latency[name]:.2f}", ", ".join(quantization.convolutions(files[name])),
    )
    for name in files
]  # fmt: skip
tables.show(
    pd.DataFrame(rows, columns=["choice", "fold 9", "fold 10", "bytes", "times float32 speed", "convolutions executed"])
)

# %% tags=["hide-input"]
tried = [name for name, (how, _) in choices.items() if how.kind == "static" and not how.keep_float and how.fold]
top = max(tried, key=lambda name: aucs[name][9])
chosen = next(name for name in tried if aucs[top][9] - aucs[name][9] <= 0.0005)
spread = max(aucs[name][9] for name in tried) - min(aucs[name][9] for name in tried)
Markdown(
    f"The static choices differ by {spread:.4f} at most on fold 9. The best there is *{top}*; *{chosen}*, the first within "
    f"0.0005 of it, is carried on. Batch norms that are not folded cost time, as they stay between the integer "
    f"convolutions: {latency['float32'] / latency['batch norms not folded']:.2f} times float32's speed instead of "
    f"{latency['float32'] / latency[chosen]:.2f}. Dynamic quantization takes each activation's range anew, and its "
    f"integer convolution runs at {latency['float32'] / latency['dynamic']:.2f} times float32's speed."
)

# %% [markdown]
# Floats of two bytes are the cheap alternative: no calibration, half the bytes. ONNX Runtime stores float16 and
# computes in float32 on this processor, so that it saves bytes and no time. bfloat16, with float32's range and fewer
# digits, it does not take for convolutions at all; torch does:

# %%
with torch.autocast("cpu", torch.bfloat16):
    half = training.predict(student, scored, normalisation)
save_file(
    {key: value.to(torch.bfloat16).contiguous() for key, value in student.state_dict().items()},
    work / "half.safetensors",
)
tables.show(
    pd.DataFrame(
        [
            ("float16 in ONNX Runtime", aucs["float16"][9], aucs["float16"][10], files["float16"].stat().st_size),
            (
                "bfloat16 in torch", *(evaluation.macro_auc(truth[n], half[fold == n]) for n in (9, 10)),
                (work / "half.safetensors").stat().st_size,
            ),
        ],
        columns=["format", "AUC, fold 9", "AUC, fold 10", "bytes"],
    ),
    {"AUC, fold 9": "{:.4f}", "AUC, fold 10": "{:.4f}"},
)  # fmt: skip

# %% [markdown]
# ## The gate
#
# Every compressed model of this book is held to the same checks against its float32 file: are its convolutions integer
# ones, looked up in the graph that ONNX Runtime executes; does it lose at most 0.001 of AUC on fold 10; does its file take
# at most 0.28 of the bytes; is it at least 2.5 times as fast, one record at one thread. *Score change* is the mean absolute
# change of a probability, *clipped* the share of float32's probabilities that lie more than a step beyond all that the
# file gives.

# %%
how, count = choices[chosen]
pruned_channels = results.read(study.paths.results, "base_cnn_pruned_int8")["details"]["channels"]
models = {
    "base_cnn_int8": opened("base_cnn", "base_cnn"),
    "base_cnn_pruned_int8": opened(f"base_cnn_pruned_channels_{pruned_channels}", "base_cnn_pruned"),
    "student_int8": (student_run, student, normalisation, student_file),
}
int8_files, int8_scores, float_scores, checked = {}, {}, {}, {}
for name, (first, _, scaling, file) in models.items():
    calibration = scaling(train_part.drawn(count, seed=0).millivolts(slice(None)))
    int8_files[name] = quantization.quantize(file, work / f"{name}.onnx", calibration, how)
    values = export.predict(int8_files[name], scaling(scored.millivolts(slice(None))))
    int8_scores[name] = evaluation.Scores(scored.ecg_id, fold, first.scores.seed, values[None])
    float_scores[name] = first.scores
pairs = {name: {"float32": models[name][3], "int8": int8_files[name]} for name in models}
times = {name: export.latencies(pair, repeats) for name, pair in pairs.items()}
for name, pair in pairs.items():
    checked[name] = quantization.gate(
        pair["int8"], pair["float32"], int8_scores[name].on(10).score[0], float_scores[name].on(10).score[0], truth[10],
        {pair[kind]: ms for kind, ms in times[name].items()},
    )  # fmt: skip
tables.show(tables.gate({tables.MODEL_NAMES[name]: one for name, one in checked.items()}))

# %% tags=["hide-input"]
change = {
    name: evaluation.auc_difference(
        truth[10], int8_scores[name].on(10).score, float_scores[name].on(10).score, resamples=resamples
    )
    for name in models
}
lost = [tables.MODEL_NAMES[name] for name, one in change.items() if -one.value > 0.002]
failed = {tables.MODEL_NAMES[name]: [c for c, ok in one.passed.items() if not ok] for name, one in checked.items()}
failed = {name: checks for name, checks in failed.items() if checks}
text = "Changes of AUC on fold 10 with 95 % intervals of the paired bootstrap: " + "; ".join(
    f"{tables.MODEL_NAMES[name]} {one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})" for name, one in change.items()
)
text += ". " + ("Every model passes." if not failed else "What fails: " + "; ".join(
    f"{name}: {', '.join(checks)}" for name, checks in failed.items()
) + ".")  # fmt: skip
text += (
    " No model loses more than 0.002, so none needs training with rounding in it."
    if not lost
    else f" {', '.join(lost)} would need training with rounding in it."
)
Markdown(text)

# %% [markdown]
# ## ROC curves of the base CNN, before and after
#
# The original shows its quantized network on validation data; here are both folds.

# %%
panels = {
    "int8, fold 9": (9, int8_scores["base_cnn_int8"]),
    "float32, fold 10": (10, float_scores["base_cnn_int8"]),
    "int8, fold 10": (10, int8_scores["base_cnn_int8"]),
}
figure = plots.roc(
    {title: evaluation.roc_curves(truth[n], one.on(n).score[0]) for title, (n, one) in panels.items()},
    {title: evaluation.auc_values(truth[n], one.on(n).score[0]) for title, (n, one) in panels.items()},
)

# %% [markdown]
# ## As reported, replayed, done right

# %%
replay_file = export.to_onnx(without_rounding(aware), work / "replay.onnx")
replay_ms = export.latencies({"replay": replay_file}, repeats)["replay"]
written = {}
for name, one, network, path, ms, ratio, details in [
    (
        "quantization_replay",
        run.scores,
        aware,
        replay_file,
        replay_ms,
        1.0,
        {"training": run.record, "best_auc": best.val_auc, "last_auc": last.val_auc, "bytes": sizes},
    ),
    *(
        (
            name,
            int8_scores[name],
            models[name][1],
            int8_files[name],
            times[name]["int8"],
            checked[name].speed,
            {"gate": vars(checked[name]) | {"passed": dict(checked[name].passed)}, "auc_change": vars(change[name])},
        )
        for name in ("base_cnn_int8", "student_int8")
    ),
]:
    written[name] = results.write(
        study.paths.results, name, one, study.data, chapter="05_quantization",
        framework="torch" if name == "quantization_replay" else "onnxruntime",
        **torch_models.counts(network),
        file_bytes=path.stat().st_size, latency_ms=ms, latency_vs_float32=ratio, resamples=resamples, details=details,
    )  # fmt: skip
reported = original.FIGURES["quantization_replay"] | {"macro": original.REPORTED["quantization_replay"].auc}
tables.show(
    tables.three_columns(reported, written["quantization_replay"]["classes"], written["base_cnn_int8"]["classes"])
)

# %% [markdown]
# Replayed and done right are AUCs on fold 10 with 95 % intervals; the reported ones are of validation records. *Done right*
# is the base CNN as int8.
#
# ## AUC against bytes
#
# What pruning and quantization, alone and together, make of the base CNN; and the student, which was small from the beginning.

# %%
compressed = [
    "base_cnn", *(f"base_cnn_pruned_channels_{share}" for share in (25, 50, 60, 75)), "base_cnn_int8", "base_cnn_pruned_int8",
    "student_int8",
]  # fmt: skip
kept = pd.DataFrame([results.read(study.paths.results, name)["row"] for name in compressed])
figure = plots.auc_against_bytes(tables.named(kept))

# %% [markdown]
# ## What we learned
#
# - Training with rounding from random weights is not quantization: without conversion the file stays float32, and what
#   such a training reaches says nothing about rounding a trained network.
# - Rounding a trained network after the fact takes seconds, a few calibration records, and next to no AUC.
# - Whether convolutions became integer ones has to be looked up. Tools leave them alone, or run them slower, without a word.
#
# **Next:** [distillation](06_distillation).
