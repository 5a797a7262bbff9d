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
# **Needs.** The data of [chapter 1](01_dataset) and the distilled student of [chapter 6](06_distillation). Takes three minutes.

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
import pandas as pd
from IPython.display import Markdown

from ecglib import calibration, evaluation, litert, microcontroller, plots, released, results, tables
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
temperature = calibration.fit_temperature(score[9], truth[9])
calibrated = {fold: calibration.apply_temperature(one, temperature) for fold, one in score.items()}
errors = {
    "before": calibration.expected_calibration_error(score[10], truth[10]),
    "after": calibration.expected_calibration_error(calibrated[10], truth[10]),
}
figure = plots.reliability(
    {
        f"before, ECE {errors['before']:.3f}": calibration.reliability(score[10], truth[10]),
        f"after, ECE {errors['after']:.3f}": calibration.reliability(calibrated[10], truth[10]),
    }
)
