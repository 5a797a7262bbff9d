"""Sentences of chapters that hold computed numbers, and the line that says what a chapter's records are."""

from __future__ import annotations

import re

from IPython.display import Markdown

from ecglib.study.study import Study

SYNTHETIC = """
> **These records are synthetic.** This copy of the chapter runs on records that a program made, with small trainings:
> change a cell, run it, see what happens. Its numbers mean nothing; the sentences are about PTB-XL, and the published
> page has the numbers that they speak of.
"""


def say(text: str) -> Markdown:
    """Markdown in which numbers below zero have a typographic minus."""
    return Markdown(re.sub(r"(?<![\w^{-])-(?=\.?\d)", "\N{MINUS SIGN}", text))


def introduce(study: Study) -> Markdown | None:
    """What stands on top of a chapter that was not executed on PTB-XL; nothing of one that was."""
    return None if study.settings.name == "full" else Markdown(SYNTHETIC)
