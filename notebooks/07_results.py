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
# **Question.** What did each model reach, in how many bytes, and how sure is that?
#
# **Needs.** Only `results/`: this chapter computes no score of its own, so that a reader without PTB-XL can
# re-execute it and check every table. A reader with PTB-XL can derive every AUC anew from the scores that
# lie beside the figures: `ecglib evaluate --profile full`. Takes seconds.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import pandas as pd
from IPython.display import Markdown

from ecglib import original, paths, plots, published, results, tables
from ecglib.ptbxl import CLASSES

plots.style()
folder = paths.of(profile).results
summary = results.summary(folder)
kept = {name: results.read(folder, name) for name in summary["model"]}
names = {name: tables.MODEL_NAMES[name] for name in kept}

# %% [markdown]
# ## As reported, replayed, done right
#
# AUC on fold 10 with 95 % intervals. *Replayed* follows the original's procedure as documented, on our split; *done right*
# is what the chapters before this one arrive at.

# %%
macro = {name: result["classes"]["macro"] for name, result in kept.items()}
tables.show(tables.findings(original.FINDINGS, original.REPORTED, macro))

# %% [markdown]
# ## The original's conclusion, computed again
#
# The original concludes that distillation makes the model smaller: 91.8 % fewer parameters and 79.8 % less size. Two notions of
# size stand behind that sentence. The second is a memory estimate for training, activations and their gradients
# included; no file and no device has that size.

# %%
large, small = (kept[name]["details"]["sizes_mb"] for name in ("base_cnn", "student"))
int8_bytes = kept["student_distilled_int8"]["row"]["file_bytes"]
bytes_of = {name: kept[name]["row"]["file_bytes"] for name in ("base_cnn", "student")}
reported_sizes = original.SIZES_MB
compared = [
    (
        "parameters", f"{large['params']:,.0f}", f"{small['params']:,.0f}", small["params"] / large["params"],
        original.REPORTED["student"].params / original.REPORTED["base_cnn"].params,
    ),
    *(
        (
            what, f"{large[key]:.2f} MB", f"{small[key]:.2f} MB", small[key] / large[key],
            reported_sizes["student"][key] / reported_sizes["base_cnn"][key],
        )
        for what, key in (("weights in memory", "params_mb"), ("with activations, in training", "total_mb"))
    ),
    (
        "file to ship, float32", tables.megabytes(bytes_of["base_cnn"]), tables.megabytes(bytes_of["student"]),
        bytes_of["student"] / bytes_of["base_cnn"], None,
    ),
    (
        "file to ship, student as int8", tables.megabytes(bytes_of["base_cnn"]), tables.megabytes(int8_bytes),
        int8_bytes / bytes_of["base_cnn"], None,
    ),
]  # fmt: skip
conclusion = pd.DataFrame(compared, columns=["what", "base CNN", "student", "change", "as reported"])
for column in ("change", "as reported"):
    conclusion[column] = ["–" if pd.isna(share) else f"{100 * (share - 1):+.1f} %" for share in conclusion[column]]
tables.show(conclusion)

# %% tags=["hide-input"]
gain = kept["student_distilled"]["details"]["auc_change"]
Markdown(
    "The student has as many parameters with a teacher as without: its design made it small, and the int8 file makes it "
    f"{bytes_of['base_cnn'] / int8_bytes:.0f} times smaller than the base CNN's. What distillation can change is the AUC: by "
    f"{gain['value']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f}); {kept['student_distilled']['details']['verdict']}."
)

# %% [markdown]
# Memory sizes are in MB of 2^20 bytes, as the original counts them, file sizes in MB of 10^6 bytes.

# %% [markdown]
# ## Every model

# %%
tables.show(tables.summary_rows(summary))

# %%
rounded = {
    "nonzero_params": "{:,.0f}",
    "val_auc": "{:.4f}",
    "test_auc": "{:.4f}",
    "seed_sd": "{:.4f}",
    "latency_vs_float32": "{:.2f}",
}
tables.show(
    tables.named(summary)[["model", *rounded]].rename(columns=tables.COLUMN_NAMES),
    {tables.COLUMN_NAMES[k]: v for k, v in rounded.items()},
)

