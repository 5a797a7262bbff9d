# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. The dataset
#
# **Question.** What is in PTB-XL, what do its five superclasses mean, and which records may a fair study
# train, select and test on?
#
# **Needs.** The 100 Hz part of PTB-XL (or the synthetic sample records). Takes under a minute once the
# records have been read.
#
# PTB-XL {cite:p}`wagner2020` is a public collection of clinical 12-lead electrocardiograms (ECGs). An ECG
# records the voltage that the beating heart leaves on the skin. Ten electrodes give twelve *leads*: six
# limb leads (I, II, III, aVR, aVL, aVF) look at the heart from the front, six chest leads (V1 to V6) from
# around the chest. Each record here is ten seconds long, sampled 100 times a second.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import pandas as pd
from IPython.display import Markdown, display

from ecglib import original, plots, ptbxl, tables
from ecglib.ptbxl import CLASS_NAMES, CLASSES
from ecglib.study import open_study

plots.style()
study = open_study(profile)
records, used = study.records, study.data

# %% tags=["hide-input"]
Markdown(
    f"**{len(records):,} records** of {records.table['patient_id'].nunique():,} patients. "
    f"{len(records) - len(used):,} carry none of the five superclasses and are left out; "
    f"**{len(used):,} are used.** Data fingerprint: `{records.fingerprint}`."
)

# %% [markdown]
# ## The five superclasses
#
# Each record is described with statements of the SCP-ECG standard. The diagnostic ones each belong to one of
# five superclasses; the others describe form and rhythm. A record can carry several.
#
# | Superclass | What it means | What changes in the ECG |
# |---|---|---|
# | NORM | Normal ECG | nothing that asks for a diagnosis |
# | MI | Myocardial infarction: heart muscle has died, or is dying, for want of blood | deep, broad Q waves; while it is fresh, a raised ST segment |
# | STTC | ST/T change: recovery after the beat is disturbed, by ischaemia, drugs or salts | lowered ST segment; flat or inverted T wave |
# | CD | Conduction disturbance: the impulse travels late or by a detour | wide or notched QRS complex; long PR interval; turned axis |
# | HYP | Hypertrophy: a chamber's muscle has grown thick | high voltages, often with an inverted T wave |

# %%
statements = ptbxl.read_statements(study.paths.data)
display(Markdown(f"{len(statements)} statements are listed, {statements.notna().sum()} of them diagnostic."))
counts = pd.DataFrame(
    {
        "superclass": CLASSES,
        "name": [CLASS_NAMES[name] for name in CLASSES],
        "records": records.table[list(CLASSES)].sum().to_numpy(),
        "as reported": [original.CLASS_COUNTS[name] for name in CLASSES],
        "share of used": used.table[list(CLASSES)].mean().to_numpy(),
    }
)
tables.show(counts, {"share of used": "{:.1%}"})

# %% [markdown]
# The original study {cite:p}`original2023` lists the counts of release 1.0.3, although its notebooks worked
# on an older release with 21,837 records, 21,430 of them with a superclass.
#
# ## Superclasses come together
#
# A patient with a thick heart muscle often shows ST/T changes as well. The task is therefore *multi-label*:
# five yes-or-no questions for each record.

# %%
figure = plots.combination_bars(records.table)

# %% [markdown]
# ## The patients

# %%
figure = plots.people(used.table)

# %% [markdown]
# PTB-XL writes an age of 300 for patients over 89, to protect them; the figure leaves those out.
#
# ## The folds
#
# PTB-XL comes with ten folds. All records of a patient lie in one fold, so that no model is tested on a
# person it has seen. We **train on folds 1 to 8, select on fold 9 and test on fold 10**, as the benchmark on
# this data does {cite:p}`strodthoff2020`. Labels of folds 9 and 10 are also of higher quality: a
# human has validated every record there, while a part of the others carries an automatic reading only.

# %%
patients_in_folds = records.table.groupby("patient_id")["fold"].nunique()
folds = used.table.groupby("fold").agg(records=("age", "size"))
folds = folds.join(used.table.groupby("fold")[list(CLASSES)].mean()).reset_index()
display(Markdown(f"Patients with records in two folds: **{(patients_in_folds > 1).sum()}**."))
tables.show(folds, dict.fromkeys(CLASSES, "{:.0%}"))

# %% [markdown]
# The shares of the superclasses hardly differ between folds, because PTB-XL's authors stratified them.
#
# ## Which statements count
#
# Each statement carries a likelihood between 0 and 100 %. A zero means that the likelihood is unknown. The
# benchmark counts **every diagnostic statement listed, whatever its likelihood**, and so do the original
# study and this book. Stricter rules would change the labels:

# %%
rules = {"any (used here)": None, "above 0": 1, "at least 50 %": 50, "100 %": 100}
by_rule = {name: ptbxl.read_table(study.paths.data, minimum_likelihood=least) for name, least in rules.items()}
kept = pd.DataFrame({name: table[list(CLASSES)].sum() for name, table in by_rule.items()})
kept.loc["none"] = [(~table[list(CLASSES)].any(axis=1)).sum() for table in by_rule.values()]
tables.show(kept.rename_axis("superclass").reset_index(), caption="Records of each superclass, by likelihood")

# %% tags=["hide-input"]
strictest = by_rule["100 %"][list(CLASSES)]
changed = (strictest != records.table[list(CLASSES)]).any(axis=1).mean()
Markdown(
    f"Under the strictest rule {changed:.0%} of the records would have other labels. An AUC measured under one "
    "rule must not be compared with one measured under another."
)

# %% [markdown]
# ## The first record
#
# On ECG paper, as a clinician reads it: a second is 25 mm wide and a millivolt 10 mm high.

# %%
first = records.millivolts([0])[0]
labels = " and ".join(name for name in CLASSES if records.table[name].iloc[0]) or "no superclass"
title = f"ecg_id {records.ecg_id[0]}: {labels}"
figure = plots.ecg_paper(first, title)

# %% [markdown]
# The same record in a plain grid, each lead over its whole ten seconds:

# %%
figure = plots.lead_grid(first, title)

# %% [markdown]
# ## One record of each superclass alone

# %%
alone = used.table[list(CLASSES)].sum(axis=1) == 1
for name in CLASSES:
    position = (alone & used.table[name]).to_numpy().argmax()
    signal = used.millivolts([position])[0]
    display(plots.ecg_paper(signal, f"{CLASS_NAMES[name]} ({name}), ecg_id {used.ecg_id[position]}"))
    plots.plt.close("all")

# %% [markdown]
# ## What we learned
#
# - The data is what the original study lists: the same five superclasses with the same counts.
# - It is multi-label and unbalanced, so that a macro average over superclasses is the fair single figure.
# - The folds keep patients apart. Random splits, which some of the original's notebooks used, do not.
#
# **Next:** [the base CNN](02_base_cnn).
