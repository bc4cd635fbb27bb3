"""MemoryCore: the owner of everything that QEMU keeps in C globals, and QEMU's memory API on it.

One pass over the operations keeps the books of several rule sets (footprint.memory.ledger). The core
itself knows which operation makes an update pending (docs/qemu-memory.md, "What makes an update pending");
where transactions nest, and what a change reaches, is in footprint.memory.transactions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from footprint.errors import TopologyError
from footprint.memory.discard import DiscardManagers
from footprint.memory.ledger import Ledger
from footprint.memory.radix import Pages
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import RuleSet
from footprint.memory.space import AddressSpace
from footprint.memory.tallies import ViewMeasurer
from footprint.memory.transactions import Transactions
from footprint.units import range_text


class MemoryCore:
    """Regions, spaces, transactions, and a ledger for each rule set. Two cores share nothing.

    `pages` is the target's page size; `host_page` the host's, in bytes, for resident memory.
    """

    def __init__(self, rules: Sequence[RuleSet], *, pages: Pages | None = None, host_page: int = 4096) -> None:
        self.pages = pages or Pages()
        measurer = ViewMeasurer(self.pages)
        self.ledgers = tuple(Ledger(rule_set, measurer, host_page=host_page) for rule_set in rules)
        self.spaces: dict[AddressSpace, None] = {}
        self.discard_managers = DiscardManagers()
        self._transactions = Transactions(self.ledgers)

    # Section: transactions (footprint.memory.transactions)

    @property
    def depth(self) -> int:
        """How many transactions are open."""
        return self._transactions.depth

    def begin(self) -> None:
        """Open a transaction, or nest one."""
        self._transactions.begin()

    def commit(self) -> None:
        """Close a transaction; the outermost one with an update pending makes all views anew."""
        self._transactions.commit()

    def rebuild(self) -> None:
        """A commit that changes nothing and makes all views anew, as when tracking of all writes begins."""
        with self.transaction():
            self._transactions.update()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """``with core.transaction():`` makes one commit of several changes, as QEMU's callers do."""
        self.begin()
        try:
            yield
        finally:
            self.commit()

    def held(self, whole: str) -> AbstractContextManager[None]:
        """What happens in it is one transaction for the rule sets that make one of each `whole`."""
        return self._transactions.held(whole)

    # Section: address spaces

    def create_space(self, name: str, root: MemoryRegion, *, kind: str = "", owner: str | None = None) -> AddressSpace:
        """A new address space on `root` (`address_space_init`); `kind` as in AddressSpace."""
        space = AddressSpace(name, root, kind, owner)
        self.begin()
        self._transactions.enter_root(root)
        self.spaces[space] = None
        for ledger in self.ledgers:
            ledger.admit(space)
        self.commit()
        return space

    def destroy_space(self, space: AddressSpace) -> None:
        """`space` goes; no view is rebuilt (`address_space_destroy`)."""
        if space not in self.spaces:
            raise TopologyError(f"address space {space.name!r} does not exist")
        del self.spaces[space]
        for ledger in self.ledgers:
            ledger.dismiss(space)

    def settle(self) -> None:
        """The grace period ends: what was released is freed."""
        for ledger in self.ledgers:
            ledger.settle()

    # Section: the tree

    def add_subregion(self, container: MemoryRegion, addr: int, region: MemoryRegion, *, priority: int = 0) -> None:
        """Place `region` at `addr` of `container`, on top of what has the same priority."""
        if region.container is not None:
            place = region.container
            where = range_text(region.addr, region.addr + region.size)
            raise TopologyError(
                f"{region.name!r} cannot be added to {container.name!r} at {addr:#x}: "
                f"it already is at {where} of {place.name!r}"
            )
        self.begin()
        region.priority = priority
        self._move(region, addr)
        container.insert(region)
        self._structure_changed(container, region)
        self.commit()

    def del_subregion(self, container: MemoryRegion, region: MemoryRegion) -> None:
        """Take `region` out of `container`."""
        if region.container is not container:
            raise TopologyError(f"{region.name!r} is not in {container.name!r}")
        self.begin()
        container.remove(region)
        self._structure_changed(container, region)
        self.commit()

    def set_address(self, region: MemoryRegion, addr: int) -> None:
        """Move `region` within its container; it comes to the front of its priority."""
        if addr == region.addr:
            return
        container = region.container
        if container is None:
            self._move(region, addr)
            return
        self.begin()
        container.remove(region)
        self._structure_changed(container, region)
        self._move(region, addr)
        container.insert(region)
        self._structure_changed(container, region)
        self.commit()

    def set_enabled(self, region: MemoryRegion, enabled: bool) -> None:
        """Show or hide `region` and what is below it."""
        if enabled != region.enabled:
            region.enabled = enabled
            self._attribute_changed(region, pending=True)

    def set_size(self, region: MemoryRegion, size: int) -> None:
        """Change the size, in bytes."""
        if size != region.size:
            region.size = size
            self._attribute_changed(region, pending=True)

    def set_alias_offset(self, region: MemoryRegion, offset: int) -> None:
        """Let an alias show its target from `offset` on."""
        if offset != region.alias_offset:
            region.alias_offset = offset
            self._attribute_changed(region, pending=region.enabled)

    def set_readonly(self, region: MemoryRegion, readonly: bool) -> None:
        """Writes through `region` are refused, or no longer."""
        if readonly != region.readonly:
            region.readonly = readonly
            self._attribute_changed(region, pending=region.enabled)

    def set_nonvolatile(self, region: MemoryRegion, nonvolatile: bool) -> None:
        """Mark `region` as kept over a power failure."""
        if nonvolatile != region.nonvolatile:
            region.nonvolatile = nonvolatile
            self._attribute_changed(region, pending=region.enabled)

    def set_unmergeable(self, region: MemoryRegion, unmergeable: bool) -> None:
        """Forbid that ranges of `region` are merged (since v8.2.0)."""
        if unmergeable != region.unmergeable:
            region.unmergeable = unmergeable
            self._attribute_changed(region, pending=region.enabled)

    def set_romd(self, region: MemoryRegion, romd_mode: bool) -> None:
        """Let reads of a rom device go to its memory, or to its callbacks."""
        if romd_mode != region.romd_mode:
            region.romd_mode = romd_mode
            self._attribute_changed(region, pending=region.enabled)

    def set_log(self, region: MemoryRegion, log: bool) -> None:
        """One more, or one less, who follows what the guest writes (VGA): only the first and the last count."""
        before = region.logging > 0
        region.logging = max(0, region.logging + (1 if log else -1))
        if before != (region.logging > 0):
            self._attribute_changed(region, pending=region.enabled)

    def finalize(self, region: MemoryRegion) -> None:
        """`region` is gone: it and its children part, an alias lets go of its target; no view is rebuilt."""
        self._transactions.touch(region)
        region.enabled = False
        for child in list(region.subregions):
            region.remove(child)
        if region.container is not None:
            region.container.remove(region)
        if region.alias is not None:
            region.alias.referrers.remove(region)
            region.alias = None

    # Section: what a change reaches

    def _move(self, region: MemoryRegion, addr: int) -> None:
        """Give `region` an address. A view with this very region for a root is drawn at it."""
        if addr != region.addr:
            region.addr = addr
            self._transactions.touch(region)

    def _structure_changed(self, container: MemoryRegion, region: MemoryRegion) -> None:
        self._transactions.update(container.enabled and region.enabled)
        if region.enabled:
            self._transactions.touch(container)

    def _attribute_changed(self, region: MemoryRegion, *, pending: bool) -> None:
        """Something that others see of `region` itself: those above it change, whatever it is now."""
        self.begin()
        self._transactions.update(pending)
        self._transactions.touch(region)
        if region.container is not None:
            self._transactions.touch(region.container)
        for referrer in region.referrers:
            self._transactions.touch(referrer)
        self.commit()
