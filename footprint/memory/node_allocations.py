"""How many radix nodes each dispatch got from the reserve when it was made.

QEMU allocates a dispatch's nodes by the reserve as it stands at that moment, and the reserve may grow in
the midst of a commit. Mostly it does not: then all dispatches of one shape got the same, and a whole
regeneration is summed up by shape. What a dispatch got otherwise is noted one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from footprint.memory.policies import NodeReserve
from footprint.memory.radix import Shape
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry, Holder, ViewTable
from footprint.memory.tallies import ObjectCounts


class NodeArrays(NamedTuple):
    """The node arrays of some dispatches: `nodes` allocated, and the bytes at their ends that stay `untouched`."""

    nodes: int
    untouched: int


class NodeAllocations:
    """The nodes of the living dispatches of a `table`; `total` of all of them. `host_page` is in bytes."""

    def __init__(self, table: ViewTable, reserve: NodeReserve, host_page: int) -> None:
        self.total = 0
        self._table = table
        self._reserve = reserve
        self._host_page = host_page
        self._noted: dict[Holder, int] = {}
        self._summed: tuple[int, NodeArrays] | None = None

    def of(self, holder: Holder, entry: Entry) -> int:
        """Nodes that the living dispatch of `holder`, over the view of `entry`, got when it was made."""
        noted = self._noted.get(holder)
        return self._reserve.take(entry.figures.shape) if noted is None else noted

    def add(self, holder: Holder, entry: Entry, dispatches: int, others: Iterable[tuple[AddressSpace, Entry]]) -> int:
        """Between commits `holder` gets new `dispatches`; gives the nodes of each.

        `others` are the spaces that have a view already: where the reserve grows, what they got is noted.
        """
        if not self._reserve.settled(entry.figures.shape):
            for space, older in others:
                other = self._table.holder(space, older)
                self._noted[other] = self.of(other, older)
        nodes = self._noted[holder] = self._reserve.take(entry.figures.shape)
        self.total += dispatches * nodes
        return nodes

    def in_use(self) -> tuple[ObjectCounts, int]:
        """The objects, and the nodes allocated, of all entries of the table that some space uses."""
        objects, nodes = self._table.totals, self.total
        for entry in self._table.idle:
            objects = objects.less(entry.share)
            nodes -= entry.share.dispatches * self.of(entry, entry)
        return objects, nodes

    def remove(self, holder: Holder, entry: Entry, dispatches: int) -> int:
        """`dispatches` of `holder` are released; gives the nodes of each."""
        nodes = self.of(holder, entry)
        self.total -= dispatches * nodes
        if holder is not entry:
            self._noted.pop(holder, None)
        return nodes

    def regenerate(
        self, spaces: Mapping[AddressSpace, Entry | None], watch: Callable[[Entry, int], None] | None = None
    ) -> NodeArrays:
        """A commit makes every dispatch of the table anew; gives what all of them got.

        `watch` is told of each, with its nodes, in QEMU's order: by first use in the order of `spaces`.
        """
        self._noted.clear()
        if watch or not all(map(self._reserve.settled, self._table.shapes)):
            arrays = self._one_by_one(spaces, watch)
        else:
            arrays = self._by_shape()
        self.total = arrays.nodes
        return arrays

    def arrays(self, objects: ObjectCounts, entry: Entry, allocated: int) -> NodeArrays:
        """The node arrays of `objects`, dispatches over the view of `entry` with `allocated` nodes each."""
        untouched = self.untouched(entry.figures.shape, allocated)
        return NodeArrays(objects.dispatches * allocated, objects.dispatches * untouched)

    def untouched(self, shape: Shape, allocated: int) -> int:
        """Bytes at the end of an array of `allocated` nodes that the tree never touches, but for one host page."""
        return max(0, self._table.measurer.pages.node_bytes * (allocated - shape.nodes) - self._host_page)

    def _by_shape(self) -> NodeArrays:
        """The reserve stays as it is: summed up by shape, and only when the table has changed."""
        if self._summed is None or self._summed[0] != self._table.changes:
            nodes = untouched = 0
            for shape, count in self._table.shapes.items():
                allocated = self._reserve.take(shape)
                nodes += count * allocated
                untouched += count * self.untouched(shape, allocated)
            self._summed = self._table.changes, NodeArrays(nodes, untouched)
        return self._summed[1]

    def _one_by_one(
        self, spaces: Mapping[AddressSpace, Entry | None], watch: Callable[[Entry, int], None] | None
    ) -> NodeArrays:
        """The reserve grows in the midst of this commit: in QEMU's order, noting what each dispatch got."""
        self._summed = None
        nodes = untouched = 0
        for holder, entry in self._in_order(spaces):
            allocated = self._noted[holder] = self._reserve.take(entry.figures.shape)
            nodes += allocated
            untouched += self.untouched(entry.figures.shape, allocated)
            if watch:
                watch(entry, allocated)
        return NodeArrays(nodes, untouched)

    def _in_order(self, spaces: Mapping[AddressSpace, Entry | None]) -> Iterator[tuple[Holder, Entry]]:
        """Every dispatch of a regeneration, by first use in the order of the spaces."""
        seen: set[Holder] = set()
        for space, entry in spaces.items():
            if entry is None or not entry.share.dispatches:
                continue
            holder = self._table.holder(space, entry)
            if holder not in seen:
                seen.add(holder)
                yield holder, entry
