"""The dispatch of a view, ``info mtree -f -d``: sections and radix tree (docs/qemu-memory.md, "Dispatch form")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footprint.qemu.lines import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FAN_OUT = 512
NIL = (1 << 26) - 1
"""The `ptr` of an entry that leads nowhere; the largest number that a 26-bit field holds."""
MOST_NODES = 200_000
"""Nodes in one dispatch; more are refused."""

_SECTION = re.compile(r"      #(\d{1,6}) @([0-9a-f]{16})\.\.([0-9a-f]{16}) (.*)")
_TREE = re.compile(r"    Nodes \((\d{1,2}) bits per level, (\d{1,2}) levels\) ptr=\[(NIL|\d{1,8})\] skip=(\d{1,2})")
_NODE = re.compile(r"      \[(\d{1,8})\]")
_ENTRY = re.compile(r"[\t ] *(\d{1,3})(?:\.\.(\d{1,3}))? +skip=(\d{1,2}) +ptr=(NIL|#\d{1,8}|\[\d{1,8}\])")
_ENTRY_BEGINS = re.compile(r"\t|[ ]+\d{1,3}(?:\.\.\d{1,3})? +skip=")
"""QEMU indents entries by a tab; where a text was copied, blanks may stand for it."""
_MARKS = (" [iommu]", " [MRU]", " [ROOT]")
_LABELS = (" [unassigned]", " [not dirty]", " [ROM]", " [watch]")
_ALIAS = re.compile(r" alias=\S{1,400}")


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A physical section as printed: [start, end] inclusive; `name` is None for one without a name.

    The label (``[not dirty]`` and the like) goes by number, and means nothing since 4.2: it is not kept.
    Nor is ``[MRU]``, which tells of accesses.
    """

    line: int
    start: int
    end: int
    name: str | None
    is_root: bool = False
    iommu: bool = False


EntryRun = tuple[int, int, int, int]
"""Entries first to last (inclusive) of a node with the same (skip, ptr)."""
NodeRuns = tuple[EntryRun, ...]
"""All entries of a node."""


@dataclass(frozen=True, slots=True)
class DispatchText:
    """Sections by number, and the tree: root entry (`skip`, `ptr`), and each node's runs of entries.

    `node_lines` has the line of each node.
    """

    sections: tuple[SectionLine, ...]
    levels: int
    skip: int
    ptr: int
    nodes: tuple[NodeRuns, ...]
    node_lines: tuple[int, ...]

    @property
    def dummies(self) -> int:
        """How many nameless sections over everything stand at the beginning: 1, or 4 before 4.2."""
        count = 0
        for section in self.sections:
            if section.name is not None or section.end - section.start != (1 << 64) - 1:
                break
            count += 1
        return count

    @property
    def is_cut(self) -> bool:
        """Whether it leads to nodes that are not printed; QEMU prints all of them, so somebody took them away."""
        ends = [(self.skip, self.ptr), *((skip, ptr) for runs in self.nodes for _, _, skip, ptr in runs)]
        return any(skip and ptr != NIL and ptr >= len(self.nodes) for skip, ptr in ends)

    def table(self) -> NDArray[np.uint32]:
        """The nodes as ``uint32[len(nodes), 512]`` with entries ``ptr << 6 | skip``, which is QEMU's own layout."""
        import numpy as np

        entries = [ptr << 6 | skip for runs in self.nodes for _, _, skip, ptr in runs]
        counts = [last - first + 1 for runs in self.nodes for first, last, _, _ in runs]
        return np.repeat(np.array(entries, dtype=np.uint32), counts).reshape(-1, FAN_OUT)