# %% [markdown]
# The AUC is the macro average over the five superclasses on fold 10, averaged over seeds, with a 95 %
# bootstrap interval over records. *File* is the size of the file that would be shipped, in MB of 10^6 bytes. The speed is
# that of one record at one thread, as a multiple of the float32 network's that a model was made from; the milliseconds, which
# depend on the machine, are in the CSV file of the [front page](../intro).
#
# ## By superclass

# %%
aucs = pd.DataFrame(
    [(names[name], *(result["classes"][c]["value"] for c in CLASSES)) for name, result in kept.items()],
    columns=["model", *CLASSES],
)
tables.show(aucs)

# %%
curves = pd.DataFrame(
    [
        {"model": names[name], "chapter": int(result["row"]["chapter"][:2]), "auc": result["seeds"][0]["test_auc"]}
        | result["roc"]
        for name, result in kept.items()
    ]
)
figure = plots.macro_roc(curves, names["base_cnn"])

# %% [markdown]
# The upper left quarter of the macro ROC curves on fold 10, each of its model's first seed.
#
# ## AUC against bytes

# %%
labelled = [names[model] for model in original.FINDING_MODELS]
figure = plots.auc_against_bytes(tables.named(summary), published.SUPERCLASS_AUC, labelled)

# %% [markdown]
# The grey line joins the models that no smaller one surpasses. These and the findings' models are named; the small dots are the
# others of the table above. At the right edge stand macro AUCs that {cite:t}`strodthoff2020` published for the same task. Their models see crops of
# 2.5 seconds and average over a record's crops, and their release of PTB-XL was 1.0.1; the sizes of their files were not
# published.
#
# ## What each finding rests on
#
# A figure is as good as the records that it was measured on. What stands behind the original's findings, and behind ours:

# %%
evidence = [
    (
        finding, original.RESTS_ON[finding],
        f"fold 10, {len(kept[right]['seeds'])} seed{'s' if len(kept[right]['seeds']) > 1 else ''}; chosen on fold 9",
    )
    for finding, (_, right) in original.FINDINGS.items()
]  # fmt: skip
tables.show(pd.DataFrame(evidence, columns=["finding", "as reported rests on", "done right rests on"]))

# %% [markdown]
# ## Seeds and intervals

# %%
several = pd.DataFrame(
    [
        {"model": names[name]} | one
        for name, result in kept.items()
        if len(result["seeds"]) > 1
        for one in result["seeds"]
    ]
)
figure = plots.seeds(several)

# %%
rests = pd.DataFrame(
    [
        (
            names[name], f"{len(result['seeds'])}", result["row"]["chapter"][:2].lstrip("0"),
            f"{macro[name]['high'] - macro[name]['low']:.4f}",
            "–" if len(result["seeds"]) == 1 else f"{pd.Series([s['test_auc'] for s in result['seeds']]).std():.4f}",
        )
        for name, result in kept.items()
    ],
    columns=["model", "seeds", "chapter", "interval's width", "SD over seeds"],
)  # fmt: skip
tables.show(rests)

# %% [markdown]
# The interval says how far other test records of the same kind would move a figure, the spread over seeds how far another
# training of the same network would. Where there is one seed, the second is not known. Differences between models are
# told by paired comparisons on the same records, in their chapters.
#
# ## Limits
#
# - One data set from one country and one maker's devices. A model can do worse elsewhere.
# - The labels are readings of the ECG itself, not later findings at the patient; in folds 1 to 8 a part of them is
#   automatic and was validated by no human.
# - Nothing here is a medical device, and no clinical claim is made.

# %% tags=["hide-input"]
environment = results.read_environment(folder)
Markdown(
    f"Made from data with fingerprint `{environment['fingerprint']}` ({environment['labelled']:,} records used) on "
    f"{environment['hardware']}."
)
