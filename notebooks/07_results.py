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
# re-execute it and check every table. Takes seconds.

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
figure = plots.macro_roc(
    {names[name]: result["roc"] for name, result in kept.items()},
    {names[name]: result["seeds"][0]["test_auc"] for name, result in kept.items()},
)

# %% [markdown]
# Macro ROC curves on fold 10, each of its model's first seed.
#
# ## AUC against bytes

# %%
figure = plots.auc_against_bytes(tables.named(summary), published.SUPERCLASS_AUC)

# %% [markdown]
# At the right edge stand macro AUCs that {cite:t}`strodthoff2020` published for the same task. Their models see crops of
# 2.5 seconds and average over a record's crops, and their release of PTB-XL was 1.0.1; the sizes of their files were not
# published.
#
# ## What each figure rests on

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
# %% [markdown]
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
