"""The page's words: terms that explain themselves, hashes that lead to their commit, text that stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from footprint.report.plain_text import plain

TERMS = {
    "view": "QEMU's FlatView: what an address space shows, as ranges in order, with a dispatch.",
    "dispatch": "What finds the section of an address: the sections of a view and the radix tree over them.",
    "commit": "The end of an outermost transaction. If an update is pending, it makes every view anew.",
    "grace period": "The time until RCU frees what was released. None ends while a machine is being built.",
    "in use": "Used by an address space now. This is what `info mtree -f` lists. Also called alive.",
    "allocated": "Created and not yet freed: in use, waiting for the grace period, or held.",
    "touched": "Of allocated memory: written at least once, so resident.",
    "peak": "The most that was allocated at one time. While a machine is built nothing is freed.",
    "radix node": "512 entries of a radix tree, 2 048 bytes.",
    "section": "A range as it stands in a dispatch, with a number.",
    "address space": "Somebody's window on a tree of regions: a CPU's, a device's, “memory”, “I/O”.",
    "rule set": "A state of QEMU's history, as behaviours and structure sizes; named by a release or by a commit.",
    "what-if": "A rule set that no QEMU ever had.",
}
"""What the page says of a term where it is hovered, and at its end; docs/glossary.md says more."""

COMMIT = "https://gitlab.com/qemu-project/qemu/-/commit/"
_HASH = re.compile(r"\b(?<![.#-])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{10}\b")


def _spelt(term: str) -> str:
    """How a text mentions `term`: not a commit of QEMU's repository, which the same word means."""
    return (
        r"\b(?<!QEMU )commits?\b(?! messages?| [0-9a-f]{10})(?!\s*$)"
        if term == "commit"
        else rf"\b{re.escape(term)}(?:e?s)?\b"
    )


_TERM = re.compile("|".join(_spelt(term) for term in sorted(TERMS, key=len, reverse=True)))


def whole(text: str) -> Markup:
    """`text` however long it is: a command line is of use only as a whole."""
    return escape(plain(text, None))


def anchor(term: str) -> str:
    """Where the page explains `term`."""
    return f"term-{term.replace(' ', '-')}"


def linked(text: str) -> Markup:
    """`text`, in which every hash leads to QEMU's commit."""
    if not _HASH.search(text):
        return escape(shown(text))
    return Markup(
        _HASH.sub(lambda matched: f'<a href="{COMMIT}{matched[0]}">{matched[0]}</a>', str(escape(shown(text))))
    )


def explained(text: str) -> Markup:
    """The same, and the first mention of each term leads to what it means."""
    told: set[str] = set()

    def term_of(matched: re.Match[str]) -> str:
        term = next(term for term in (matched[0], matched[0][:-1], matched[0][:-2]) if term in TERMS)
        if term in told:
            return matched[0]
        told.add(term)
        return f'<a class="term" href="#{anchor(term)}" title="{escape(TERMS[term])}">{matched[0]}</a>'

    pieces = re.split(r"(<[^>]*>[^<]*</a>)", str(linked(text)))
    return Markup("".join(piece if n % 2 else _TERM.sub(term_of, piece) for n, piece in enumerate(pieces)))


def json_list(names: Sequence[str]) -> str:
    """`names` for the page's script."""
    return json.dumps([plain(name) for name in names], ensure_ascii=False)


def shown(value: object) -> object:
    """What stands in the page for `value`: text without letters that nobody sees, and of a bounded length."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return plain(value)
