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
# finished trainings at hand the chapter takes two minutes; its own trainings take about an hour and a half on two cores.
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
display(Markdown(f"**{int(sizes['params']):,} parameters**; reported: {original.REPORTED['student'].params:,}."))
tables.show(tables.sizes(original.SIZES_MB["student"], sizes), {"from the model": "{:.2f}", "as reported": "{:.2f}"})

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
# superclasses for the logits of one softmax. The replay does so, with a base CNN of random weights as the teacher, and
# once more without the teacher: the same student, Adam at 1e-3, batches of 64, raw millivolts, the last weights.

# %%
replays = {
    "with an untrained teacher": study.runs("distillation_replay")[0],
    "without": study.runs("pruning_replay_mended")[0],  # chapter 4's, before anything is pruned
}
figure = plots.training_curves({name: [run.history] for name, run in replays.items()}, last=list(replays))

# %% [markdown]
# The losses on the left are not comparable as trained: one holds two terms more. On fold 9 both are plain binary
# cross-entropy.

# %% tags=["hide-input"]
replayed_gain = evaluation.auc_difference(
    truth[10], *(run.scores.on(10).score for run in replays.values()), resamples=resamples
)


def told(estimate: evaluation.Estimate) -> str:
    return f"{estimate.value:+.4f} ({estimate.low:+.4f} to {estimate.high:+.4f})"


reported_gain = original.REPORTED["distillation_replay"].auc - original.REPORTED["student"].auc
Markdown(
    f"On fold 10 the untrained teacher changes the student's AUC by {told(replayed_gain)}, where the parentheses hold the 95 % "
    f"interval of the paired bootstrap over records. The original reports {reported_gain:+.3f}, from one split and one seed."
)

# %% [markdown]
# ## Done right
#
# The teachers are trained, and give their scores of the training records once, before the student begins. The loss for
# several labels at once asks each superclass its own yes-or-no question:
#
# $$ L = w \, \mathrm{BCE}(z, y) + (1 - w) \, T^2 \, \mathrm{BCE}\bigl(z / T, \sigma(t / T)\bigr) $$
#
# with the student's logits $z$, the labels $y$ and the teachers' logits $t$. The temperature $T$ softens both; $w$ is the
# share of the labels. Several teachers, and all seeds of each, speak with the mean of their probabilities. The row of a
# single teacher is the mean of its seeds' AUCs, and *together* is the AUC of their mean probability:

# %%
tried = dict.fromkeys(name for settings in study.settings.training.values() for name in settings.teacher_names)
teachers = {name: evaluation.Scores.joined([run.scores for run in study.runs(name)]) for name in tried}
said = {}
for name, one in teachers.items():
    said[f"{tables.MODEL_NAMES[name]}, {len(one.seed)} seeds averaged"] = one
    said[f"{tables.MODEL_NAMES[name]}, {len(one.seed)} together"] = one.mean()
said["all together"] = evaluation.Scores.joined(list(teachers.values())).mean()
teacher_aucs = {
    name: [np.mean([evaluation.macro_auc(truth[fold], score) for score in one.on(fold).score]) for fold in (9, 10)]
    for name, one in said.items()
}
tables.show(
    pd.DataFrame(
        [(name, *aucs) for name, aucs in teacher_aucs.items()], columns=["teachers", "AUC, fold 9", "AUC, fold 10"]
    ),
    {"AUC, fold 9": "{:.4f}", "AUC, fold 10": "{:.4f}"},
)

# %% [markdown]
# How to train the student, and which teachers, temperature and share: that was tried with one seed and few epochs, and fold 9
# decides. The original's network drops out half of the values in front of every block, which is much for one
# as small as this.

# %%
carried_on = [study.settings.training[name] for name in ("student", "student_distilled")]
varied = ("dropout", "teachers", "temperature", "hard_weight")
rows = []
for name, settings in study.settings.training.items():
    if "_trial" not in name:
        continue
    run = study.runs(name)[0]
    who = ", ".join(f"{tables.MODEL_NAMES[one]} ({len(study.settings.seeds[one])})" for one in settings.teacher_names)
    teaching = [f"{value:g}" if who else "–" for value in (settings.temperature, settings.hard_weight)]
    same = any(all(getattr(settings, key) == getattr(one, key) for key in varied) for one in carried_on)
    auc = evaluation.macro_auc(truth[9], run.scores.on(9).score[0])
    rows.append((who or "none", f"{settings.dropout:g}", *teaching, f"{auc:.4f}", "✓" if same else ""))
