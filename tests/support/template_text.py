"""Finds the words of a template that no translator ever sees."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment

# What is read aloud or shown, beside the text itself.
_SPOKEN = {"alt", "aria-description", "aria-label", "aria-roledescription", "aria-valuetext"}
_SPOKEN |= {"label", "placeholder", "title"}
_SILENT = {"script", "style", "code", "svg"}
_EXPRESSION = "\N{OBJECT REPLACEMENT CHARACTER}"
_ATTRIBUTE = re.compile(r'(?<!\S)([a-z-]+)="([^"]*)"')
_BLOCK_IN_ATTRIBUTE = re.compile(r'="[^"<>]*\{%-?\s*block\s+(\w+)')
_LETTER = re.compile(r"[^\W\d_]")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        for name in _SPOKEN & values.keys():
            self._judge(values[name] or "", f"{tag} {name}")
        if tag == "input" and values.get("type") in {"button", "reset", "submit"}:
            self._judge(values.get("value") or "", "input value")
        if tag == "meta" and values.get("name") == "description":
            self._judge(values.get("content") or "", "meta description")
        if tag in _SILENT:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self._judge(data, "text")

    def _judge(self, text: str, where: str) -> None:
        # A macro may give attributes to the tag it is called in.
        for name, value in _ATTRIBUTE.findall(text):
            if name in _SPOKEN:
                self._judge(value, name)
        if _LETTER.search(_ATTRIBUTE.sub("", text)):
            self.found.append(f"{where}: {' '.join(text.replace(_EXPRESSION, '…').split())!r}")


def bare_words(source: str, unseen_blocks: frozenset[str] = frozenset()) -> list[str]:
    """Return each text of the template that stands outside of `_()`, with where it stands."""
    reader = _Reader()
    reader.feed(_without_jinja(source, unseen_blocks | _blocks_in_attributes(source)))
    reader.close()
    return reader.found


def _blocks_in_attributes(source: str) -> frozenset[str]:
    """Return the blocks that a layout opens inside a tag, as for a class name."""
    return frozenset(_BLOCK_IN_ATTRIBUTE.findall(source))


def _without_jinja(source: str, unseen_blocks: frozenset[str]) -> str:
    """Return the template's own HTML, each expression as one letterless character."""
    kept: list[str] = []
    tokens = [
        token
        for token in Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).lex(source)
        if token[1] != "whitespace"
    ]
    unseen = ""
    for (_, _, before), (_, kind, value) in pairwise([(0, "", ""), *tokens]):
        if kind == "name" and value == "trans":
            unseen = "endtrans"
        elif kind == "name" and before == "block" and value in unseen_blocks:
            unseen = "endblock"
        elif kind == "name" and value == unseen:
            unseen = ""
        elif kind == "data" and not unseen:
            kept.append(value)
        elif kind == "variable_begin":
            kept.append(_EXPRESSION)
    return "".join(kept)


def bare_words_under(folder: Path) -> list[str]:
    """Return the bare words of all templates under `folder`, each with its file."""
    sources = {path: path.read_text() for path in sorted(folder.rglob("*.html"))}
    unseen = frozenset[str]().union(*map(_blocks_in_attributes, sources.values()))
    return [
        f"{path.relative_to(folder)}: {words}"
        for path, source in sources.items()
        for words in bare_words(source, unseen)
    ]
