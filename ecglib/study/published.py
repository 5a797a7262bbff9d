"""Published macro AUCs for the five superclasses of PTB-XL, for comparison.

Source: Strodthoff et al. 2020 (reference `strodthoff2020` of the book), fold 10 of release 1.0.1, 100 Hz. Their models
take crops of 2.5 s, and predictions are aggregated over the crops of a record.
"""

SUPERCLASS_AUC = {
    "ensemble": 0.934,
    "resnet1d_wang": 0.930,
    "xresnet1d101": 0.928,
    "lstm": 0.927,
    "inception1d": 0.921,
}
