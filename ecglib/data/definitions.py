"""What the study's records are: leads, superclasses, folds, sampling rate and length.

Constants only, so that a model can classify a recording without the libraries that read PTB-XL.
"""

CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
CLASS_NAMES = {
    "NORM": "Normal ECG",
    "MI": "Myocardial infarction",
    "STTC": "ST/T change",
    "CD": "Conduction disturbance",
    "HYP": "Hypertrophy",
}
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
SAMPLING_RATE = 100  # Hz
N_SAMPLES = 1000  # 10 s
TRAIN_FOLDS, VALIDATION_FOLD, TEST_FOLD = tuple(range(1, 9)), 9, 10