def read_dispatch(lines: list[str], at: int, source: Source) -> tuple[DispatchText, int]:
    """The dispatch that begins at line index `at`, and the index after it. Raises InputFileError."""
    at = _expect(lines, at, "    Physical sections", source)
    sections: list[SectionLine] = []
    while at < len(lines) and (matched := _SECTION.fullmatch(lines[at])):
        if int(matched[1]) != len(sections):
            raise source.unexpected(lines[at], f"section #{len(sections)}", at + 1)
        sections.append(_section(matched, at + 1))
        at += 1
    tree = _TREE.fullmatch(lines[at]) if at < len(lines) else None
    if tree is None and sections and (at >= len(lines) or not lines[at].strip()):
        return DispatchText(tuple(sections), 1, 1, 0, (), ()), at  # cut: it leads to a node that is not printed
    if tree is None:
        raise source.unexpected(_shown(lines, at), "a section, or the heading of the nodes", at + 1)
    ptr = NIL if tree[3] == "NIL" else int(tree[3])
    if int(tree[1]) != FAN_OUT.bit_length() - 1:
        raise source.error(f"nodes have {tree[1]} bits per level; only 9 are known", at + 1)
    nodes, numbers, at = _read_nodes(lines, at + 1, source)
    return DispatchText(tuple(sections), int(tree[2]), int(tree[4]), ptr, nodes, numbers), at


def _expect(lines: list[str], at: int, wanted: str, source: Source) -> int:
    if at >= len(lines) or lines[at] != wanted:
        raise source.unexpected(_shown(lines, at), repr(wanted), at + 1)
    return at + 1


def _shown(lines: list[str], at: int) -> str:
    return lines[at] if at < len(lines) else "the end"


def _section(matched: re.Match[str], number: int) -> SectionLine:
    rest, marks = _ALIAS.sub("", matched[4]) if " alias=" in matched[4] else matched[4], []
    for mark in _MARKS:
        if rest.endswith(mark):
            rest = rest[: -len(mark)]
            marks.append(mark)
    index = int(matched[1])
    if index < len(_LABELS) and rest.endswith(_LABELS[index]):
        rest = rest[: -len(_LABELS[index])]
    name = None if rest == "(noname)" else rest
    return SectionLine(number, int(matched[2], 16), int(matched[3], 16), name, _MARKS[2] in marks, _MARKS[0] in marks)


def _read_nodes(lines: list[str], at: int, source: Source) -> tuple[tuple[NodeRuns, ...], tuple[int, ...], int]:
    nodes: list[NodeRuns] = []
    numbers: list[int] = []
    known: dict[str, EntryRun] = {}
    while at < len(lines) and (matched := _NODE.fullmatch(lines[at])):
        if int(matched[1]) != len(nodes) or len(nodes) >= MOST_NODES:
            raise source.unexpected(lines[at], f"node [{len(nodes)}] (of at most {MOST_NODES})", at + 1)
        numbers.append(at + 1)
        at += 1
        runs: list[EntryRun] = []
        reached = 0
        while at < len(lines) and _ENTRY_BEGINS.match(lines[at]):
            line = lines[at]
            run = known.get(line)
            if run is None:
                run = known[line] = _run(line, at + 1, source)
            if run[0] != reached:
                raise source.unexpected(line, f"the entry at {reached} of node [{len(nodes)}]", at + 1)
            reached = run[1] + 1
            runs.append(run)
            at += 1
        if reached != FAN_OUT:
            raise source.error(f"node [{len(nodes)}] has {reached} entries, not {FAN_OUT}", at)
        nodes.append(tuple(runs))
    return tuple(nodes), tuple(numbers), at


def _run(line: str, number: int, source: Source) -> EntryRun:
    matched = _ENTRY.fullmatch(line)
    if matched is None:
        raise source.unexpected(line, 'an entry such as "  0..511  skip=1  ptr=NIL"', number)
    first, skip, leads = int(matched[1]), int(matched[3]), matched[4]
    last = int(matched[2]) if matched[2] else first
    ptr = NIL if leads == "NIL" else int(leads.strip("#[]"))
    if not first <= last < FAN_OUT or skip > 63 or ptr > NIL or (leads[0] == "#") != (skip == 0):
        raise source.unexpected(line, "an entry of a radix node", number)
    return first, last, skip, ptr
