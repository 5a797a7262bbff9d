# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 9. Does it travel?
#
# **Question.** Every AUC so far is that of one fold of one data set. Do the models hold for other people, other devices,
# worse electrodes and other hospitals, and what can be done where they do not?
#
# **Prerequisites.** The released models of [chapter 8](08_deployment). With finished trainings at hand the chapter takes about
# a quarter of an hour. The full profile reads LUDB as well, which `ecglib download ludb` fetches.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %% tags=["hide-input"]
from ecglib.book import plots, tables
from ecglib.study.analyses import travel_models
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
# ## What to do about it
#
# ### Calibrate on a few local recordings
#
# ### Abstain
#
# ## Another sampling rate
#
# ## People and devices
#
# ## Electrodes
#
# ## Noise
#
# ### Does training with damage help?
#
# ## What we learned
#
# **Next:** [how small can it get?](10_frontier)

# %% [markdown]
# ## Exercises
