"""PTB-XL on disk to arrays: tables, labels and folds, signals in microvolts, normalization, synthetic records.

Input: a folder in PTB-XL's layout. Output: a `Dataset`. Imports nothing from the other subpackages.
"""
