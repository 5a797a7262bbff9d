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
# **Question.** The original study's small student reached 93.8 % with a teacher and 92.8 % without one. Does a teacher
# help this student on PTB-XL, by how much, and is that more than noise?
#
# **Needs.** The data of [chapter 1](01_dataset) and the networks of chapters [2](02_base_cnn) and [3](03_inception_cnn). With
# finished trainings at hand the chapter takes two minutes; its own trainings take some three hours on two cores.
#
# In knowledge distillation {cite:p}`hinton2015` a small network, the student, learns from what a large one, the teacher,
# says of each record, beside or instead of the labels. A label says yes or no; a teacher's probability also says how
# sure one can be.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from ecglib import evaluation, export, original, plots, quantization, results, tables, torch_models
from ecglib.normalisation import Normalisation
from ecglib.ptbxl import TRAIN_FOLDS
from ecglib.study import open_study

plots.style()
study = open_study(profile)
work = study.paths.artifacts / "distillation"
resamples = study.settings.resamples
truth = {fold: study.data.folds(fold).labels.astype(bool) for fold in (9, 10)}
network = torch_models.build("student")

# %% [markdown]
# ## Layer by layer
#
# The student is the base CNN with three blocks instead of four, and fewer channels.

# %%
tables.show(tables.side_by_side(original.layer_table("student"), torch_models.layer_table(network)))

# %%
sizes = torch_models.size_table(network)
rows = {
    "input_mb": "Input",
    "forward_backward_mb": "Forward/backward pass",
    "params_mb": "Parameters",
    "total_mb": "Estimated total",
}
size_rows = [(text, original.SIZES_MB["student"][key], sizes[key]) for key, text in rows.items()]
display(Markdown(f"**{int(sizes['params']):,} parameters**; reported: {original.REPORTED['student'].params:,}."))
tables.show(
    pd.DataFrame(size_rows, columns=["size in MB", "as reported", "from the model"]),
    {"from the model": "{:.2f}", "as reported": "{:.2f}"},
)

# %% [markdown]
# The sizes as reported are those of the poster. The project page repeats the teacher's below the student's table:
# 6,522,555 parameters and 38.13 MB.
#
# ## Replayed
#
# In the original the teacher was made anew for each fold and never trained; it stayed in training mode, with
# dropout switched on. The student learned from
#
# $$ L = L_\mathrm{BCE} + 0.3 \, L_\mathrm{CE} + 0.7 \, L_\mathrm{KL} $$
#
# at temperature 1, where cross-entropy and Kullback-Leibler divergence took the probabilities of the five
# superclasses for the logits of one softmax. The replay does so, with a base CNN of random weights as the teacher.

# %%
replay_run = study.runs("distillation_replay")[0]
figure = plots.training_curves({"replayed": [replay_run.history]}, last=["replayed"])

# %% [markdown]
# ## Done right
#
# The teachers are trained, and give their scores of the training records once, before the student begins. The loss for
# several labels at once asks each superclass its own yes-or-no question:
#
# $$ L = w \, \mathrm{BCE}(z, y) + (1 - w) \, T^2 \, \mathrm{BCE}\bigl(z / T, \sigma(t / T)\bigr) $$
#
# with the student's logits $z$, the labels $y$ and the teachers' logits $t$. The temperature $T$ softens both; $w$ is the
# share of the labels. Which teachers, which temperature and which share, fold 9 decides, with one seed each:

# %%
tried = [name for name in study.settings.training if name.startswith("student_distilled")]
rows = []
for name in tried:
    settings, run = study.settings.training[name], study.runs(name)[0]
    teachers = ", ".join(tables.MODEL_NAMES[one] for one in settings.teacher_names)
    auc = evaluation.macro_auc(truth[9], run.scores.on(9).score[0])
    rows.append((teachers, settings.temperature, settings.hard_weight, f"{auc:.4f}", name == "student_distilled"))
