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
# **Question.** What does an electrocardiogram show, what do PTB-XL's five superclasses mean, and which records may train, choose
# and test a network?
#
# **Prerequisites.** Some Python; no cardiology. The 100 Hz version of PTB-XL, or the synthetic sample records. Takes a minute
# once the records have been read.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from scipy import stats
from scipy.signal import find_peaks
from sklearn.metrics import roc_auc_score

from ecglib.book import plots, tables
from ecglib.book.alt_text import set_alt_text
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecglib.book.prose import introduce, say
from ecglib.data import ptbxl
from ecglib.data.folds import folds_for
from ecglib.data.original_split import original_split
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import original
from ecglib.study.study import open_study
from ecgpredict.spec import CLASS_NAMES, CLASSES, LEADS

plots.style()
study = open_study(profile)
introduce(study)

# %% [markdown]
# ## Ten seconds, twelve leads
#
# An electrocardiogram (ECG) records the voltage that the beating heart produces on the skin. Ten electrodes give twelve *leads*,
# twelve views of the same heart: I, II, III, aVR, aVL and aVF see it from the limbs, V1 to V6 from six places on the chest.
# PTB-XL {cite:p}`wagner2020` is a public collection of such recordings from everyday clinical work. Each lasts ten seconds; in
# the version that we use, each lead has 100 samples a second.

# %%
records = study.records
millivolts = records.millivolts([0])
labels = records.table[list(CLASSES)]
print(millivolts.shape, "records, samples, leads, in mV")
print(f"{len(records):,} records of {records.table.patient_id.nunique():,} patients")
print(
    f"{(~labels.any(axis=1)).sum():,} of them belong to no superclass and are left out"
)

# %% [markdown]
# What the superclasses are comes below. First a look at a normal heart, and at the training records only: pictures, too, teach
# whoever looks at them, and some records have to stay unseen for the test.

# %%
used = study.data  # the records with a superclass
training = used.in_folds(1, 2, 3, 4, 5, 6, 7, 8)
# (records, statements), True or False
statements = ptbxl.read_statement_labels(study.paths.data)


# %% [markdown]
# ## One beat
#
# To look at single beats we have to find them. The steepest part of every beat is the QRS complex, when the main chambers
# contract; so we add up how much all leads change from sample to sample, smooth it over 90 ms, and take the peaks. A beat is then
# what lies from 350 ms before such a peak to 500 ms after it.

# %%
BEFORE, AFTER = 35, 50  # samples of 10 ms
time = 10.0 * np.arange(-BEFORE, AFTER)  # ms


def beats_of(millivolts):
    """The beats (beats, samples, leads) of a record (1000, leads)."""
    change = np.abs(np.diff(millivolts, axis=0)).sum(axis=1)
    steepness = np.convolve(change, np.ones(9) / 9, "same")
    peaks, _ = find_peaks(
        steepness, distance=30, height=np.quantile(steepness, 0.98) / 2
    )
    inside = [peak for peak in peaks if BEFORE <= peak < len(millivolts) - AFTER]
    beats = np.stack([millivolts[peak - BEFORE : peak + AFTER] for peak in inside])
    # without the baseline's slow wander
    return beats - np.median(beats, axis=1, keepdims=True)


# %% [markdown]
# The median of a record's beats has little noise left. We compute it for 200 normal records, look for the twenty whose median
# beats lie nearest to all the others', and take the one of them whose Q wave is deepest, so that it shows every wave.


# %%
def records_with(statement, count=200):
    """Some training records with a statement, and with as few superclasses as there are such records."""
    stated = training.select(statements.loc[training.ecg_id, statement].to_numpy())
    superclasses = stated.labels.sum(axis=1)
    return stated.select(superclasses == superclasses.min()).sample(count, seed=0)


def median_beats(group):
    """The median beat (records, samples, leads) of each record."""
    return np.stack(
        [
            np.median(beats_of(record), axis=0)
            for record in group.millivolts(slice(None))
        ]
    )


