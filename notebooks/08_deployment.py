# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8. Deployment
#
# **Question.** A score is not yet an answer. What do the small model's probabilities mean, what decisions follow from them, and
# on what devices does it run?
#
# **Needs.** The data of [chapter 1](01_dataset) and the distilled student of [chapter 6](06_distillation). With finished
# trainings at hand the chapter takes a minute.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import math

import pandas as pd
from IPython.display import Markdown

from ecglib import (
    calibration,
    evaluation,
    examples,
    firmware,
    litert,
    microcontroller,
    plots,
    prediction,
    released,
    results,
    tables,
)  # fmt: skip
from ecglib.normalisation import Normalisation
from ecglib.ptbxl import CLASSES, TRAIN_FOLDS
from ecglib.study import open_study

plots.style()
study = open_study(profile)
work = study.paths.artifacts / "deployment"
resamples = study.settings.resamples
truth = {fold: study.data.folds(fold).labels.astype(bool) for fold in (9, 10)}

# %% [markdown]
# ## Probabilities that mean something
#
# The released model is the distilled student as int8. Of a hundred records to which it gives a probability of 0.3, thirty
# should carry the finding. The expected calibration error (ECE) is how far it is from that, on average over bins of
# probabilities. One number, a temperature that divides the logits {cite:p}`guo2017`, is fitted on fold 9.

# %%
model_file = study.paths.artifacts / "distillation" / "student_distilled_int8.onnx"
run = study.runs("student_distilled")[0]
normalisation = Normalisation(**run.record["normalisation"])
scores = evaluation.Scores.load(study.paths.results / "scores" / "student_distilled_int8.npz")
score = {fold: scores.on(fold).score[0] for fold in (9, 10)}
meaning = calibration.calibrate((score[9], truth[9]), (score[10], truth[10]), resamples=resamples)
figure = plots.reliability(
    {
        f"{when}, ECE {meaning.errors[when]:.3f}": calibration.reliability(one, truth[10])
        for when, one in (("before", score[10]), ("after", meaning.calibrated))
    }
)

# %% [markdown]
# ## Decisions
#
# A threshold turns a probability into a yes or a no. For each superclass the one with the best F1 on fold 9 is taken; F1 is
# the harmonic mean of sensitivity and of the share of yeses that are right. On fold 10 they give:

# %%
shown = [f"{row.value:.3f} ({row.low:.3f}–{row.high:.3f})" for row in meaning.decisions.itertuples()]
wide = meaning.decisions.assign(shown=shown).pivot(index="superclass", columns="measure", values="shown")
wide = wide.loc[list(CLASSES)]
wide.insert(0, "threshold", meaning.thresholds.round(3))
tables.show(wide[["threshold", "sensitivity", "specificity", "F1"]].reset_index())

# %% [markdown]
# Other uses want other thresholds: a monitor that must not miss an infarction takes a lower one and bears more alarms. What each
# would give can be read from the scores in `results/`.
#
# ## The released model

# %% tags=["hide-input"]
on_9 = {name: results.read(study.paths.results, name)["row"]["val_auc"] for name in ("student_distilled", "student")}
Markdown(
    f"Of the two students of chapter 6 the distilled one is released: on fold 9 its seeds reach "
    f"{on_9['student_distilled']:.4f} on average, those without teachers {on_9['student']:.4f}. Of its seeds it is the first."
)

# %% [markdown]
# The file is released with a manifest: its SHA-256, what it takes (leads, length, rate, scale) and what follows from it
# (temperature, thresholds). Everything below opens it through the manifest, and a file that does not fit is refused.

# %%
release = study.paths.released
released.write(release, released.DEFAULT, model_file, normalisation, meaning.temperature, meaning.thresholds)
model = released.load(where=release)

# %% [markdown]
# Four synthetic recordings, none of them a patient's. Two are sound, one of these at 500 Hz with its leads in another
# order; two have something wrong. The model was trained on real ECGs, so that what it says of these shows how it is used, and
# no more.

