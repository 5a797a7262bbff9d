"""Macro AUCs that others published for the five superclasses of PTB-XL, for comparison.

Source: Strodthoff et al. 2020 (reference `strodthoff2020` of the book) and its leaderboard, fold 10 of release 1.0.1,
100 Hz. Their networks take crops of 2.5 s; a record's probability is the largest of its crops'. What was published
since is not listed here, and neither is their classifier of wavelet features (0.874).
"""

SUPERCLASS_AUC = {
    "ensemble": 0.934,
    "resnet1d_wang": 0.930,
    "xresnet1d101": 0.928,
    "lstm": 0.927,
    "fcn_wang": 0.925,
    "inception1d": 0.921,
    "lstm_bidir": 0.921,
}
