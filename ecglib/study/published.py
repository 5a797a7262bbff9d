"""Macro AUCs that others published for the five superclasses of PTB-XL, to compare with.

Source: Strodthoff et al. 2020 (reference `strodthoff2020` of the book), fold 10 of release 1.0.1, 100 Hz. Their models
see crops of 2.5 s and average over the crops of a record.
"""

SUPERCLASS_AUC = {
    "ensemble": 0.934,
    "resnet1d_wang": 0.930,
    "xresnet1d101": 0.928,
    "lstm": 0.927,
    "inception1d": 0.921,
}