# %%
recordings_folder = examples.write(work / "recordings")
found = list(prediction.classify(prediction.find([recordings_folder]), model, units="mV"))
tables.show(
    pd.DataFrame(
        [
            {"recording": one.path.name, **{name: one.probabilities.get(name) for name in CLASSES},
             "what is said": one.error.split("\n")[0] or "; ".join([" ".join(one.findings) or "no finding", *one.remarks])}
            for one in found
        ]
    ),
    {name: "{:.2f}" for name in CLASSES},
)  # fmt: skip

# %% [markdown]
# On a command line the same is `ecglib predict RECORD…`, and in a browser [this page](../classify). A recording of more than
# ten seconds is cut into windows of ten; what is left over counts from five seconds on, as the last ten seconds of the recording.
# The probabilities of the windows are averaged.
#
# ## A micro-controller
#
# Devices that are worn run no ONNX Runtime. For them the student is carried to Keras, weight by weight, and from there to
# a .tflite file of integers throughout, which tflite-micro runs {cite:p}`david2021`. Its interpreter takes all memory from one
# block, the arena. A second, smaller student, 28, 56 and 112 channels wide and trained in the same way, is meant for 64 KB of
# RAM.

# %%
scored = study.data.folds(9, 10)
x, fold = normalisation(scored.millivolts(slice(None))), scored.table["fold"].to_numpy()
calibration_x = normalisation(study.data.folds(*TRAIN_FOLDS).drawn(200, seed=0).millivolts(slice(None)))
micro = {"student_micro": "student_distilled", "student_micro_64k": "student_small"}
files, footprints, widest, micro_scores, changes, checks = {}, {}, {}, {}, {}, []
for name, trained in micro.items():
    source = study.runs(trained)[0]
    carried = microcontroller.to_keras(source.weights())
    kept = source.scores.score[0]
    said = carried.predict(x, verbose=0, batch_size=256)
    files[name] = {
        "float32": litert.to_tflite(carried, work / f"{name}_float32.tflite"),
        "int8": litert.to_tflite(carried, work / f"{name}.tflite", calibration_x),
    }
    footprints[name] = microcontroller.footprint(files[name]["int8"])
    widest[name] = microcontroller.widest(carried)
    micro_scores[name] = litert.predict(files[name]["int8"], x)
    same = microcontroller.predict(files[name]["int8"], x[:40])
    changes[name] = evaluation.auc_difference(
        truth[10], micro_scores[name][None, fold == 10], kept[None, fold == 10], resamples=resamples
    )
    checks.append(
        (
            tables.MODEL_NAMES[name], f"{abs(said - kept).max():.1e}", f"{abs(same - micro_scores[name][:40]).max():.4f}",
            f"{changes[name].value:+.4f} ({changes[name].low:+.4f} to {changes[name].high:+.4f})",
        )
    )  # fmt: skip
tables.show(
    pd.DataFrame(
        checks, columns=["model", "Keras against torch", "tflite-micro against LiteRT", "AUC, int8 against float32"]
    )
)

# %% [markdown]
# The first two columns are the largest difference of a probability: over all records of folds 9 and 10, and over forty of
# them. The third is the change on fold 10 with the interval of the paired bootstrap.

# %%
tables.show(
    pd.DataFrame(
        [
            (tables.MODEL_NAMES[name], one.file_bytes, one.arena_bytes, one.persistent_bytes)
            for name, one in footprints.items()
        ],
        columns=["model", "file bytes", "arena bytes", "of them lasting"],
    )
)  # fmt: skip

