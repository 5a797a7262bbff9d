"""How a training ended, and how far a conclusion from it reaches."""

import pandas as pd

from ecglib.study.analyses.training_length import TrainingLength, at_equal_length


def test_fewer_epochs_than_allowed_are_early_stopping():
    length = TrainingLength(epochs=7, max_epochs=50, patience=5, best_epoch=2)
    assert length.stopped_early
    assert length.sentence().startswith("The training ran 7 of at most 50 epochs and was ended by early stopping")
    assert length.scope() == "the documented procedure with early stopping"


def test_all_epochs_with_a_late_best_one_are_the_cap():
    length = TrainingLength(epochs=8, max_epochs=8, patience=5, best_epoch=8)
    assert not length.stopped_early
    assert "ran 8 of at most 8 epochs (the original's limit is 50); early stopping did not end it" in length.sentence()
    assert "a longer one may end differently" in length.scope()


def test_patience_that_ends_with_the_cap_is_early_stopping():
    assert TrainingLength(epochs=8, max_epochs=8, patience=5, best_epoch=3).stopped_early


def test_a_finished_run_says_how_long_it_ran(study):
    length = TrainingLength.from_run(study.run("student"))
    assert (length.epochs, length.best_epoch) == (2, 2)
    assert length.max_epochs == study.settings.training["student"].epochs


def test_a_resumed_training_says_where_and_what_it_lost():
    length = TrainingLength(epochs=30, max_epochs=50, patience=5, best_epoch=25, resumed_after=26)
    assert "After epoch 26 it was resumed from its weights rounded to half precision" in length.sentence()
    assert "resumed" not in TrainingLength(epochs=30, max_epochs=50, patience=5, best_epoch=25).sentence()


def test_trainings_of_different_lengths_are_compared_where_both_ran():
    histories = {
        "with it": pd.DataFrame({"val_auc": [0.7, 0.8]}),
        "without it": pd.DataFrame({"val_auc": [0.6, 0.75, 0.9]}),
    }
    assert at_equal_length(histories) == (
        "After 2 epochs, as many as both ran, the AUC on fold 9 is 0.800 with it and 0.750 without it."
    )
