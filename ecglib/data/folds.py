"""PTB-XL's folds: patients of one fold are in no other."""

from typing import NamedTuple


class Folds(NamedTuple):
    """The folds that train, the one that validates, and the one that tests."""

    train: tuple[int, ...]
    validation: int
    test: int


def folds_for(test: int) -> Folds:
    """The split with this fold for the test: the fold before it validates, the other eight train."""
    validation = (test - 2) % 10 + 1
    return Folds(tuple(fold for fold in range(1, 11) if fold not in (validation, test)), validation, test)


TRAIN_FOLDS, VALIDATION_FOLD, TEST_FOLD = folds_for(10)