candidates = pd.DataFrame(rows, columns=["teachers", "temperature", "labels' share", "AUC, fold 9", "carried on"])
candidates["carried on"] = candidates["carried on"].map({True: "✓", False: ""})
tables.show(candidates, {"temperature": "{:g}", "labels' share": "{:g}"})

# %% [markdown]
# Now the comparison: the same student, the same budget of epochs, the same seeds, with and without the teachers.

# %%
runs = {name: study.runs(name) for name in ("student", "student_distilled")}
scores = {name: evaluation.Scores.joined([run.scores for run in each]) for name, each in runs.items()}
if (seeds := [each.seed.tolist() for each in scores.values()])[0] != seeds[1]:
    raise ValueError(f"both need the same seeds, and have {seeds[0]} and {seeds[1]}")
teacher_names = study.settings.training["student_distilled"].teacher_names
said = [evaluation.Scores.joined([run.scores for run in study.runs(name)]) for name in teacher_names]
ensemble = evaluation.Scores(
    said[0].ecg_id, said[0].fold, np.array([0]), np.concatenate([one.score for one in said]).mean(axis=0, keepdims=True)
)
per_seed = pd.DataFrame(
    [
        (
            tables.MODEL_NAMES[name],
            int(seed),
            *(evaluation.macro_auc(truth[fold], one.on(fold).score[i]) for fold in (9, 10)),
        )
        for name, one in scores.items()
        for i, seed in enumerate(one.seed)
    ],
    columns=["model", "seed", "val_auc", "test_auc"],
)
figure = plots.seeds(per_seed)

# %%
spread = per_seed.groupby("model", sort=False)[["val_auc", "test_auc"]].agg(["mean", "std"])
spread.columns = ["mean, fold 9", "SD, fold 9", "mean, fold 10", "SD, fold 10"]
tables.show(spread.reset_index(), {name: "{:.4f}" for name in spread.columns})

# %% tags=["hide-input"]
gain = evaluation.auc_difference(
    truth[10], scores["student_distilled"].on(10).score, scores["student"].on(10).score, resamples=resamples
)
by_seed = per_seed.pivot(index="seed", columns="model", values="test_auc")
pairs = by_seed[tables.MODEL_NAMES["student_distilled"]] - by_seed[tables.MODEL_NAMES["student"]]
better, noise = int((pairs > 0).sum()), float(np.hypot(*spread["SD, fold 10"]) / np.sqrt(len(pairs)))
if gain.low > 0 and gain.value > 2 * noise:
    verdict = "the teachers help, by more than the noise of records and of seeds"
elif gain.high < 0 and -gain.value > 2 * noise:
    verdict = "the teachers do harm, by more than the noise of records and of seeds"
else:
    verdict = "what the teachers change is not told apart from noise"
Markdown(
    f"On fold 10 the distilled students lie {gain.value:+.4f} against the others (95 % interval of the paired bootstrap over "
    f"records, {len(pairs)} seeds averaged: {gain.low:+.4f} to {gain.high:+.4f}); {better} of {len(pairs)} seeds are better "
    f"with teachers, and chance in the seeds alone moves the difference by {noise:.4f} (one standard error). In short: "
    f"**{verdict}**. The original reports a gain of one point, from one fold, one seed and an untrained teacher."
)

# %% [markdown]
# ## As int8
#
# The distilled student of the first seed, as one float32 ONNX file and as int8, held to the gate of
# [chapter 5](05_quantization).

# %%
models = {}
for name in ("student", "student_distilled"):
    slim = torch_models.from_weights(runs[name][0].weights())
    models[name] = (slim, export.to_onnx(slim, work / f"{name}.onnx"))