normal = records_with("NORM")
normal_beats = median_beats(normal)
distance = np.abs(normal_beats - np.median(normal_beats, axis=0)).sum(axis=(1, 2))
alike = distance.argsort()[:20]
q_wave = (time >= -50) & (time <= -20)
typical = alike[normal_beats[alike][:, q_wave, LEADS.index("II")].min(axis=1).argmin()]

# %% [markdown]
# On ECG paper, as a clinician reads it, one second is 25 mm wide and one millivolt 10 mm high:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "A typical normal ECG on paper: 2.5 seconds of each lead, and all ten seconds of lead II below.", "name": "fig-dataset-paper"}}
figure = plots.record_on_paper(normal, typical)

# %% [markdown]
# And its beats, one over the other:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The beats of that record in lead II (gray) and their median (blue): P, QRS, T.", "name": "fig-dataset-beat"}}
lead = "II"
figure = plots.marked_beat(
    beats_of(normal.millivolts([typical])[0])[:, :, LEADS.index(lead)], time, lead
)

# %% [markdown]
# Every beat tells the same short story.
#
# - The **P wave**: the impulse starts in the right atrium and spreads over both atria, which contract.
# - The **PR interval**: the impulse waits in the node between atria and ventricles, which gives the blood time to flow.
# - The **QRS complex**: the impulse runs through a fast network of fibers, and the ventricles contract at once. Q is a first dip,
#   R the peak, S the dip after it; not every lead has all three. Because all happens at once, QRS is narrow: about 0.1 s.
# - The **ST segment**: all of the ventricles is active, nothing moves, the line is flat.
# - The **T wave**: the ventricles recover, cell by cell, and so more slowly.
#
# A disease shows in *which part* of that story changes, and *in which leads*.
#
# ## The five superclasses
#
# Cardiologists described each record with statements of a standard, SCP-ECG. Diagnostic statements belong to one of five
# superclasses; others describe form or rhythm.
#
# | Superclass | What it means | What changes in the ECG |
# |---|---|---|
# | NORM | Normal ECG | nothing that calls for a diagnosis |
# | MI | Myocardial infarction: a part of the heart muscle has died, or is dying, for lack of blood | deep, broad Q waves or lost R waves; in the acute phase a raised ST segment |
# | STTC | ST/T change: the ventricles recover in another way, from too little blood, drugs or salts in the blood | a lowered ST segment; a flat or inverted T wave |
# | CD | Conduction disturbance: the impulse is late or takes a detour | a wide or notched QRS complex; a long PR interval |
# | HYP | Hypertrophy: the muscle of a chamber is thickened | high voltages, often with an inverted T wave |
#
# A superclass is broad; one of its statements shows best what it does. Change a statement or a lead below, and run the cells.

# %%
changes = {  # superclass: title, statement, lead, {what changes: between which ms}
    "MI": ("infarction of the lower wall", "IMI", "III", {"Q instead of R": (-40, 40)}),
    "STTC": (
        "ischemia, too little blood",
        "ISC_",
        "V5",
        {"ST lowered": (70, 130), "T flat": (200, 350)},
    ),
    "CD": (
        "left bundle branch block",
        "CLBBB",
        "V1",
        {"QRS deep and wide": (10, 80), "ST and T raised": (150, 350)},
    ),
    "HYP": ("thick left ventricle", "LVH", "V5", {"R higher": (-30, 30)}),
}
medians = {
    superclass: median_beats(records_with(row[1]))
    for superclass, row in changes.items()
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "What four superclasses change: the median beat of up to 200 records with one statement (color; half of the records lie in the band) and of normal ones (gray).", "name": "fig-dataset-superclasses"}}
panels = [
    (
        superclass,
        f"{superclass}: {title} ({statement}), lead {lead}, {len(medians[superclass])} records",
        medians[superclass][:, :, LEADS.index(lead)],
        normal_beats[:, :, LEADS.index(lead)],
        marks,
    )
    for superclass, (title, statement, lead, marks) in changes.items()
]
figure = plots.changed_beats(panels, time)

