# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11. Does it travel?
#
# **Question.** Every AUC so far is that of one fold of one data set. Do the models hold for other people, other devices,
# worse electrodes and other hospitals, and what can be done where they do not?
#
# **Prerequisites.** The released models of [chapter 10](10_deployment). With finished trainings at hand the chapter takes about
# a quarter of an hour. The full profile reads LUDB as well, which `ecglib download ludb` fetches.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from IPython.display import Markdown

from ecglib.book import plots, tables
from ecglib.study.analyses import travel_local, travel_ludb, travel_models
from ecglib.study.study import open_study

plots.style()
study = open_study(profile)
models = travel_models.open_models(study)

# %% [markdown]
# ## The models
#
# One seed each, with the temperature and thresholds that were fitted on fold 9. Nothing in this chapter is selected on
# fold 10 or on LUDB.

# %%
tables.show(travel_models.table(study, models))

# %% [markdown]
# ## Another data set
#
# LUDB {cite:p}`kalyakulina2020` holds 200 recordings of 200 people from Nizhny Novgorod: another country, another device
# (Schiller Cardiovit AT-101), 500 Hz. It is used under the Open Data Commons Attribution License 1.0, and none of its
# recordings was used for training or selection.

# %%
there = travel_ludb.open_external(study, models)

# %% [markdown]
# **Units.** The files have to be read with care:

# %% tags=["hide-input"]
Markdown(there.units())

# %% [markdown]
# **Labels.** LUDB has no superclasses. Its cardiologists' statements become superclasses by a rule that was written down
# before any model was scored with it. What a statement means can be certain or doubtful: the *strict* rule counts the
# doubtful cases as negative, the *wide* rule as positive, and *clear* leaves these recordings out of the superclass. Single
# numbers below are those of the wide rule, which is closest to PTB-XL's own table (atrial enlargement is HYP there).
# Recordings without any superclass stay in. Every statement and what it means, to unfold:

# %% tags=["hide-output", "hide-input"]
tables.show(there.rule_table())

# %%
tables.show(there.counts())

# %% [markdown]
# Macro AUC with 95 % intervals over people, one seed each:

# %%
tables.show(there.aucs())

# %%
tables.show(there.by_superclass())

# %% tags=["hide-input"]
Markdown(there.dependence())

# %% [markdown]
# Does the order of the models travel? Differences from the base CNN, paired by person:

# %%
tables.show(there.against_base())

# %% [markdown]
# At the thresholds from fold 9 (released model), and the calibration error with the temperature from fold 9. A perfectly
# calibrated model, too, has an error on so few recordings; *by chance alone* is its mean.

# %%
local = travel_local.Local(study, there)
tables.show(local.decisions())

# %%
tables.show(local.errors())

# %% [markdown]
# ### Three mistakes
#
# The most confident wrong decision of the released model in each superclass, counted where all rules agree on the label and
# measured from the threshold in logits; the three superclasses with the most confident ones.

# %% tags=["hide-input"]
Markdown("\n".join(f"- {there.describe(one)}" for one in there.mistakes()))

# %% tags=["hide-input"]
figures = plots.mistakes(there)

# %% [markdown]
# Recordings from LUDB {cite:p}`kalyakulina2020`, ODC-By 1.0.
#
# ## What to do about it
#
# ### Calibrate on a few local recordings
#
# Half of LUDB plays the part of recordings that a new hospital has labeled. On it we fit either another temperature, or one
# number per superclass that is added to the logits; the other half evaluates. The thresholds stay. The range is that of 95 %
# of the random halves.

# %%
tables.show(local.repaired())

# %%
figure = plots.repaired(local.halves, there.labels_of_models)

# %% tags=["hide-input"]
Markdown(local.conclusion())

# %% [markdown]
# ### Abstain
#
# A model may leave records to people. The plainest confidence is the mean over superclasses of the larger of *p* and 1 − *p*;
# a gate on it is set to keep 80 % of fold 9. *Risk* is the share of decisions (five per record) that are wrong.

# %%
from ecglib.study.analyses import travel_abstain, travel_conclusions, travel_rate

abstention = travel_abstain.Abstention(study, models, there)
figure = plots.risk_coverage(abstention.curves(), abstention.points())

# %%
tables.show(abstention.table())

# %% [markdown]
# One gate for all people, by age (released model, fold 10):

# %%
tables.show(abstention.by_age())

# %% tags=["hide-input"]
Markdown(abstention.age_conclusion())

# %% [markdown]
# Does it help to leave out recordings with a quality warning?

# %%
tables.show(abstention.by_quality())

# %% tags=["hide-input"]
Markdown(abstention.quality_conclusion())

# %% [markdown]
# ## Another sampling rate
#
# Devices record at 250, 500 or 1000 Hz, and our models take 100 Hz. PTB-XL has files of its own at 500 Hz; this study
# downloads only those at 100 Hz, so that their authors' conversion was not compared with ours. LUDB is at 500 Hz: the
# released model's probabilities after other conversions than our polyphase filter are

# %%
rates = travel_rate.compare_rates(there)
tables.show(rates.table())

# %% tags=["hide-input"]
Markdown(rates.conclusion())

# %% [markdown]
# ## People and devices
#
# Groups differ in more than their name, such as in age and findings: a difference says where a model is worse, not why.
# Groups of fold 10, each against all other records of it; every interval is over the same resampled patients:

# %%
from ecglib.study.analyses import travel_people

four = travel_models.open_models(study, travel_models.MODELS[:4])
people = travel_people.compare(study, four)
tables.show(people.table())

