"""The radix tree of a view, read again from its nodes: levels, who is read and who is passed over, the leaves.

A recording tells a node's entries only. The level of a node that is read follows from the skips on the way
there. Compaction leaves the nodes that it passes over where they were; where they stand, and which addresses a
leaf covers, is found by making the nodes once more from the ranges, and believed only if all of it fits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from footprint.memory.radix import L2_BITS, NIL, Pages, registrations
from footprint.qemu.dispatch import NodeRuns
from footprint.recording.model import View
from footprint.report.machine.spans import Span

_DEEPEST = 8
_PAGE_BITS = (12, 10, 13, 14, 8, 16, 11, 9, 15, 17, 18)
"""The likeliest first."""

NodePlace = tuple[int, int]
"""Where a node stands: its level, and its number there; it spans the pages [number, number + 1) << 9 · (level + 1)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A run of entries of `node` (None: the root entry itself) that lead to a section.

    `shows` are the ranges that lie there; none if that is not known.
    """

    node: int | None
    first: int
    last: int
    section: int
    shows: tuple[Span, ...] = ()

    @property
    def name(self) -> str:
        """The region, the first of several that share a page, or no more than the section's number."""
        if not self.shows:
            return f"#{self.section}"
        return self.shows[0].name if len(self.shows) == 1 else f"{self.shows[0].name} + {len(self.shows) - 1}"


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of a view; `level` of those for which it is known, and as which of a lookup's reads one is read.

    `page_bits` is the logarithm of the page's size, None if ranges and nodes do not tell.
    """

    levels: int
    skip: int
    ptr: int
    nodes: tuple[NodeRuns, ...]
    level: dict[int, int]
    depth: dict[int, int]
    leaves: tuple[Leaf, ...]
    page_bits: int | None

    @property
    def passed(self) -> tuple[int, ...]:
        """The nodes that no lookup reads."""
        return tuple(node for node in range(len(self.nodes)) if node not in self.depth)

    @property
    def reads(self) -> tuple[int, int]:
        """The fewest and the most nodes that a lookup reads when it ends at a section."""
        read = [0 if leaf.node is None else self.depth[leaf.node] for leaf in self.leaves] or [0]
        return min(read), max(read)


def tree(view: View, every: Sequence[Span]) -> Tree | None:
    """The tree of `view`, whose ranges are `every`; None if it has none that could be drawn."""
    if not view.nodes or not 1 <= view.levels <= _DEEPEST:
        return None
    nodes = tuple(tuple(run for run in runs if _sane(run)) for runs in view.nodes)
    level, depth = _read(nodes, view)
    leaves = _leaves(nodes, view, depth)
    for bits in _PAGE_BITS if len(nodes) == view.node_count and len(every) == view.range_count else ():
        pages = Pages(bits)
        if pages.levels != view.levels:
            continue
        places = _made_again(every, pages)
        if len(places) == len(nodes) and all(places[node][0] == its for node, its in level.items()):
            named = [_named(leaf, places, every, pages) for leaf in leaves]
            if _fits(named, places, every, pages):
                level = {node: place[0] for node, place in enumerate(places)}
                return Tree(view.levels, view.skip, view.ptr, nodes, level, depth, tuple(named), bits)
    return Tree(view.levels, view.skip, view.ptr, nodes, level | _above(nodes, level, view.levels), depth, leaves, None)


def _sane(run: tuple[int, int, int, int]) -> bool:
    first, last, skip, ptr = run
    return 0 <= first <= last < 1 << L2_BITS and 0 <= skip <= _DEEPEST and 0 <= ptr <= NIL


def _read(nodes: Sequence[NodeRuns], view: View) -> tuple[dict[int, int], dict[int, int]]:
    """The level and the depth of each node that a lookup can read."""
    level: dict[int, int] = {}
    depth: dict[int, int] = {}
    todo = [(view.skip, view.ptr, view.levels, 1)]
    while todo:
        skip, ptr, above, deep = todo.pop()
        below = above - skip
        if skip <= 0 or below < 0 or not 0 <= ptr < len(nodes) or ptr in level:
            continue
        level[ptr], depth[ptr] = below, deep
        todo += [(skip, ptr, below, deep + 1) for _, _, skip, ptr in nodes[ptr]]
    return level, depth


def _above(nodes: Sequence[NodeRuns], level: dict[int, int], levels: int) -> dict[int, int]:
    """The levels of nodes that were passed over on the way to one that is read: their one entry tells."""
    above = {}
    for node, runs in enumerate(nodes):
        valid = [run for run in runs if run[3] != NIL]
        if node not in level and len(valid) == 1 and valid[0][2] and valid[0][3] in level:
            its = level[valid[0][3]] + valid[0][2]
            if its < levels:
                above[node] = its
    return above


def _leaves(nodes: Sequence[NodeRuns], view: View, depth: dict[int, int]) -> tuple[Leaf, ...]:
    """The leaves that lookups reach, but for those of section 0: nothing is there."""
    if view.skip == 0 and 0 < view.ptr < NIL:
        return (Leaf(None, 0, 0, view.ptr),)
    return tuple(
        Leaf(node, first, last, ptr)
        for node in sorted(depth)
        for first, last, skip, ptr in nodes[node]
        if skip == 0 and 0 < ptr < NIL
    )


def _made_again(every: Sequence[Span], pages: Pages) -> list[NodePlace]:
    """The nodes of a tree over `every` range, in QEMU's order (docs/qemu-memory.md, "Radix tree")."""
    made: dict[NodePlace, None] = {}

    def fill(level: int, number: int, first: int, last: int) -> None:
        made.setdefault((level, number))
        shift = L2_BITS * level
        for entry in sorted({first >> shift, (last - 1) >> shift}) if level else ():
            start, end = max(first, entry << shift), min(last, entry + 1 << shift)
            if end - start < 1 << shift:
                fill(level - 1, entry, start, end)

    for span in every:
        for piece in registrations(span.start, span.end, pages.size):
            fill(pages.levels - 1, 0, piece.start >> pages.bits, -(-piece.end >> pages.bits))
    return list(made)


