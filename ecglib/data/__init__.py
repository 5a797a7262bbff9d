"""PTB-XL on disk to arrays: tables, labels and folds, signals in microvolts, normalization, synthetic records."""
