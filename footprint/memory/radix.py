"""The radix tree of a view's dispatch: pages to section numbers.

See docs/qemu-memory.md, "Radix tree", "Node reserve", "Lookup".

Two ways to the same tree. :func:`measure` says how many nodes a tree over given ranges has, without
building it; that is all one needs of the views that QEMU throws away. :class:`PhysPageMap` is the
tree, in QEMU's own layout: one numpy table ``uint32[capacity, 512]``, a row a node, an entry
``ptr << 6 | skip``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

L2_BITS = 9
FAN_OUT = 1 << L2_BITS
"""Entries in a node: QEMU commit 026736cebf ("exec: make all tree levels equal")."""
ENTRY_BYTES = 4
NODE_BYTES = ENTRY_BYTES * FAN_OUT
SKIP_BITS = 6
NIL = (1 << 26) - 1
"""The `ptr` of an entry that leads nowhere."""
EMPTY_ENTRY = NIL << SKIP_BITS | 1


@dataclass(slots=True, frozen=True)
class Pages:
    """The page size of a target, 2**bits bytes, and the tree over it: 2**level_bits entries in a node."""

    bits: int = 12
    level_bits: int = L2_BITS

    @property
    def size(self) -> int:
        """Bytes in a page."""
        return 1 << self.bits

    @property
    def levels(self) -> int:
        """Levels of the tree over a 64-bit address space: 6 for 10 to 18 bits, 7 for 8 and 9."""
        return (64 - self.bits - 1) // self.level_bits + 1

    @property
    def fan_out(self) -> int:
        """Entries in a node."""
        return 1 << self.level_bits

    @property
    def node_bytes(self) -> int:
        """Bytes of a node: 2048 in every QEMU."""
        return ENTRY_BYTES << self.level_bits


class Registration(NamedTuple):
    """One call that enters part of a range into the tree: bytes [start, end).

    `subpage`: less than a page, or not aligned; it shares its page with others.
    """

    start: int
    end: int
    subpage: bool


def registrations(start: int, end: int, page: int) -> Iterator[Registration]:
    """How [start, end) enters a tree with pages of `page` bytes: head, whole pages, tail.

    See docs/qemu-memory.md, "Registering ranges".
    """
    mask = page - 1
    if start & mask:
        head = min(end, (start | mask) + 1)
        yield Registration(start, head, True)
        start = head
    body = start + ((end - start) & ~mask)
    if start < body:
        yield Registration(start, body, False)
    if body < end:
        yield Registration(body, end, True)


class Shape(NamedTuple):
    """What a dispatch over some ranges consists of, without the dummy sections.

    `sections`: all of them, `subpages` the nameless ones among them. `nodes`: used. `wanted`: the
    capacity that the last reservation asked for, 0 without one. `doubled`: the capacity that
    reserving by doubling ends with.
    """

    sections: int
    subpages: int
    nodes: int
    wanted: int
    doubled: int


NOTHING = Shape(0, 0, 0, 0, 0)


def measure(ranges: Iterable[tuple[int, int]], pages: Pages) -> Shape:
    """The shape of the dispatch over ascending, disjoint byte ranges [start, end).

    A node exists where a range covers a part, but not all, of what the node spans. Those are at most
    two nodes a level for each registration, at its two ends; since ranges ascend, a node is new when
    it lies right of the last one on its level.
    """
    levels, bits, width = pages.levels, pages.bits, pages.level_bits
    reserve = 3 * levels
    rightmost = [-1] * levels
    sections = subpages = nodes = wanted = doubled = 0
    open_page = -1
    for start, end in ranges:
        for piece in registrations(start, end, pages.size):
            first, last = piece.start >> bits, (piece.end - 1) >> bits
            sections += 1
            if piece.subpage:
                if first == open_page:
                    continue
                open_page = first
                sections += 1
                subpages += 1
            wanted = nodes + reserve
            if wanted > doubled:
                doubled = max(doubled * 2, 16, wanted)
            if rightmost[-1] < 0:
                rightmost[-1] = 0
                nodes += 1
            for edge in (first, last) if first != last else (first,):
                for level in range(levels - 2, -1, -1):
                    shift = width * (level + 1)
                    number = edge >> shift
                    if first <= number << shift and last + 1 >= (number + 1) << shift:
                        break
                    if number > rightmost[level]:
                        rightmost[level] = number
                        nodes += 1
    return Shape(sections, subpages, nodes, wanted, doubled)


class PhysPageMap:
    """The tree itself: `nodes` is ``uint32[capacity, 512]``, of which the first `used` rows are nodes.

    A row has ``pages.fan_out`` entries, 512 in every QEMU. `skip` and `ptr` are the root entry. Pages are set in
    ascending order, then :meth:`compact` runs once. `capacity` must be what the tree needs at least (:func:`measure`).
    """

    def __init__(self, pages: Pages, capacity: int) -> None:
        import numpy as np

        self.pages = pages
        self.nodes: NDArray[np.uint32] = np.empty((capacity, pages.fan_out), dtype=np.uint32)
        self.used = 0
        self.skip = 1
        self.ptr = NIL

    def set_pages(self, first: int, count: int, section: int) -> None:
        """Let pages [first, first + count) lead to `section`."""
        levels = self.pages.levels
        if self.ptr == NIL:
            self.ptr = self._new_node(levels - 1)
        self._fill(self.ptr, levels - 1, first, first + count, section)

    def _new_node(self, level: int) -> int:
        number = self.used
        self.used += 1
        self.nodes[number] = 0 if level == 0 else EMPTY_ENTRY
        return number

    def _fill(self, node: int, level: int, first: int, last: int, section: int) -> None:
        """Fill the part of [first, last) that `node`, at `level`, spans."""
        shift, fan_out = self.pages.level_bits * level, self.pages.fan_out
        step = 1 << shift
        index = (first >> shift) & (fan_out - 1)
        while first < last and index < fan_out:
            if first & (step - 1) == 0 and last - first >= step:
                run = min((last - first) >> shift, fan_out - index)
                self.nodes[node, index : index + run] = section << SKIP_BITS
                index += run
                first += run << shift
                continue
            entry = int(self.nodes[node, index])
            child = entry >> SKIP_BITS
            if entry & (1 << SKIP_BITS) - 1 and child == NIL:
                child = self._new_node(level - 1)
                self.nodes[node, index] = child << SKIP_BITS | 1
            self._fill(child, level - 1, first, last, section)
            first = ((first >> shift) + 1) << shift
            index += 1

    def compact(self) -> None:
        """Skip levels that offer one way only, from the leaves up (docs/qemu-memory.md, "Compaction").

        QEMU commit b35ba30f8f ("exec: memory radix tree page level compression") (in v2.0.0).
        Nodes that are passed over keep their number, and are rewritten too.
        """
        if self.skip:
            self.skip, self.ptr = self._compact(self.skip, self.ptr)

    def _compact(self, skip: int, ptr: int) -> tuple[int, int]:
        import numpy as np

        if ptr == NIL:
            return skip, ptr
        row = self.nodes[ptr]
        valid = np.flatnonzero(row >> SKIP_BITS != NIL)
        for index in valid[row[valid] & (1 << SKIP_BITS) - 1 != 0]:
            entry = int(row[index])
            child_skip, child_ptr = self._compact(entry & (1 << SKIP_BITS) - 1, entry >> SKIP_BITS)
            row[index] = child_ptr << SKIP_BITS | child_skip
        if len(valid) != 1:
            return skip, ptr
        only = int(row[valid[0]])
        child_skip, child_ptr = only & (1 << SKIP_BITS) - 1, only >> SKIP_BITS
        return (skip + child_skip if child_skip else 0), child_ptr

    def find(self, page: int) -> tuple[int, int]:
        """The section number that `page` leads to (0 where it leads nowhere), and the nodes read."""
        skip, ptr, level, steps = self.skip, self.ptr, self.pages.levels, 0
        width, mask = self.pages.level_bits, self.pages.fan_out - 1
        while skip:
            level -= skip
            if level < 0 or ptr == NIL:
                return 0, steps
            entry = int(self.nodes[ptr, (page >> width * level) & mask])
            skip, ptr = entry & (1 << SKIP_BITS) - 1, entry >> SKIP_BITS
            steps += 1
        return ptr, steps

    def find_all(self, pages: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """What :meth:`find` gives for each of `pages`: section numbers, and nodes read."""
        import numpy as np

        width, mask = self.pages.level_bits, self.pages.fan_out - 1
        skip = np.full(len(pages), self.skip, dtype=np.int64)
        ptr = np.full(len(pages), self.ptr, dtype=np.int64)
        level = np.full(len(pages), self.pages.levels, dtype=np.int64)
        reads = np.zeros(len(pages), dtype=np.uint8)
        walking = np.flatnonzero(skip)
        while len(walking):
            level[walking] -= skip[walking]
            lost = walking[(level[walking] < 0) | (ptr[walking] == NIL)]
            ptr[lost] = skip[lost] = 0
            walking = walking[skip[walking] != 0]
            shift = (width * level[walking]).astype(np.uint64)
            index = (pages[walking] >> shift) & np.uint64(mask)
            entries = self.nodes[ptr[walking], index.astype(np.int64)].astype(np.int64)
            skip[walking], ptr[walking] = entries & (1 << SKIP_BITS) - 1, entries >> SKIP_BITS
            reads[walking] += 1
            walking = walking[skip[walking] != 0]
        return ptr.astype(np.uint32), reads

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the table: capacity × bytes in a node."""
        return int(self.nodes.nbytes)
