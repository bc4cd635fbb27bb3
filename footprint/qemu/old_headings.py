"""Headings of QEMU 1.x to 2.3, which are a name alone: ``memory``, ``I/O``, ``aliases``, ``pci``.

See docs/qemu-memory.md, "Forms by version". The root stands below the name at its own depth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from footprint.qemu.plain_text import PlainLine

_ROOT = re.compile(r"(?P<prefix>[\s>|]*)[0-9a-f]{8}(?:[0-9a-f]{8})?-[0-9a-f]{8,16} \(prio -?\d+, (?:RW|R-|-W|--)\): ")
_NAME = re.compile(r"[\w.@:,/+()\[\]-][\w.@:,/+()\[\] -]{0,80}")
_ALIASES = "aliases"


def bare_headings(lines: Sequence[PlainLine]) -> dict[int, tuple[str, str]]:
    """By number, the lines that are such headings: what stands before each, and the heading as since 2.4.

    It is empty for the word ``aliases``, which only says what follows. Such headings are looked for only below one
    that every QEMU has, ``memory``.
    """
    lines = [PlainLine(line.number, line.text.expandtabs()) if "\t" in line.text else line for line in lines]
    marked = [i for i, line in enumerate(lines[1:], 1) if " (prio " in line.text and _ROOT.match(line.text)]
    headings: dict[int, tuple[str, str]] = {}
    below_aliases = False
    last = -1
    for i in marked:
        matched = _ROOT.match(lines[i].text)
        assert matched is not None, "it was matched before"
        prefix, before = matched["prefix"], lines[i - 1]
        name = before.text[len(prefix) :] if before.text.startswith(prefix) else ""
        if not _NAME.fullmatch(name) or " (prio " in name or (not headings and name != "memory"):
            continue
        if name == "memory":
            below_aliases = False
        for line in lines[last + 1 : i] if last >= 0 else ():
            if line.text.strip(" >|") == _ALIASES:
                below_aliases = True
                headings[line.number] = (prefix, "")
        word = "memory-region" if below_aliases else "address-space"
        headings[before.number] = (prefix, f"{word}: {name.rstrip()}")
        last = i
    return headings
