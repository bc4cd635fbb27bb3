"""Listeners that keep memory slots, as KVM and vhost do: what a change of the map costs whoever follows it.

Both follow the RAM of one space (docs/qemu-memory.md, "Listeners", "Unmergeable memory slots"). KVM has a slot for
each range. vhost makes one table of regions at each commit, in which it joins neighbours of one RAM block, too, unless
one is unmergeable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from footprint.memory.listener import MemoryListener
from footprint.memory.render import FlatRange


def overlap(one: Iterable[FlatRange], other: Iterable[FlatRange]) -> int:
    """Bytes of the address space that are in a range of both."""
    pieces = sorted((item.start, item.end) for item in other)
    return sum(
        max(0, min(item.end, end) - max(item.start, start)) for item in one for start, end in pieces if start < item.end
    )


class SlotListener(MemoryListener):
    """Counts what slots go through. `start` sets the counts to zero; what is shown already stays known.

    `added` and `deleted` count calls; `moved` bytes that were deleted and added again though they show what they
    showed; `gaps` the commits in which that happened: in between, guest memory that nobody touched is not mapped.
    `slots` are those in use, `most` the most at one time.
    """

    def __init__(self, priority: int = 0) -> None:
        super().__init__(priority)
        self.slots: list[FlatRange] = []
        self.start()

    def start(self) -> None:
        """Count from here on."""
        self.added = self.deleted = self.kept = self.moved = self.gaps = 0
        self.most = len(self.slots)

    def figures(self) -> dict[str, int]:
        """The counts, by the last part of their metrics' names."""
        return {
            "add": self.added, "del": self.deleted, "nop": self.kept, "moved.bytes": self.moved, "gaps": self.gaps,
            "slots": len(self.slots), "slots.most": self.most,
        }  # fmt: skip

    def _change(self, gone: Sequence[FlatRange], come: Sequence[FlatRange], kept: int) -> None:
        self.added += len(come)
        self.deleted += len(gone)
        self.kept += kept
        moved = overlap(gone, come)
        self.moved += moved
        self.gaps += bool(moved)
        self.most = max(self.most, len(self.slots))


class KvmSlots(SlotListener):
    """As KVM: a slot for each range of RAM; a range that changes is taken out, then put in again."""

    def begin(self) -> None:
        """Forget the last commit's changes."""
        self._gone: list[FlatRange] = []
        self._come: list[FlatRange] = []
        self._nops = 0

    def region_del(self, item: FlatRange) -> None:
        """A slot goes."""
        if item.region.ram:
            self.slots.remove(item)
            self._gone.append(item)

    def region_add(self, item: FlatRange) -> None:
        """A slot comes."""
        if item.region.ram:
            self.slots.append(item)
            self._come.append(item)

    def region_nop(self, item: FlatRange) -> None:
        """A slot stays."""
        self._nops += item.region.ram

    def commit(self) -> None:
        """Count what this commit did."""
        self._change(self._gone, self._come, self._nops)


class VhostTable(SlotListener):
    """As vhost: a table of regions, made anew at each commit; the backend is told what differs from the last one."""

    def begin(self) -> None:
        """Begin a new table."""
        self._table: list[FlatRange] = []

    def region_add(self, item: FlatRange) -> None:
        """Enter a range, or lengthen the last entry by it."""
        if not item.region.ram:
            return
        last = self._table[-1] if self._table else None
        if last is not None and joins(last, item):
            self._table[-1] = replace(last, size=last.size + item.size)
        else:
            self._table.append(item)

    def region_nop(self, item: FlatRange) -> None:
        """The same for a range that stays."""
        self.region_add(item)

    def commit(self) -> None:
        """Tell the backend what has changed."""
        old, self.slots = self.slots, self._table
        gone = [item for item in old if item not in self.slots]
        come = [item for item in self.slots if item not in old]
        self._change(gone, come, len(self.slots) - len(come))


def joins(left: FlatRange, right: FlatRange) -> bool:
    """Whether vhost makes one region of both: neighbours in addresses and in one RAM block, neither unmergeable."""
    return (
        left.end == right.start
        and left.region is right.region
        and left.offset + left.size == right.offset
        and not (left.unmergeable or right.unmergeable)
    )
