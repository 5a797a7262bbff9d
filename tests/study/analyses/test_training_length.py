"""How a training ended."""

from ecglib.study.analyses.training_length import TrainingLength


def test_fewer_epochs_than_allowed_are_early_stopping():
    length = TrainingLength(epochs=7, max_epochs=50, patience=5, best_epoch=2)
    assert length.stopped_early


def test_all_epochs_with_a_late_best_one_are_the_cap():
    length = TrainingLength(epochs=8, max_epochs=8, patience=5, best_epoch=8)
    assert not length.stopped_early


def test_patience_that_ends_with_the_cap_is_early_stopping():
    assert TrainingLength(epochs=8, max_epochs=8, patience=5, best_epoch=3).stopped_early


def test_a_finished_run_says_how_long_it_ran(study):
    length = TrainingLength.from_run(study.run("student"))
    assert (length.epochs, length.best_epoch) == (2, 2)
    assert length.max_epochs == study.settings.training["student"].epochs