# %% tags=["remove-input"]
v5, r_wave, t_wave = (
    LEADS.index("V5"),
    np.abs(time) <= 30,
    (time >= 200) & (time <= 350),
)
height = {
    name: np.median(beats[:, :, v5], axis=0)
    for name, beats in (medians | {"NORM": normal_beats}).items()
}
r, t = (
    {name: beat[part].max() for name, beat in height.items()}
    for part in (r_wave, t_wave)
)
highest = {
    name: beats[:, r_wave, v5].max(axis=1)
    for name, beats in (medians | {"NORM": normal_beats}).items()
}
overlap = (highest["HYP"] < np.quantile(highest["NORM"], 0.75)).mean()
study.claim("01.one_lead_is_not_enough", float(overlap), above=0.1)
study.claim("01.hypertrophy_raises_r", float(r["HYP"] - r["NORM"]), above=0.5)
study.claim("01.ischemia_flattens_t", float(t["STTC"] / t["NORM"]), below=0.5)
say(f"""
Each change follows from its cause. Dead muscle (MI) conducts nothing: the lead that faces it no longer sees the wave come
towards it, and its R wave becomes a Q wave. Muscle with too little blood (STTC) recovers in another way: the T wave in V5 has
{t["STTC"]:.2f} mV where a normal one has {t["NORM"]:.2f} mV. An impulse that has lost one of its fast paths (CD) has to creep
through the muscle: QRS takes long, and the recovery turns around. More muscle (HYP) makes more voltage: the R wave in V5 is
{r["HYP"]:.1f} mV high instead of {r["NORM"]:.1f} mV.

One lead is not enough to tell, though: in {100 * overlap:.0f} % of these hypertrophies, the R wave in V5 is lower than in the upper
quarter of normal hearts. A network sees all twelve leads, and even so it is *not a medical device*.
""")

# %% [markdown]
# So many records have each superclass; the last column is what the original study {cite:p}`original2023` lists:

# %%
counts = pd.DataFrame(
    {
        "superclass": CLASSES,
        "name": [CLASS_NAMES[name] for name in CLASSES],
        "records": [labels[name].sum() for name in CLASSES],
        "% of those used": [100 * used.table[name].mean() for name in CLASSES],
        "as reported": [original.CLASS_COUNTS[name] for name in CLASSES],
    }
)
tables.show(counts, {"% of those used": "{:.0f}"})