# %% tags=["hide-input"]
large = footprints["student_micro"]
(layer, out), (after, pooled) = widest["student_micro"]
Markdown(
    f"The student takes {large.arena_bytes:,} bytes of arena (aim: at most 160,000, "
    f"{'reached' if large.arena_bytes <= 160_000 else 'missed'}) and {large.file_bytes:,} bytes of file (aim: at most 560,000, "
    f"{'reached' if large.file_bytes <= 560_000 else 'missed'}). The file is its weights, a byte each. The arena holds "
    f"what two neighbouring layers give, a byte a value: at the widest place `{layer}`, {out[0]} samples of {out[1]} channels, "
    f"beside `{after}`, {pooled[0]} of {pooled[1]}, together {math.prod(out) + math.prod(pooled):,} bytes. The operators: "
    f"{', '.join(dict.fromkeys(large.operators))}. Fewer channels in "
    f"the early blocks, where the signal is still long, make the arena small; fewer in the last one make the file small."
)

# %% [markdown]
# Which micro-controllers that is: one of each class, with flash and RAM as their makers give them. A model counts as fitting
# where it leaves a quarter of both to the program around it.

# %%
tables.show(
    pd.DataFrame(
        [
            (
                device, f"{flash:,} KB", f"{ram:,} KB",
                *("✓" if microcontroller.fits(footprints[name], flash, ram) else "–" for name in micro),
            )
            for device, (flash, ram) in microcontroller.DEVICES.items()
        ],
        columns=["device", "flash", "RAM", "student", "small student"],
    )
)  # fmt: skip

# %% [markdown]
# ## The figures to carry on

# %%
meanings, written = {released.DEFAULT: meaning}, {}
for name, trained in micro.items():
    source = study.runs(trained)[0]
    said = {number: micro_scores[name][fold == number] for number in (9, 10)}
    meanings[name] = own = calibration.calibrate((said[9], truth[9]), (said[10], truth[10]), resamples=resamples)
    released.write(
        release, name, files[name]["int8"], normalisation, own.temperature, own.thresholds,
        **microcontroller.scales(files[name]["int8"]),
    )  # fmt: skip
    latency = litert.latencies(files[name], x[:1], study.settings.repeats)
    written[name] = results.write(
        study.paths.results, name,
        evaluation.Scores(scored.ecg_id, fold, source.scores.seed, micro_scores[name][None]), study.data,
        chapter="08_deployment", framework="litert", params=source.record["params"],
        nonzero_params=source.record["nonzero_params"], file_bytes=footprints[name].file_bytes, latency_ms=latency["int8"],
        latency_vs_float32=latency["float32"] / latency["int8"], resamples=resamples,
        details={
            "footprint": vars(footprints[name]), "auc_change": vars(changes[name]),
            **({"training": source.record} if trained == "student_small" else {}),
        },
    )  # fmt: skip
# for the model cards
results.keep(study.paths.results, "released", {name: one.record() for name, one in meanings.items()})
tables.show(
    pd.DataFrame(
        [
            (tables.MODEL_NAMES[name], str(evaluation.Estimate(**one["classes"]["macro"])), one["row"]["params"],
             one["row"]["file_bytes"], footprints[name].arena_bytes)
            for name, one in written.items()
        ],
        columns=["model", "AUC, fold 10", "parameters", "file bytes", "arena bytes"],
    )
)  # fmt: skip

# %% [markdown]
# The two are released beside the first one, with temperature and thresholds of their own. For firmware `ecglib header`
# writes them as C headers, with the scales that turn voltages into integers and integers into probabilities:

# %%
print("\n".join(firmware.c_header(*released.verified("student_micro", release), "ecg_student").splitlines()[:19]))

# %% [markdown]
# ## What we learned
#
# - One number, fitted on fold 9, is enough to check whether probabilities mean what they say; decisions need thresholds, and
#   thresholds a purpose.
# - The same weights run in torch, Keras, ONNX Runtime, LiteRT and tflite-micro; where they are rounded, probabilities
#   move by a hundredth or two, and the AUC next to nothing.
# - On a micro-controller RAM is scarcer than flash, and it is the early, wide layers that fill it.
#
# **Next:** [classify an ECG in your browser](../classify).
