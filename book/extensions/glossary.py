"""A Sphinx extension that links each glossary term where a chapter first uses it; authors write only words."""

from __future__ import annotations

import re
from collections.abc import Callable

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

PREFIX = "chapters/"  # pages whose terms are linked
# text that is not prose: its words keep their own links and look
_OUTSIDE = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.table, nodes.math, nodes.raw)


def link_terms(app: Sphinx, document: nodes.document, page: str) -> None:
    """Link the first occurrence of each glossary term in a chapter; a page of the whole book holds several chapters."""
    terms = _terms(app)
    if not terms:
        return
    # longer terms first: "quantization-aware training" before "quantization"
    words = sorted(terms, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})(s?)(?![\w-])", re.IGNORECASE)
    parts = [(page, document), *((part["docname"], part) for part in document.findall(addnodes.start_of_file))]
    for name, part in parts:
        if name.startswith(PREFIX):
            linked: set[str] = set()
            for text in list(part.findall(nodes.Text)):
                if _in_prose(text):
                    _link(text, _address(app, page), pattern, terms, linked)


def _address(app: Sphinx, page: str) -> Callable[[str, str], str]:
    """How a page names an anchor of another page."""
    if app.builder.name == "singlehtml":
        return lambda target, anchor: f"#{anchor}"
    return lambda target, anchor: f"{app.builder.get_relative_uri(page, target)}#{anchor}"


def _terms(app: Sphinx) -> dict[str, tuple[str, str]]:
    """{term in small letters: (page, anchor)} of the book's glossary."""
    objects = app.env.get_domain("std").objects
    return {name.lower(): place for (kind, name), place in objects.items() if kind == "term"}


def _in_prose(text: nodes.Text) -> bool:
    node = text.parent
    while node is not None and not isinstance(node, _OUTSIDE):
        node = node.parent
    return node is None


def _link(text: nodes.Text, address: Callable, pattern: re.Pattern, terms: dict, linked: set[str]) -> None:
    """Split a text around the terms that are not linked yet."""
    content, parts, end = text.astext(), [], 0
    for match in pattern.finditer(content):
        target, anchor = terms[match[1].lower()]
        if anchor in linked:
            continue
        linked.add(anchor)
        look = {"classes": ["glossary-term"], "reftitle": "in the glossary"}
        reference = nodes.reference("", match[0], internal=True, refuri=address(target, anchor), **look)
        parts += [nodes.Text(content[end : match.start()]), reference]
        end = match.end()
    if parts:
        text.parent.replace(text, [part for part in [*parts, nodes.Text(content[end:])] if part.astext()])


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
