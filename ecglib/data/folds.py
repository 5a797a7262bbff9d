"""PTB-XL's folds: patients of one fold are in no other."""

TRAIN_FOLDS, VALIDATION_FOLD, TEST_FOLD = tuple(range(1, 9)), 9, 10