# %% [markdown]
# The table is the released int8 student's. Sensitivity and specificity are means over the superclasses at the thresholds from
# fold 9. Few records give a large calibration error by chance alone, so the error that a perfectly calibrated model with the
# same probabilities would show is subtracted.

# %% tags=["hide-input"]
Markdown(people.too_small())

# %%
figure = plots.group_differences(people.compared, there.labels_of_models)

# %% [markdown]
# Filled dots survive the correction for the number of comparisons {cite:p}`benjamini1995`, made by
# `scipy.stats.false_discovery_control` over all groups, measures and models. The p-values come from the resamples' SD.

# %% tags=["hide-input"]
Markdown(people.conclusion())

# %%
tables.show(people.surviving())

# %% [markdown]
# The number of superclasses is a property of the labels, not of the person. A record with several findings is the harder one.
#
# ## Electrodes
#
# A random sample of fold 10. First, each lead and each group of leads flat:

# %%
from ecglib.study.analyses import travel_electrodes

electrodes = travel_electrodes.measure(study, models)
figure = plots.missing_leads(electrodes.missing())

# %% tags=["hide-input"]
Markdown(electrodes.missing_conclusion())

# %% [markdown]
# A swap is computed from the potentials of the electrodes {cite:p}`batchvarov2007`: six pairs of the four limb electrodes, of
# which RL on the right leg is the ground, and chest electrodes. *Warned about* is the share of records with any quality warning
# of `ecglib predict`, from a part of the sample.

# %%
tables.show(electrodes.swaps())

# %% tags=["hide-input"]
Markdown(electrodes.swaps_conclusion())

# %% [markdown]
# ### Fewer leads
#
# How should a device with fewer leads feed the model? Three ways: the missing leads flat; III, aVR, aVL and aVF derived from I
# and II, the chest leads flat; or every missing lead estimated from the measured ones by least squares on records of folds 1-8.
# The best way is selected on fold 9.

# %%
tables.show(electrodes.fewer_leads())

# %% tags=["hide-input"]
Markdown(electrodes.fewer_leads_conclusion())

# %% [markdown]
# ## Noise
#
# The noise is made by a recipe, `ecglib.data.damage`: baseline wander of 0.1 to 0.5 Hz, muscle noise of 20 to 45 Hz,
# mains hum of 50 or 60 Hz sampled without a filter, and bursts of 1 to 10 Hz at single electrodes. It arises at the electrodes
# and reaches the leads as their potentials do. The ratio is that of the record's variance to the noise's, mean over leads; the
# steps of 6 dB are those of the noise stress test {cite:p}`moody1984`, whose recordings are not used here.

# %%
from ecglib.study.analyses import travel_noise

noise = travel_noise.measure(study, models)
figure = plots.noise_curves(noise.curves())

# %% tags=["hide-input"]
Markdown(noise.conclusion())

# %% tags=["hide-input"]
Markdown(
    f"The strongest noise at which it, and every weaker one, costs at most {travel_noise.TOLERATED:g} of the AUC:"
)

# %%
tables.show(noise.tolerated())

# %% [markdown]
# Faults of a device: a wrong gain, a range that is too small, and missing samples in gaps of 0.2 s, which are interpolated.

# %%
tables.show(noise.faults())

# %% tags=["hide-input"]
Markdown(noise.faults_conclusion())

# %% [markdown]
# ### Does training with damage help?
#
# Two trainings of the plain 64 KB network of [chapter 8](08_frontier) on labels only, alike but for the damage: in one of them,
# records get baseline wander and white noise at 0 to 40 dB, a random gain and time scale, and each of three groups of leads
# (limb, V1-V3, V4-V6) is flat with a probability of 10 %. Hum, motion and swaps are not part of it. One seed each.

# %%
from ecglib.study.analyses import travel_conditions, travel_robust

robust = travel_robust.measure(study)
tables.show(robust.table(), {"clean training": "{:.4f}", "with damage": "{:.4f}"})

# %% tags=["hide-input"]
Markdown(robust.conclusion())

# %% [markdown]
# ## What the default model reacts to
#
# A model that looks where the disease is has a better chance to hold elsewhere. A second of one lead is replaced by a straight
# line between its neighbors {cite:p}`zeiler2014`, and what the probability of MI loses is the piece's attribution. Anterior
# infarctions face V1 to V4, inferior ones II, III and aVF. Records of fold 10 with only one kind of infarction:

# %%
from ecglib.study.analyses import saliency

walls = saliency.of_study(study)
tables.show(saliency.table(walls))

# %% tags=["hide-input"]
figure = plots.attribution_by_lead(walls)

# %% tags=["hide-input"]
Markdown(saliency.conclusion(walls))

# %% [markdown]
# ## What we learned

# %% tags=["hide-input"]
travel = travel_conclusions.Travel(study, there, local, abstention, rates)
conditions = travel_conditions.Conditions(people, electrodes, noise, robust)
Markdown(travel.lessons(conditions.lessons()))

# %% [markdown]
# ## When to trust it

# %% tags=["hide-input"]
travel.write(conditions.trust())
Markdown(travel.box(conditions.trust()))

# %% [markdown]
# **Limits.** One seed of each model; one external data set of 200 people, with labels by a rule; age, sex and disease differ
# from PTB-XL's as well as the device.
#
# **Next:** [how small can it get?](08_frontier)

# %% [markdown]
# ## Exercises
#
# Predict first, then run. [Solutions](exercises) are executed on the sample records.
#
# 1. **A rule of your own.** Count *left atrial hypertrophy* as HYP under the strict rule. What does it do to the AUC of HYP?
# 2. **How many local recordings?** Fit temperature and offsets on 5, 10, 20 and half of the recordings, and compare the
#    calibration error on the others.
