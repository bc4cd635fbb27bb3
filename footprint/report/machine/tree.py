"""The radix tree of a view, read again from its nodes: levels, who is read and who is passed over, the leaves.

A recording tells a node's entries only. Its level follows from the skips on the way there; compaction leaves
the nodes that it passes over where they were, so theirs follow from where they lead (FACTS of `memory.radix`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from footprint.recording.model import View
from footprint.report.machine.spans import Span

NIL = (1 << 26) - 1
BITS = 9
ENTRIES = 1 << BITS
_DEEPEST = 8
_PAGE_BITS = (12, 10, 13, 14, 8, 16, 11, 9, 15, 17, 18)
"""The likeliest first."""

Runs = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A run of entries of `node` (None: the root entry itself) that lead to a section, and the pages they cover."""

    node: int | None
    first: int
    last: int
    section: int
    pages: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of a view; `level` of those that have one, and after how many others a lookup reads one.

    `page_bits` is the logarithm of the page's size, None if the ranges and the leaves do not tell.
    """

    levels: int
    skip: int
    ptr: int
    nodes: tuple[Runs, ...]
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
        """The fewest and the most nodes that a lookup of an assigned page reads."""
        read = [0 if leaf.node is None else self.depth[leaf.node] for leaf in self.leaves] or [0]
        return min(read), max(read)


def tree(view: View, every: Sequence[Span]) -> Tree | None:
    """The tree of `view`, whose ranges are `every`; None if it has none that could be drawn."""
    if not view.nodes or not 1 <= view.levels <= _DEEPEST:
        return None
    nodes = tuple(tuple(run for run in runs if _sane(run)) for runs in view.nodes)
    level, depth = _read(nodes, view)
    via, chains = _passed_over(nodes, level, view.levels)
    leaves = _leaves(nodes, view, level, depth, via, chains)
    whole = len(every) == view.range_count and len(nodes) == view.node_count
    bits = _page_bits(view.levels, leaves, every) if whole else None
    return Tree(view.levels, view.skip, view.ptr, nodes, level, depth, leaves, bits)


def _sane(run: tuple[int, int, int, int]) -> bool:
    first, last, skip, ptr = run
    return 0 <= first <= last < ENTRIES and 0 <= skip <= _DEEPEST and 0 <= ptr <= NIL


def _read(nodes: Sequence[Runs], view: View) -> tuple[dict[int, int], dict[int, int]]:
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


Via = dict[tuple[int, int], int]
Chains = dict[tuple[int | None, int], list[tuple[int, int, int]]]


def _passed_over(nodes: Sequence[Runs], level: dict[int, int], levels: int) -> tuple[Via, Chains]:
    """Adds the levels of the nodes that were passed over; gives the digits of addresses that only they hold.

    Such a node has one entry. Either it leads on to a node that is read (`via`: that node and the level, to the
    entry's place); or to a section, in a chain from the node whose entry became the leaf (`chains`).
    """
    via: Via = {}
    chains: Chains = {}
    read = set(level)
    owner: int | None = None
    for node, runs in enumerate(nodes):
        valid = [run for run in runs if run[3] != NIL]
        if node in read or len(valid) != 1:
            continue
        first, last, skip, ptr = valid[0]
        if skip:
            if ptr in read and level[ptr] + skip < levels:
                level[node] = level[ptr] + skip
                via[ptr, level[node]] = first
            continue
        if (node - 1) in level and (node - 1) not in read and chains.get((owner, ptr), [(-1, 0, 0)])[-1][0] == node - 1:
            level[node] = level[node - 1] - 1
        else:
            owner = _owner(nodes, read, level, node, ptr)
            level[node] = (levels if owner is None else level[owner]) - 1
        if level[node] < 0:
            del level[node]
            continue
        chains.setdefault((owner, ptr), []).append((node, first, last))
    return via, chains


def _owner(nodes: Sequence[Runs], read: set[int], level: dict[int, int], node: int, section: int) -> int | None:
    """The last node before `node` that is read and has `section` for a leaf above the lowest level."""
    for other in range(node - 1, -1, -1):
        if other in read and level[other] > 0 and any(run[2:] == (0, section) for run in nodes[other]):
            return other
    return None


def _leaves(
    nodes: Sequence[Runs], view: View, level: dict[int, int], depth: dict[int, int], via: Via, chains: Chains
) -> tuple[Leaf, ...]:
    """The leaves that lookups reach, in the order of the addresses, but for those of section 0: nothing is there."""
    found: list[Leaf] = []

    def entry(place: tuple[int | None, int, int], run: tuple[int, int], base: int, above: int) -> None:
        (node, first, last), (skip, ptr) = place, run
        if skip == 0:
            if ptr not in {0, NIL}:
                pages = _covered(base, first, last, above, level, chains.get((node, ptr), []))
                found.append(Leaf(node, first, last, ptr, pages))
        elif level.get(ptr) == above - skip and ptr in depth and ptr not in seen:
            seen.add(ptr)
            base += first << BITS * above
            base += sum(via.get((ptr, below), 0) << BITS * below for below in range(level[ptr] + 1, above))
            todo.append((ptr, base))

    seen: set[int] = set()
    todo: list[tuple[int, int]] = []
    entry((None, 0, 0), (view.skip, view.ptr), 0, view.levels)
    while todo:
        node, base = todo.pop()
        for first, last, skip, ptr in nodes[node]:
            entry((node, first, last), (skip, ptr), base, level[node])
    return tuple(sorted(found, key=lambda leaf: leaf.pages))


def _covered(
    base: int, first: int, last: int, above: int, level: dict[int, int], chain: Sequence[tuple[int, int, int]]
) -> tuple[int, int]:
    """The pages of a leaf; those passed over below it tell how much of its last entry it covers."""
    start, end = base + (first << BITS * above), base + (last + 1 << BITS * above)
    if chain:
        end -= 1 << BITS * above
        inner = end
        for node, one, other in chain:
            end, inner = inner + (other + 1 << BITS * level[node]), inner + (one << BITS * level[node])
        start = inner if first == last else start
    return start, end


def _page_bits(levels: int, leaves: Sequence[Leaf], every: Sequence[Span]) -> int | None:
    """The size of the page under which `every` range covers just the pages of the leaves."""
    wanted = _joined([leaf.pages for leaf in leaves])
    for bits in _PAGE_BITS:
        pages = [(span.start >> bits, -(-span.end >> bits)) for span in every]
        if (63 - bits) // BITS + 1 == levels and _joined(pages) == wanted:
            return bits
    return None


def _joined(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same pages with the fewest stretches."""
    cuts: dict[int, int] = {}
    for start, end in parts:
        cuts[start] = cuts.get(start, 0) + 1
        cuts[end] = cuts.get(end, 0) - 1
    edges, over = [], 0
    for at in sorted(cuts):
        if (over == 0) != (over + cuts[at] == 0):
            edges.append(at)
        over += cuts[at]
    return [pair for n, pair in enumerate(pairwise(edges)) if n % 2 == 0]