def _covered(leaf: Leaf, places: Sequence[NodePlace]) -> tuple[int, int, int]:
    """The pages [start, end) of a leaf, and how many of them are one entry."""
    if leaf.node is None:
        return 0, 1 << 64, 1 << 64
    level, number = places[leaf.node]
    base, unit = number << L2_BITS * (level + 1), 1 << L2_BITS * level
    return base + leaf.first * unit, base + (leaf.last + 1) * unit, unit


def _between(every: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """The ranges of `every` that lie, in part at least, in [start, end)."""
    first = bisect_right(every, start, key=lambda span: span.end)
    return tuple(every[first : max(first, bisect_right(every, end - 1, key=lambda span: span.start))])


def _named(leaf: Leaf, places: Sequence[NodePlace], every: Sequence[Span], pages: Pages) -> Leaf:
    """The leaf with what it shows."""
    start, end, _ = _covered(leaf, places)
    shows = _between(every, start << pages.bits, end << pages.bits)
    return Leaf(leaf.node, leaf.first, leaf.last, leaf.section, shows)


def _fits(leaves: Sequence[Leaf], places: Sequence[NodePlace], every: Sequence[Span], pages: Pages) -> bool:
    """Whether the ends of each leaf lie on a range, and the ends of each range on a leaf."""
    stretches = sorted(_covered(leaf, places) for leaf in leaves)
    for start, end, unit in stretches:
        for page in (start, end - unit):
            if not _between(every, page << pages.bits, page + unit << pages.bits):
                return False
    for span in every:
        for page in (span.start >> pages.bits, (span.end - 1) >> pages.bits):
            place = bisect_right(stretches, page, key=lambda stretch: stretch[0]) - 1
            if place < 0 or page >= stretches[place][1]:
                return False
    return True