first = runs["student_distilled"][0]
normalisation = Normalisation(**first.record["normalisation"])
calibration = normalisation(study.data.folds(*TRAIN_FOLDS).drawn(200, seed=0).millivolts(slice(None)))
int8_file = quantization.quantize(models["student_distilled"][1], work / "student_distilled_int8.onnx", calibration)
scored = study.data.folds(9, 10)
int8 = evaluation.Scores(
    scored.ecg_id, scored.table["fold"].to_numpy(), scores["student_distilled"].seed[:1],
    export.predict(int8_file, normalisation(scored.millivolts(slice(None))))[None],
)  # fmt: skip
files = {name: file for name, (_, file) in models.items()} | {"int8": int8_file}
latency = export.latencies(files)
checked = quantization.gate(
    int8_file, files["student_distilled"], int8.on(10).score[0], first.scores.on(10).score[0], truth[10],
    {files[name]: ms for name, ms in latency.items()},
)  # fmt: skip
tables.show(tables.gate({tables.MODEL_NAMES["student_distilled_int8"]: checked}))

# %% [markdown]
# ## As reported, replayed, done right


# %%
def write(
    model: str, one: evaluation.Scores, framework: str, file_bytes: int, ms: float, ratio: float, **details
) -> dict:
    """Keep a model's figures; its speed is given against the student in float32."""
    return results.write(
        study.paths.results, model, one, study.data, chapter="06_distillation", framework=framework,
        params=int(sizes["params"]), nonzero_params=torch_models.nonzero(models["student_distilled"][0]),
        file_bytes=file_bytes, latency_ms=ms, latency_vs_float32=ratio, resamples=resamples, details=details,
    )  # fmt: skip


replay = write(
    "distillation_replay", replay_run.scores, "torch", files["student"].stat().st_size, latency["student"], 1.0,
    training=replay_run.record,
)  # fmt: skip
plain = write(
    "student", scores["student"], "torch", files["student"].stat().st_size, latency["student"], 1.0,
    training=runs["student"][0].record,
)  # fmt: skip
right = write(
    "student_distilled", scores["student_distilled"], "torch", files["student_distilled"].stat().st_size,
    latency["student_distilled"], 1.0, training=first.record, auc_change=vars(gain), seeds_better=better, verdict=verdict,
)  # fmt: skip
small = write(
    "student_distilled_int8", int8, "onnxruntime", int8_file.stat().st_size, latency["int8"], checked.speed,
    gate=vars(checked) | {"passed": dict(checked.passed)},
)  # fmt: skip
tables.show(
    pd.DataFrame(
        [
            ("without teacher", f"{original.REPORTED['student'].auc:.3f}", "–", plain),
            ("with teacher", f"{original.REPORTED['distillation_replay'].auc:.3f}", replay, right),
        ],
        columns=["student", "as reported", "replayed", "done right"],
    ).map(lambda one: str(evaluation.Estimate(**one["classes"]["macro"])) if isinstance(one, dict) else one)
)


# %% tags=["hide-input"]
def aim(value: float, wanted: float, digits: int = 3) -> str:
    return f"{value:.{digits}f} (aim {wanted:g}, {'reached' if value >= wanted else 'missed'})"


base = results.read(study.paths.results, "base_cnn")["classes"]["macro"]["value"]
together = evaluation.macro_auc(truth[10], ensemble.on(10).score[0])
int8_mb = int8_file.stat().st_size / 1e6
Markdown(
    f"On fold 10: the base CNN {aim(base, 0.93)}; all teachers together {aim(together, 0.935)}; the distilled student "
    f"{aim(right['classes']['macro']['value'], 0.93)}. As int8 it takes {int8_mb:.2f} MB (aim 0.60, "
    f"{'reached' if int8_mb <= 0.6 else 'missed'}) and changes by {checked.auc_change:+.4f} (aim: a loss of at most 0.001, "
    f"{'reached' if checked.passed['AUC'] else 'missed'})."
)

# %% [markdown]
# ## What we learned
#
# - A student of half a million parameters comes within the interval of its twelve times larger teacher, with or without
#   being taught.
# - Whether a teacher helps is a question about tenths of a point, and needs several seeds and a paired comparison.
# - A gain that was measured once, against an untrained teacher, measures the noise of training.
#
# **Next:** [all results](07_results).
