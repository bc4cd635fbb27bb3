"""Transactions: where they nest, what is pending, and what the changes in them reach.

A change reaches from the region that changed up through its containers and the aliases that show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from footprint.errors import TopologyError
from footprint.memory.ledger import Ledger
from footprint.memory.region import MemoryRegion


class Transactions:
    """The transactions of one core; the outermost commit lets every one of `ledgers` make its views anew.

    `depth`: how many are open.
    """

    def __init__(self, ledgers: Sequence[Ledger]) -> None:
        self.depth = 0
        self._ledgers = ledgers
        self._pending = False
        self._changed: set[MemoryRegion] = set()
        self._held: set[Ledger] = set()

    def begin(self) -> None:
        """Open a transaction, or nest one."""
        self.depth += 1

    def commit(self) -> None:
        """Close a transaction; the outermost one with an update pending makes all views anew."""
        if self.depth == 0:
            raise TopologyError("commit without a begin")
        self.depth -= 1
        if self.depth:
            return
        for ledger in self._ledgers:
            due = self._pending or ledger.pending
            if due and ledger not in self._held:
                ledger.rebuild(self._changed | ledger.backlog if ledger.backlog else self._changed)
                ledger.pending = False
                ledger.backlog.clear()
            else:
                ledger.pending = due
                ledger.backlog |= self._changed
        self._changed.clear()
        self._pending = False

    @contextmanager
    def held(self, whole: str) -> Iterator[None]:
        """What happens here is one transaction for the rule sets that make one of each `whole`.

        `whole` is what is done: realizing a ``device``, or building a ``machine`` (Features.transactions).
        All others see the single commits.
        """
        ledgers = {ledger for ledger in self._ledgers if ledger.policies.transactions == whole} - self._held
        self._held |= ledgers
        try:
            yield
        finally:
            self._held -= ledgers
            if ledgers and self.depth == 0:
                self.begin()
                self.commit()

    # Section: what happens in them

    def update(self, pending: bool = True) -> None:
        """If `pending`, the outermost commit has an update to make."""
        self._pending = self._pending or pending

    def enter_root(self, root: MemoryRegion) -> None:
        """A new space on `root` comes in this transaction.

        What its root leads to may have changed in an outer transaction already, and will not be marked again.
        """
        if self.depth > 1:
            self._changed.add(root)

    def touch(self, region: MemoryRegion) -> None:
        """What `region` shows has changed, and so has what shows it, up to what is hidden anyway.

        An alias of it is marked even when hidden: some rules look through aliases that are disabled.
        """
        changed = self._changed
        above = [region]
        while above:
            region = above.pop()
            if region.flat is None and region in changed:
                continue
            region.flat = None
            changed.add(region)
            if region.enabled and region.container is not None:
                above.append(region.container)
            above.extend(region.referrers)
