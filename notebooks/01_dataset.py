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
# **Question.** What does PTB-XL contain, what do its five superclasses mean, and which records may a fair study
# use for training, for model selection and for testing?
#
# **Prerequisites.** The 100 Hz version of PTB-XL (or the synthetic sample records). Takes under a minute once
# the records have been read.
#
# PTB-XL {cite:p}`wagner2020` is a public collection of clinical 12-lead electrocardiograms (ECGs). An ECG
# records the voltage that the beating heart produces on the skin. Ten electrodes give twelve *leads*: the six
# limb leads (I, II, III, aVR, aVL, aVF) view the heart in the frontal plane, and the six chest leads (V1 to V6)
# in the horizontal plane. Each record is ten seconds long and sampled 100 times per second.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
from IPython.display import Markdown, display

from ecglib.book import plots, tables
from ecglib.study.analyses.dataset import DatasetOverview
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)
records, used = study.records, study.data
overview = DatasetOverview(study)

# %% tags=["hide-input"]
Markdown(overview.size())

# %% [markdown]
# ## The five superclasses
#
# Each record is described with statements of the SCP-ECG standard. Each diagnostic statement belongs to one of
# five superclasses; the others describe form and rhythm. A record can belong to several superclasses.
#
# | Superclass | What it means | What changes in the ECG |
# |---|---|---|
# | NORM | Normal ECG | nothing that calls for a diagnosis |
# | MI | Myocardial infarction: heart muscle has died, or is dying, for lack of blood supply | deep, broad Q waves; an elevated ST segment in the acute phase |
# | STTC | ST/T change: repolarization is disturbed, by ischemia, drugs or electrolytes | depressed ST segment; flat or inverted T wave |
# | CD | Conduction disturbance: the impulse is delayed or takes another path | wide or notched QRS complex; long PR interval; axis deviation |
# | HYP | Hypertrophy: the muscle of a chamber is thickened | high voltages, often with an inverted T wave |

# %% tags=["hide-input"]
display(Markdown(overview.statements()))
tables.show(overview.superclasses())

# %% [markdown]
# The counts that the original study {cite:p}`original2023` lists are those of release 1.0.3, although its
# notebooks used an older release.
#
# ## Co-occurring superclasses
#
# A patient with hypertrophy often has ST/T changes as well. The task is therefore *multi-label*: five yes-or-no
# questions for each record.

# %% tags=["hide-input"]
display(Markdown(overview.overlap()))
figure = plots.label_combinations(records.table)

# %% [markdown]
# ## The patients

# %% tags=["hide-input"]
figure = plots.demographics(used.table)

# %% tags=["hide-input"]
Markdown(overview.missing_ages(plots.OLDEST_AGE))

# %% [markdown]
# To protect the oldest patients, PTB-XL gives every age over 89 as 300.
#
# ## The folds
#
# PTB-XL is divided into ten folds, such that all records of a patient are in the same fold and no model is tested
# on a person that it has seen. We **train on folds 1 to 8, select on fold 9 and test on fold 10**, as the
# benchmark on this dataset does {cite:p}`strodthoff2020`.

# %%
training_records = used.in_folds(1, 2, 3, 4, 5, 6, 7, 8)
validation_records, test_records = used.in_folds(9), used.in_folds(10)
tables.show(overview.folds(), tables.class_formats("{:.1%}"))

# %% tags=["hide-input"]
Markdown(overview.fold_properties())

# %% [markdown]
# ## Which statements count
#
# Each statement comes with a likelihood between 0 and 100 %, where 0 means that it is unknown. The benchmark
# counts **every diagnostic statement, whatever its likelihood**, and so do the original study and this book.
# Stricter rules would change the labels:

# %% tags=["hide-input"]
tables.show(overview.counts_by_rule(), caption="Records of each superclass, by the likelihood required")

# %% tags=["hide-input"]
Markdown(overview.strictest_rule())

# %% [markdown]
# ## The first record
#
# On ECG paper, as a clinician reads it, one second is 25 mm wide and one millivolt 10 mm high.

# %%
millivolts = records.millivolts([0])  # (records, samples, leads)
print(millivolts.shape, millivolts.dtype)

# %%
figure = plots.record_on_paper(records, 0)

# %% [markdown]
# The same record lead by lead, each over the whole ten seconds:

# %%
figure = plots.record_leads(records, 0)

# %% [markdown]
# ## One record of each superclass
#
# Each is the first record that belongs to the superclass and to as few others as possible.

# %%
figures = plots.superclass_examples(used)

# %% [markdown]
# ## What we learned

# %% tags=["hide-input"]
Markdown(overview.agreement())

# %% [markdown]
# - The folds keep patients apart. The random splits in some of the original's notebooks do not.
#
# **Next:** [the base CNN](02_base_cnn).

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **Patients on both sides.** If records were split at random, how many validation records would have a training record of
#    the same patient? Predict the fraction for a random tenth and for PTB-XL's fold 9, then count.
# 2. **Several superclasses.** What fraction of the records has more than one superclass, and what would a softmax over five
#    classes do with them?
