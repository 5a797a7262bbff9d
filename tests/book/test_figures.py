"""Chapters' figures by theme: each color has its counterpart on dark pages, and what is hidden is not loaded."""

import figures  # of book/extensions
import numpy as np
import pytest
import seaborn as sns
from matplotlib.colors import to_hex
from PIL import Image

from ecglib.book.plots.style import CLASS_COLORS


def drawn(color, **options):
    """The dark counterpart of a color like #0072b2, red, green and blue."""
    return figures.dark(np.uint8([[figures.rgb(color)]]), **options)[0, 0]


def contrast(first, second) -> float:
    """WCAG 2's ratio of contrast between two colors, red, green and blue from 0 to 255."""
    parts = np.array([first, second]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


def test_white_becomes_the_dark_page_and_black_white():
    assert tuple(drawn("#ffffff")) == figures.rgb(figures.PAGE)
    assert tuple(drawn("#000000")) == (255, 255, 255)


def test_every_color_of_the_palettes_keeps_a_counterpart_of_its_own():
    palettes = [*CLASS_COLORS.values(), *map(to_hex, sns.color_palette("colorblind"))]
    assert all(np.abs(drawn(line).astype(int) - figures.rgb(dark)).max() <= 3 for line, dark in figures.LINES.items())
    assert len({tuple(drawn(color)) for color in palettes}) == len({color.lower() for color in palettes})


@pytest.mark.parametrize("color", ["#000000", "#262626", "#555555", "#777777"])
def test_words_are_legible_on_the_dark_page(color):
    assert contrast(drawn(color), figures.rgb(figures.PAGE)) >= 4.5


@pytest.mark.parametrize("color", ["#e69f00", "#56b4e9", "#dddddd"])
def test_words_are_legible_on_colored_boxes(color):
    assert contrast(drawn("#262626"), drawn(color, boxes=True)) >= 4.5


def test_lines_stand_out_from_the_dark_page():
    for color in [*figures.LINES.values(), *figures.WRITTEN_ON.values()]:
        assert contrast(figures.rgb(color), figures.rgb(figures.PAGE)) >= 3, color


def test_a_smoothed_edge_stays_one():
    edge = drawn("#80b8d8").astype(int)  # halfway between white and #0072b2
    halfway = (drawn("#ffffff").astype(int) + drawn("#0072b2")) / 2
    assert np.abs(edge - halfway).max() <= 3


def test_a_page_shows_one_version_and_loads_no_other(tmp_path):
    Image.new("RGBA", (60, 40), "white").save(tmp_path / "abc.png")
    page = '<figure id="fig-a"><img alt="A line." src="../_images/abc.png"/></figure>'
    html = figures.both_versions(page + page.replace("fig-a", "fig-b"), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"abc.webp", "abc-dark.webp"}
    assert Image.open(tmp_path / "abc-dark.webp").getpixel((0, 0)) == figures.rgb(figures.PAGE)
    assert html.count('alt="A line."') == html.count('loading="lazy" width="60" height="40"') == 4
    assert html.count("abc.webp") == html.count("abc-dark.webp") == 2