# %% tags=["remove-input"]
study.claim(
    "01.counts_as_reported",
    float((counts["records"] != counts["as reported"]).sum()),
    within=0,
)
several = (used.labels.sum(axis=1) > 1).mean()
say(f"""
All five counts agree with release 1.0.3 of PTB-XL, which the original names, although its notebooks print the size of an older
one. NORM is {counts.records[0] / counts.records[4]:.1f} times as frequent as HYP; that is why the book reports the *macro* AUC, which
weights the five superclasses equally.

A heart can have several troubles at once: {100 * several:.0f} % of the records belong to more than one superclass. The task is
therefore **multi-label**: five yes-or-no questions to each record, not a choice of one answer.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The twelve most frequent combinations of superclasses; one alone in color.", "name": "fig-dataset-combinations"}}
combinations = (
    used.table[list(CLASSES)]
    .apply(lambda row: " + ".join(row.index[row]), axis=1)
    .value_counts()[11::-1]
)
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.9))
colors = [CLASS_COLORS.get(name, "#999999") for name in combinations.index]
bars = axis.barh(combinations.index, combinations, color=colors)
axis.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=8)
axis.set(xlabel="records")
axis.margins(x=0.1, y=0.01)

# %% [markdown]
# ### Which statements count
#
# Each statement comes with a likelihood of 0 to 100 %, where 0 means that it is not known. The benchmark on this dataset
# {cite:p}`strodthoff2020` counts every diagnostic statement, and so do the original study and this book. Other rules give other
# labels:

# %%
rules = {"any (used here)": None, "above 0 %": 1, "at least 50 %": 50, "100 %": 100}
by_rule = {
    rule: ptbxl.read_table(study.paths.data, minimum_likelihood=least)[list(CLASSES)]
    for rule, least in rules.items()
}
likelihoods = pd.DataFrame({rule: table.sum() for rule, table in by_rule.items()})
likelihoods.loc["none"] = [(~table.any(axis=1)).sum() for table in by_rule.values()]
tables.show(likelihoods.rename_axis("superclass").reset_index())

# %% tags=["remove-input"]
changed = (by_rule["100 %"] != by_rule["any (used here)"]).any(axis=1).mean()
study.claim("01.strict_labels_differ", float(changed), above=0.1)
say(f"""
Under the strictest rule {100 * changed:.0f} % of the records would have other labels. An AUC of one rule must not be compared
with an AUC of another.
""")

# %% [markdown]
# ### The patients

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Age and sex at each record, and age within each superclass: the sick are older.", "name": "fig-dataset-patients"}}
known = used.table[used.table.age <= 89]  # older patients have the age 300
figure, (upper, lower) = plt.subplots(2, 1, figsize=(PAGE_WIDTH, 4.6), sharex=True)
sex = known.sex.map({0: "male", 1: "female"})
bins = {"binwidth": 5, "binrange": (0, 90), "multiple": "stack"}
sns.histplot(
    x=known.age, hue=sex.rename("sex"), palette=["#56B4E9", "#F0E442"], ax=upper, **bins
)
upper.set(ylabel="records")
for name in CLASSES:
    sns.kdeplot(
        known.age[known[name]], color=CLASS_COLORS[name], label=name, ax=lower, cut=0
    )
lower.set(xlabel="age in years", ylabel="density")
legend = lower.legend(fontsize=8)

# %% tags=["remove-input"]
median_age = {name: known.age[known[name]].median() for name in CLASSES}
study.claim(
    "01.the_sick_are_older",
    float(min(median_age[name] for name in CLASSES[1:]) - median_age["NORM"]),
    above=5,
)
say(f"""
The median age is {median_age["NORM"]:.0f} years for normal records and {median_age["MI"]:.0f} for infarctions. To protect the oldest
patients, PTB-XL gives every age over 89 as 300; the figure leaves those {len(used) - len(known):,} records out.
""")

# %% [markdown]
# ## Which records train, which choose, which test
#
# PTB-XL comes in ten folds. As the benchmark does, we **train on folds 1 to 8, choose on fold 9 and test on fold 10**: whatever
# is decided (how long to train, which recipe, which threshold) is decided on fold 9, and fold 10 only tells how well it went.

# %%
validation, test = used.in_folds(9), used.in_folds(10)
circumstances = ptbxl.read_circumstances(study.paths.data).reindex(
    columns=["device", "site", "validated_by_human"]
)
parts = {
    "folds 1 to 8: train": training,
    "fold 9: choose": validation,
    "fold 10: test": test,
}
split = pd.DataFrame(
    [
        (
            name,
            len(part),
            part.table.patient_id.nunique(),
            100 * circumstances.validated_by_human[part.ecg_id].mean(),
        )
        for name, part in parts.items()
    ],
    columns=["part", "records", "patients", "% checked by a human"],
)
tables.show(split, {"% checked by a human": "{:.0f}"})

# %% tags=["remove-input"]
crossing = (records.table.groupby("patient_id").fold.nunique() > 1).sum()
shares = used.table.groupby("fold")[list(CLASSES)].mean()
spread = 100 * (shares.max() - shares.min()).max()
study.claim("01.no_patient_in_two_folds", float(crossing), within=0)
study.claim("01.folds_have_equal_shares", float(spread), below=3)
study.claim("01.all_test_labels_are_checked", float(split.iloc[2, 3]), above=99.9)
say(f"""
No patient has records in two folds, so no network is tested on a heart that it knows. The folds are stratified: the share of a
superclass differs between any two by at most {spread:.1f} percentage points. And a human checked every label of folds 9 and 10, but
only {split.iloc[0, 3]:.0f} % of those in folds 1 to 8.
""")

# %% [markdown]
# Some of the original's notebooks split the records in another way, and one slip moves labels to the wrong signals. Both are easy
# to make and hard to see, because everything still runs.
#
# ````{admonition} Spot the bug: random folds
# :class: tip
#
# ```python
# folds = KFold(5, shuffle=True).split(records)  # wrong: draws records
# train = records[records.fold <= 8]             # right: PTB-XL's folds draw patients
# ```
# ````

# %% tags=["remove-input"]
patients = used.table.patient_id.to_numpy()
drawn = np.random.default_rng(0).permutation(len(patients)) % 5 == 0
shared = np.isin(patients[drawn], patients[~drawn]).mean()
study.claim("01.random_folds_share_patients", float(shared), above=0.1)
say(f"""
In a random fifth, {100 * shared:.0f} % of the records belong to a patient of whom the network has seen another record. What that is
worth in AUC is not measured here; that it is not a test on new patients is certain.
""")

# %% [markdown]
# ````{admonition} Spot the bug: shifted labels
# :class: tip
#
# Records without a superclass are to be removed. An `ecg_id` counts from 1, a position in an array from 0.
#
# ```python
# signals = np.delete(signals, unlabeled.ecg_id, axis=0)      # wrong: removes the record after each
# signals = np.delete(signals, unlabeled.ecg_id - 1, axis=0)  # right, as long as no ecg_id is missing
# signals = signals[labels.any(axis=1)]                       # right, always
# ```
# ````

# %%
plain, shifted = (
    original_split(records, shifted_labels=wrong) for wrong in (False, True)
)
wrong = shifted.rows != plain.rows  # a signal under the labels of its neighbor

# %% tags=["remove-input"]
study.claim("01.few_labels_are_shifted", float(wrong.mean()), above=0.015, below=0.025)
say(f"""
The mistake heals itself after one record, because the unlabeled signal stays and the one after it goes: {wrong.sum():,} signals, or
{100 * wrong.mean():.1f} %, carry the labels of their neighbor. All of them are signals without a diagnosis, which now train and test as
if they had one. A replay in chapter 5 makes both mistakes.
""")

# %% [markdown]
# ## The test fold is another population
#
# Stratified by diagnosis does not mean alike. PTB-XL's authors filled folds 9 and 10 with patients whose records a human had
# checked, and that depends on where and with what a record was made:

# %%
part_of = used.table.fold.map(
    lambda fold: "folds 1 to 8" if fold <= 8 else f"fold {fold}"
)
origin = circumstances.loc[used.ecg_id].fillna("unknown").astype(str)
by_device, by_site = (
    100
    * pd.crosstab(
        origin[column].str.removesuffix(".0"), part_of, normalize="columns"
    ).iloc[:, ::-1]
    for column in ("device", "site")
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Devices and sites of the records. Folds 9 and 10 are alike, and unlike the training folds: the device CS100 3 is almost absent.", "name": "fig-dataset-origin"}}
figure, axes = plt.subplots(2, 1, figsize=(PAGE_WIDTH, 6.4), height_ratios=(8, 5))
for axis, (name, table, most) in zip(
    axes, (("device", by_device, 8), ("site", by_site, 5))
):
    largest = table.loc[table.max(axis=1).sort_values(ascending=False).index[:most]]
    long = (
        largest.rename_axis(name)
        .reset_index()
        .melt(name, var_name="records", value_name="percent")
    )
    palette = dict(zip(table.columns, ("#999999", "#56B4E9", "#0072B2")))
    sns.barplot(
        long, y=name, x="percent", hue="records", palette=palette, orient="h", ax=axis
    )
    axis.set(xlabel="% of the records", ylabel=name)
    axis.legend(loc="lower right", fontsize=8)

# %% tags=["remove-input"]
device, site = by_device.reindex(["CS100 3"]).iloc[0], by_site.reindex(["2"]).iloc[0]
study.claim(
    "01.a_device_is_missing_from_the_test",
    float(device.get("folds 1 to 8") - device.get("fold 10")),
    above=30,
)
study.claim(
    "01.a_site_doubles_in_the_test",
    float(site.get("fold 10") / site.get("folds 1 to 8")),
    above=2,
)
say(f"""
The electrocardiograph "CS100 3" made {device.get("folds 1 to 8"):.0f} % of the training records and {device.get("fold 10"):.0f} % of
fold 10; site 2 contributes {site.get("folds 1 to 8"):.0f} % and {site.get("fold 10"):.0f} %. Fold 9, which chooses, is like fold 10, which
tests. So the test asks for a little more than new patients: the mixture of machines and places is not the one that trained. It does not
ask for much more: the devices all come from one maker, Schiller.
""")

# %% [markdown]
# ## Each fold as the test fold once
#
# How much does it matter which fold tests? A setting of our trainings names the test fold; the fold before it then chooses, and
# the other eight train:

# %%
for fold in (10, 3):
    print(folds_for(fold))

# %% [markdown]
# We train the same small network for each fold, 50,021 parameters, for 12 passes and with one seed, by the command
# `python -m ecglib train fold_3 --seed 0` and its like (some minutes each on one core). These nine networks exist for this question
# only: **nothing in this book is chosen with them, and no other training sees fold 10**. The package refuses a model that starts
# or learns from one of them. Chapter 2 says [how intervals are made](02_base_cnn.ipynb#how-intervals-are-made).
#
# :::{admonition} Predict first
# :class: predict
# Nine test folds, nine macro AUCs: how far apart are the lowest and the highest?
#
# - less than 0.005
# - some 0.02
# - more than 0.05
# :::

# %%
models = {fold: f"fold_{fold}" for fold in range(1, 10)} | {10: "compact_64_clean"}
models = {
    fold: model for fold, model in models.items() if model in study.settings.models
}
scores = {fold: study.scores(model) for fold, model in models.items()}
aucs = {fold: study.evaluation_set(fold).auc(scores[fold]) for fold in models}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Macro AUC of one small network with each fold as its test fold, and 95 % intervals over patients. Folds 9 and 10 are the most difficult.", "name": "fig-dataset-folds"}}
figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3))
for fold, auc in aucs.items():
    color = "#0072B2" if fold >= 9 else "#777777"
    axis.errorbar(
        fold,
        auc.value,
        [[auc.value - auc.low], [auc.high - auc.value]],
        fmt="o",
        color=color,
        capsize=3,
    )
axis.set(xlabel="test fold", ylabel="macro AUC", xticks=range(1, 11))
listed = ", ".join(f"{fold}: {auc.value:.3f}" for fold, auc in aucs.items())
figure = set_alt_text(figure, f"Macro AUC with each fold as the test fold. {listed}.")

# %% [markdown]
# Is fold 10 harder than chance allows? Eight folds tell how much a fold varies, with its patients and its training. If fold 10
# were one more of that kind, its AUC would lie, nineteen times in twenty, within Student's interval for a new value:


# %%
def against_others(aucs):
    """AUC of fold 10 minus the mean of folds 1 to 8, with the 95 % interval for one more such fold."""
    others = np.array([aucs[fold] for fold in range(1, 9) if fold in aucs])
    margin = (
        stats.t.ppf(0.975, len(others) - 1)
        * others.std(ddof=1)
        * np.sqrt(1 + 1 / len(others))
    )
    gap = aucs[10] - others.mean()
    return Estimate(gap, gap - margin, gap + margin)


harder = against_others({fold: auc.value for fold, auc in aucs.items()})

# %% [markdown]
# Part of the gap may be where the records come from. So we weight the records of each fold such that every device, or every site,
# has the share that it has in fold 10, and score the same networks again:


# %%
def weighted_auc(fold, by):
    """Macro AUC on a fold whose records are weighted as if each device or site had its share of fold 10."""
    part = study.evaluation_set(fold)
    places = origin.loc[part.ecg_id, by]
    share, wanted = (
        table.value_counts(normalize=True)
        for table in (places, origin.loc[test.ecg_id, by])
    )
    weight = places.map(wanted / share).fillna(0)
    return roc_auc_score(
        part.y_true,
        part.y_score(scores[fold])[0],
        average="macro",
        sample_weight=weight,
    )


gaps = {"as they are": harder}
for by in ("device", "site"):
    gaps[f"weighted by {by}"] = against_others(
        {fold: weighted_auc(fold, by) for fold in models}
    )
formats = {"mean AUC, folds 1 to 8": "{:.3f}", "AUC, fold 10": "{:.3f}"}
rows = [
    (name, aucs[10].value - gap.value, aucs[10].value, f"{gap:+}")
    for name, gap in gaps.items()
]
tables.show(
    pd.DataFrame(
        rows,
        columns=["records", "mean AUC, folds 1 to 8", "AUC, fold 10", "difference"],
    ),
    formats,
)

# %% tags=["remove-input"]
study.claim("01.fold_10_is_harder", harder, below=0)
explained = {
    by: float(gaps[f"weighted by {by}"].value - harder.value)
    for by in ("device", "site")
}
study.claim("01.the_devices_explain_a_part", explained["device"], above=0.002)
study.claim(
    "01.the_sites_explain_half", explained["site"] / -float(harder.value), above=0.5
)
study.claim("01.the_rest_may_be_chance", float(gaps["weighted by site"].high), above=0)
fold_9 = aucs.get(9, aucs[10])  # not trained on the sample records
study.claim("01.fold_9_is_as_hard", float(fold_9.value - aucs[10].value), within=0.002)
eight = [aucs[fold].value for fold in range(1, 9) if fold in aucs]
say(f"""
The eight folds lie between {min(eight):.3f} and {max(eight):.3f}. Fold 10 has {aucs[10].value:.3f} and is *different* from them; fold 9,
which has the same devices and sites, has {fold_9.value:.3f}. With the sites weighted as in fold 10,
{100 * explained["site"] / -harder.value:.0f} % of the gap is gone, and the interval of what remains reaches zero. Which property of the
sites it is, the data do not tell: they differ in devices, in patients, and in whether a human checked the labels.

Two things follow. An AUC belongs to its records: one recipe is worth {np.mean(eight):.3f} there and {aucs[10].value:.3f} here. And two
networks can only be compared on *the same* records, as this book does throughout.
""")

# %% [markdown]
# ## What we learned
#
# - A beat is P, QRS and T; each superclass changes its own part of it, in the leads that look that way.
# - Five yes-or-no questions, of which a record may answer several with yes: AUC is averaged over the superclasses.
# - No patient stands on both sides of the split. Random folds, and labels moved by one row, look alike on the screen and are not.
# - Fold 10 is checked by humans, comes from another mixture of devices and sites, and is harder than the folds that train. An AUC
#   holds for its records; the book compares networks on the same patients only.
#
# **Next:** [the base CNN](02_base_cnn.ipynb).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises.ipynb) are executed on the sample records.
#
# 1. **Stratified or not.** PTB-XL's folds have nearly the same share of each superclass. Draw ten folds of patients at random instead:
#    by how many percentage points does a superclass's share then differ between two of them?
# 2. **Several superclasses.** What fraction of the records has more than one superclass, and what would a softmax over five
#    classes do with them?
