"""A Sphinx extension: chapters' figures in a light and a dark version, each loaded only where it is on show.

A chapter carries one image a figure. The dark version exchanges the colors of its palettes for their counterparts on a
dark page; what lies between two colors, edges and tints, comes to lie between their counterparts.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.interpolate import LinearNDInterpolator
from sphinx.application import Sphinx

PAGE = "#121212"  # of the theme's dark pages
LINES = {  # Okabe and Ito's colors and seaborn's: as strong on the dark page as they are on white
    "#0072b2": "#5ab4f0",
    "#d55e00": "#f58642",
    "#cc79a7": "#e79cc6",
    "#cc78bc": "#e79cd6",
    "#009e73": "#2cc295",
    "#e69f00": "#f0b030",
    "#de8f05": "#eba232",
    "#56b4e9": "#27709f",
    "#ca9161": "#ddae84",
    "#fbafe4": "#93567f",
    "#ece133": "#d8ce35",
}
_TEXT = {"#262626": "#ececec"}
_AREAS = {  # of ECG paper, then the ends of the maps from yellow to red and from red to blue
    **{"#fff8f6": "#1d1a1c", "#f6d5cf": "#3f2a2b", "#e8a79c": "#6e443f"},
    **{"#ffffcc": "#2c2c24", "#fd8d3c": "#d07a30", "#e31a1c": "#ff6455", "#800026": "#ffb0b8"},
    **{"#053061": "#c0e0fb", "#92c5de": "#2c5f80", "#f4a582": "#7a4230", "#b2182b": "#f58070", "#67001f": "#ffc2b8"},
}
_CORNERS = {  # what spans all colors
    **{"#ffffff": PAGE, "#000000": "#ffffff", "#ff0000": "#ff6455", "#00ff00": "#2cc25a", "#0000ff": "#8296ff"},
    **{"#00ffff": "#148c96", "#ff00ff": "#dc5adc", "#ffff00": "#d8ce35"},
}
WRITTEN_ON = {"#e69f00": "#8f5f00"}  # where words stand on a bar or a box
_BOXES = ("fig-inception-parameters", "fig-distillation-scheme")  # the figures with such
_IMAGE = re.compile(r'<img\b[^>]*?\bsrc="(?P<folder>[^"]*_images/)(?P<name>\w+)\.png"[^>]*>')


def dark(pixels: np.ndarray, *, boxes: bool = False) -> np.ndarray:
    """An image's pixels, uint8 (height, width, 3), for a dark page; `boxes`: with words on colored areas."""
    packed = pixels.astype(np.int64) @ [1 << 16, 1 << 8, 1]
    colors, places = np.unique(packed, return_inverse=True)
    parts = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1)
    return _exchange(boxes)(parts).round().astype(np.uint8)[places].reshape(pixels.shape)


@cache
def _exchange(boxes: bool) -> LinearNDInterpolator:
    """The map of colors, (n, 3) from 0 to 255: exact at those of the tables and linear between them."""
    lines = LINES | (WRITTEN_ON if boxes else {})
    table = {rgb(light): rgb(drawn) for light, drawn in {**_CORNERS, **_TEXT, **_AREAS, **lines}.items()}
    white, page = np.full(3, 255.0), np.array(rgb(PAGE))
    for light, drawn in {**_TEXT, **lines}.items():
        for share in (0.25, 0.5, 0.75):  # tints of a color: gray text and grids, and what shows through an area
            tint = white + share * (np.array(rgb(light)) - white)
            table.setdefault(tuple(tint), tuple(page + share * (np.array(rgb(drawn)) - page)))
    return LinearNDInterpolator(np.array(list(table)), np.array(list(table.values())))


def rgb(color: str) -> tuple[int, ...]:
    """Red, green and blue, 0 to 255, of a color like #0072b2."""
    return tuple(bytes.fromhex(color[1:]))


def both_versions(html: str, images: Path) -> str:
    """A chapter's page whose figures of `images` are shown by theme; writes both versions of each as lossless WebP."""

    def versions(found: re.Match) -> str:
        path = images / f"{found['name']}.png"
        if not path.is_file():  # two figures of one image
            image = Image.open(path.with_suffix(".webp"))
        else:
            image = Image.open(path).convert("RGB")
            figure = re.findall(r'id="(fig-[\w-]+)"', html[: found.start()])[-1:]
            drawn = Image.fromarray(dark(np.asarray(image), boxes=bool(set(figure) & set(_BOXES))))
            image.save(path.with_suffix(".webp"), lossless=True)
            drawn.save(path.with_name(f"{found['name']}-dark.webp"), lossless=True)
            path.unlink()
        # what is not on show is never loaded, and takes its place before it is
        size = f'loading="lazy" width="{image.width}" height="{image.height}"'
        light = found[0].replace(".png", ".webp").replace("<img", f'<img class="figure-light" {size}', 1)
        return light + light.replace(".webp", "-dark.webp").replace("figure-light", "figure-dark dark-light")

    return _IMAGE.sub(versions, html)


def finish_figures(app: Sphinx, error: Exception | None) -> None:
    """Draw the figures of all chapters when the pages are built; the PDF's single page keeps the light ones."""
    if error is None and app.builder.name == "html":
        built = Path(app.outdir)
        for page in sorted((built / "chapters").glob("*.html")):
            page.write_text(both_versions(page.read_text(encoding="utf-8"), built / "_images"), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.connect("build-finished", finish_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
