"""Headings that a text lacks, or has in a form of its own, put where QEMU prints them; each is reported.

See docs/qemu-memory.md, "Forms by version".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from footprint.qemu.plain_text import PlainLine

_SHARED = re.compile(r"(?P<prefix>.*?)address-space shared \d{1,4} times:\s*")
_SHARING = re.compile(r"(?P<prefix>.*?)  - (?P<name>\S.*?)\s*")
_ROOTS = {"system": "memory", "io": "I/O"}
"""Of every QEMU: the roots that are only ever the ones of these address spaces."""
_EVERYTHING = "(?:0{8})?0{8}-(?:ffffffffffffffff|7ffffffffffffffe|fffffff[ef])"
_ROOT = re.compile(
    rf"(?P<prefix>[\s>|]*?)(?:  )?(?:{_EVERYTHING} \(prio 0, (?:i/o|RW|container)\): (?P<system>system)"
    r"|(?:0{8})?0{8}-(?:0{8})?0000ffff \(prio 0, (?:i/o|RW)\): (?P<io>io))\s*"
)
_HAS_HEADING = re.compile(
    r"address-space|memory-region|\(prio |^[\s>|]*(?:memory|I/O)\s*$|shared \d+ times|"
    r'AS "|Root memory region|FlatView #'
)
_VIEW = re.compile(r'(?P<prefix>[\s>|]*?) ?(?:AS ".*", root: .*|Root memory region: .*)')
_OF_A_VIEW = re.compile(r'FlatView #\d|^[\s>|]*AS ".*", root: ')


_LITERAL = re.compile(
    r"(?P<before>.*(?:\"\"\"|'''|R\"\())(?P<heading>(?:FlatView #\d+|address-space: \S.*|memory-region: \S.*))"
)


def _out_of_literals(lines: Sequence[PlainLine]) -> Iterator[PlainLine]:
    """`lines` with a heading that stands behind the opening of a text in a program on a line of its own."""
    for line in lines:
        text = line.text
        opens = '""' in text or "''" in text or 'R"(' in text
        if opens and (literal := _LITERAL.fullmatch(text)):
            yield PlainLine(line.number, literal["before"])
            yield PlainLine(line.number, literal["heading"])
        else:
            yield line


def with_headings(lines: Sequence[PlainLine]) -> tuple[list[PlainLine], list[str]]:
    """`lines` with a heading above each root that can have only one, and with proposed headings spelt as QEMU does.

    Also gives the sentences about what was done.
    """
    given: list[PlainLine] = []
    repairs: list[str] = []
    sharing = before = ""
    views = 0 if not any("FlatView #" in line.text for line in lines) else None
    for line in _out_of_literals(lines):
        text = line.text
        shared = _SHARED.fullmatch(text) if " shared " in text else None
        if shared:
            repairs.append(f"line {line.number}: a proposed heading for several address spaces is taken apart")
        elif sharing and (space := _SHARING.fullmatch(text)) and space["prefix"].rstrip(" ") == sharing.rstrip(" "):
            given.append(PlainLine(line.number, f"{sharing}address-space: {space['name']}"))
            continue
        elif (
            (": system" in text or ": io" in text)
            and (root := _ROOT.fullmatch(text))
            and not _HAS_HEADING.search(before)
        ):
            name = root["system"] or root["io"]
            heading = f"address-space: {_ROOTS[name]}"
            given.append(PlainLine(line.number, root["prefix"] + heading))
            repairs.append(f"line {line.number}: no heading; taken for {heading!r}, whose root {name!r} is")
        elif views is not None and (view := _VIEW.fullmatch(text)) and not _OF_A_VIEW.search(before):
            given.append(PlainLine(line.number, f"{view['prefix']}FlatView #{views}"))
            repairs.append(f"line {line.number}: a view without its heading, such as 'FlatView #0'")
            views += 1
        sharing = shared["prefix"] if shared else ""
        if not shared:
            given.append(line)
        if text.strip(" \t>|"):
            before = text
        elif text.strip():
            before = ""
    return given, repairs
