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

from ecglib import paths, plots, results, tables
from ecglib.ptbxl import CLASSES

plots.style()
folder = paths.of(profile).results
summary = results.summary(folder)

# %% [markdown]
# ## Every model

# %%
tables.show(tables.summary_rows(summary))

# %%
rounded = {
    "val_auc": "{:.4f}",
    "test_auc": "{:.4f}",
    "seed_sd": "{:.4f}",
    "latency_ms": "{:.2f}",
    "latency_vs_float32": "{:.2f}",
}
tables.show(
    tables.named(summary)[["model", *rounded]].rename(columns=tables.COLUMN_NAMES),
    {tables.COLUMN_NAMES[k]: v for k, v in rounded.items()},
)

# %% [markdown]
# The AUC is the macro average over the five superclasses on fold 10, averaged over seeds, with a 95 %
# bootstrap interval over records. *File* is the size of the file that would be shipped, in MB of 10^6 bytes. Latency is the
# median for one record at one thread; as milliseconds depend on the machine, compare the ratios.
#
# ## By superclass

# %%
classes = {name: results.read(folder, name)["classes"] for name in summary["model"]}
aucs = pd.DataFrame({model: {name: by[name]["value"] for name in CLASSES} for model, by in classes.items()}).T
aucs.insert(0, "model", [tables.MODEL_NAMES.get(name, name) for name in aucs.index])
tables.show(aucs)

# %% [markdown]
# ## AUC against bytes

# %%
figure = plots.auc_against_bytes(tables.named(summary))

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
