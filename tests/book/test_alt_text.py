"""Alternative texts: the numbers that a figure shows, in words."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ecglib.book import alt_text


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def two_lines(axes):
    axes.plot([1, 2], [0.3, 0.2], label="training")
    axes.plot([1, 2], [0.3, 0.4], label="validation")
    axes.plot([2], [0.4], "o")  # a mark, not a line
    axes.legend()


def legend_of_values(axes):
    for name, value in (("NORM", 0.95), ("MI", 0.93)):
        axes.plot([0, 1], [0, 1], label=f"{name} {value}")
    axes.legend(title="AUC")


def density(axes):
    axes.plot([0.0, 0.5, 1.0], [0.1, 2.0, 0.3], label="fold 10")
    axes.legend()
    axes.set_ylabel("density")


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda axes: axes.plot([1, 2, 3], [0.8, 0.85, 0.9]), "rises from 0.8 to 0.9."),
        (
            lambda axes: axes.plot([1, 2, 3, 4], [0.9, 0.95, 0.7, 0.8]),
            "falls from 0.9 to 0.8 (lowest 0.7, highest 0.95).",
        ),
        (lambda axes: axes.plot([1, 2, 3], [0.5, 0.7, 0.5]), "begins and ends at 0.5, between 0.5 and 0.7."),
        (lambda axes: axes.plot([1, 2, 3, 4], [0.5, np.nan, 0.4, 0.7]), "rises from 0.5 to 0.7 (lowest 0.4)."),
        (two_lines, "training falls from 0.3 to 0.2; validation rises from 0.3 to 0.4."),
        (legend_of_values, "AUC: NORM 0.95; MI 0.93."),
        (density, "fold 10 peaks at 0.5."),
        (lambda axes: axes.barh(["HYP", "NORM", "MI"], [2649, 9514, 5469]), "NORM 9,514; MI 5,469; HYP 2,649."),
        (  # the tallest place, with stacked bars summed
            lambda axes: axes.hist([[61, 62, 63, 75], [64, 65]], bins=[50, 60, 70, 80], stacked=True),
            "most, 5, between 60 and 70.",
        ),
        (lambda axes: axes.barh([f"model {i}" for i in range(10)], range(10)), "; model 2 2; and 2 more."),
    ],
    ids=["line", "extremes", "return", "gap", "names", "values", "density", "bars", "histogram", "long list"],
)
def test_a_figures_numbers_are_told(axes, draw, text):
    axes.set(xlabel="epoch", ylabel="AUC")
    draw(axes)
    found = alt_text.alt_text(axes.figure)
    assert found.startswith(f"{axes.get_ylabel()} against epoch: ") and found.endswith(text)


def test_each_panel_is_told_and_hidden_or_empty_ones_are_not():
    figure, (left, middle, _) = plt.subplots(1, 3)
    for axes in (left, middle):
        axes.plot([0, 1], [1, 2])
        axes.set(xlabel="x", ylabel="y")
    left.set_title("One")
    middle.set_visible(False)
    assert alt_text.alt_text(figure) == "One, y against x: rises from 1 to 2."
    plt.close(figure)


def test_a_text_of_its_own_comes_first(axes):
    axes.plot([0, 1], [1, 2])
    figure = alt_text.set_alt_text(axes.figure, "A heart.")
    assert alt_text.alt_text(figure) == "A heart."


def test_a_record_has_its_length_and_its_largest_and_smallest_lead():
    signal = np.zeros((1000, 2))
    signal[3, 0], signal[5, 0], signal[7, 1] = 1.5, -0.5, 0.25  # mV
    text = alt_text.electrocardiogram(signal, "record 1", ("I", "V6"), 100)
    assert "ECG of 10 seconds, record 1." in text
    assert "2.00 mV in lead I, the most, and 0.25 mV in lead V6, the least." in text


def test_a_notebook_writes_the_text_beside_the_image(axes):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        alt_text.register()
        axes.plot([0, 1], [1, 2])
        axes.set(xlabel="x", ylabel="y")
        data, metadata = shell.display_formatter.format(axes.figure)
    finally:
        InteractiveShell.clear_instance()
    assert data["image/png"]
    assert metadata["image/png"] == {"alt": "y against x: rises from 1 to 2."}
