"""A reader: a thread that uses what a space shows while others change it (docs/qemu-memory.md, "Grace period").

It enters an RCU section and looks at the space's current view; it takes a reference and leaves the section; it drops
the reference when it is done. In between, a commit may have given the space another view and dropped the last
reference to the first. Up to v2.10.0 the reader took its reference all the same, of a view that was about to be freed:
QEMU commit 447b0d0b9e ("memory: avoid "resurrection" of dead FlatViews") (in v2.11.0) ended that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from footprint.errors import TopologyError
from footprint.memory.account import MemoryAccount
from footprint.memory.node_allocations import NodeAllocations, NodeArrays
from footprint.memory.reclaimer import NO_MEMORY, MemoryUse
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry, ViewTable
from footprint.memory.tallies import object_counts


@dataclass(frozen=True, slots=True)
class SeenView:
    """A view as a reader saw it: of which `space` and root, after which commit, and what it weighs."""

    space: AddressSpace
    root: str
    commit: int
    weight: MemoryUse


class Reader:
    """One reader of the spaces of a ledger. Where the policy says so it takes references of dead views, too.

    `holds` is the view that it has a reference to. `freed_in_use` counts views freed while it used them, `freed_twice`
    those that were queued to be freed a second time when it dropped them.
    """

    def __init__(
        self, table: ViewTable, allocations: NodeAllocations, account: MemoryAccount,
        spaces: Mapping[AddressSpace, Entry | None],
    ) -> None:  # fmt: skip
        self.holds: SeenView | None = None
        self.freed_in_use = self.freed_twice = 0
        self._table = table
        self._allocations = allocations
        self._account = account
        self._spaces = spaces
        self._counts_up_from_zero = table.policies.counted_up_from_zero
        self._seen: SeenView | None = None
        self._commits = 0
        self._dead = self._freed = False

    def look(self, space: AddressSpace) -> None:
        """Enter an RCU section, and look at what `space` shows now."""
        if self._seen is not None or self.holds is not None:
            raise TopologyError("the reader looks at a view already; it has to drop that first")
        self._seen = self._current(space)

    def take(self) -> None:
        """Take a reference of the view looked at, or of the current one where that is refused; leave RCU."""
        if self._seen is None:
            raise TopologyError("the reader has to look at a view before it takes it")
        self._dead = self._is_released(self._seen) and self._counts_up_from_zero
        self._freed = False
        self.holds = self._seen if self._dead or not self._is_released(self._seen) else self._current(self._seen.space)
        self._seen = None

    def drop(self) -> None:
        """Drop the reference: if it was the last one, the view waits for the grace period."""
        if self.holds is None:
            raise TopologyError("the reader has to take a view before it drops it")
        if self._dead:
            self.freed_twice += 1
        elif self.is_last:
            self._account.keep(NO_MEMORY)
            self._account.reclaimer.retire(self.holds.weight)
        self.holds = None

    @property
    def is_last(self) -> bool:
        """Whether nobody but the reader holds its view."""
        return self.holds is not None and not self._dead and self._is_released(self.holds)

    # Section: what the ledger tells

    def commit(self) -> None:
        """All views were released, and new ones are about to be made: what the reader holds stays allocated."""
        alone = self.is_last
        self._commits += 1
        if self.holds is not None and self.is_last and not alone:
            self._account.reclaimer.recall(self.holds.weight)
            self._account.keep(self.holds.weight)

    def grace(self) -> bool:
        """Whether the grace period can end: no reader is in an RCU section. What it holds wrongly is then freed."""
        if self._seen is not None:
            return False
        if self._dead and self.holds is not None and not self._freed:
            self._freed = True
            self.freed_in_use += 1
        return True

    def _is_released(self, view: SeenView) -> bool:
        """Whether everybody else has dropped `view`. Nobody ever drops the one empty view (it weighs nothing here)."""
        return view.commit != self._commits and view.weight is not NO_MEMORY

    def _current(self, space: AddressSpace) -> SeenView | None:
        entry = self._spaces.get(space)
        if entry is None:
            return None
        if entry.key is None:
            return SeenView(space, "", self._commits, NO_MEMORY)
        policies, figures = self._table.policies, entry.figures
        allocated = self._allocations.of(self._table.holder(space, entry), entry)
        arrays = NodeArrays(allocated, self._allocations.untouched(figures.shape, allocated))
        weight = self._account.weight(object_counts(figures, 1, 1, dummies=policies.dummies), arrays)
        return SeenView(space, entry.key.name or "(noname)", self._commits, weight)