columns = ["teachers (seeds)", "dropout", "temperature", "labels' share", "AUC, fold 9", "carried on"]
tables.show(pd.DataFrame(rows, columns=columns))

# %% [markdown]
# Now the comparison: the same student, the same budget of epochs, the same seeds, with and without the teachers.

# %%
runs = {name: study.runs(name) for name in ("student", "student_distilled")}
scores = {name: evaluation.Scores.joined([run.scores for run in each]) for name, each in runs.items()}
evaluation.check_same_seeds(scores)
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
    f"On fold 10 the distilled students lie {told(gain)} against the others: the interval is that of the paired bootstrap over "
    f"records, {len(pairs)} seeds averaged. {better} of {len(pairs)} seeds are better with teachers, and chance in the seeds "
    f"alone moves the difference by {noise:.4f} (one standard error). In short: **{verdict}**."
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
latency = export.latencies(files, study.settings.repeats)
checked = quantization.gate(
    int8_file, files["student_distilled"], int8.on(10).score[0], first.scores.on(10).score[0], truth[10],
    {files[name]: ms for name, ms in latency.items()},
)  # fmt: skip
tables.show(tables.gate({tables.MODEL_NAMES["student_distilled_int8"]: checked}))

# %% [markdown]
# ## As reported, replayed, done right


# %%
def write(
    model: str, one: evaluation.Scores, run, framework: str, file_bytes: int, ms: float, ratio: float, **details
) -> dict:
    """Keep a model's figures; its speed is given against the student in float32."""
    return results.write(
        study.paths.results, model, one, study.data, chapter="06_distillation", framework=framework,
        params=run.record["params"], nonzero_params=run.record["nonzero_params"], file_bytes=file_bytes,
        latency_ms=ms, latency_vs_float32=ratio, resamples=resamples, details=details,
    )  # fmt: skip


replay, replay_plain = (
    write(
        name, run.scores, run, "torch", files["student"].stat().st_size, latency["student"], 1.0, training=run.record,
    )
    for name, run in zip(("distillation_replay", "student_replay"), replays.values())
)  # fmt: skip
plain = write(
    "student", scores["student"], runs["student"][0], "torch", files["student"].stat().st_size, latency["student"], 1.0,
    training=runs["student"][0].record, sizes_mb=sizes.to_dict(),
)  # fmt: skip
right = write(
    "student_distilled", scores["student_distilled"], first, "torch", files["student_distilled"].stat().st_size,
    latency["student_distilled"], 1.0, training=first.record, auc_change=vars(gain), seeds_better=better, verdict=verdict,
)  # fmt: skip
small = write(
    "student_distilled_int8", int8, first, "onnxruntime", int8_file.stat().st_size, latency["int8"], checked.speed,
    gate=vars(checked) | {"passed": dict(checked.passed)},
)  # fmt: skip
tables.show(
    pd.DataFrame(
        [
            ("without teacher", f"{original.REPORTED['student'].auc:.3f}", replay_plain, plain),
            ("with teacher", f"{original.REPORTED['distillation_replay'].auc:.3f}", replay, right),
        ],
        columns=["student", "as reported", "replayed", "done right"],
    ).map(lambda one: str(evaluation.Estimate(**one["classes"]["macro"])) if isinstance(one, dict) else one)
)


# %% tags=["hide-input"]
def aim(value: float, wanted: float, digits: int = 3) -> str:
    return f"{value:.{digits}f} (aim {wanted:g}, {'reached' if value >= wanted else 'missed'})"


base = results.read(study.paths.results, "base_cnn")["classes"]["macro"]["value"]
together = teacher_aucs["all together"][1]
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
# - Whether a teacher helps is a question about tenths of a point. It needs several seeds, equal budgets and a paired comparison.
# - A gain that was measured once, against an untrained teacher, measures the noise of training.
# - Less dropout gave this student more on fold 9 than any teacher did. Before a small network is taught, it should be trained well.
# - What made the student small was its design, not distillation: it has 534,005 parameters with and without a teacher.
#
# **Next:** [all results](07_results).
