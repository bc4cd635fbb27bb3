"""The ledger: what one rule set makes of the operations on a machine's memory.

QEMU regenerates every view at every commit. Most commits change nothing that any space can see. So the
ledger keeps the totals of one regeneration of everything (footprint.memory.table), brings them up to date
only for the keys that a commit can have changed, and adds them to its account at each commit
(footprint.memory.account). The views that QEMU creates and throws away are so counted, and sized to the
byte, and never built; one that is alive is built when somebody looks at it (footprint.memory.living_views).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from footprint.memory.account import MemoryAccount
from footprint.memory.flatview import FlatView
from footprint.memory.history import History
from footprint.memory.listener import MemoryListener
from footprint.memory.living_views import LivingViews
from footprint.memory.node_allocations import NodeAllocations
from footprint.memory.policies import Policies, choose
from footprint.memory.reader import Reader
from footprint.memory.region import MemoryRegion
from footprint.memory.roots import SharingRule
from footprint.memory.rules import RuleSet
from footprint.memory.space import AddressSpace
from footprint.memory.space_roster import SpaceRoster
from footprint.memory.table import Entry, ViewTable
from footprint.memory.tallies import NO_OBJECTS, ObjectCounts, ViewMeasurer


class Created(NamedTuple):
    """A view that came into being, with what its dispatch used and got."""

    root: MemoryRegion | None
    ranges: int
    sections: int
    nodes: int
    nodes_allocated: int


class Ledger:
    """The books of one rule set: the view table, node allocations, the memory account, and the living views.

    Only :class:`footprint.memory.core.MemoryCore` calls what changes it. `watch`, when set, is called
    for each view created, in QEMU's order. `spaces`: each with its entry of the table, None before its
    first commit. `allocations`: the radix nodes of its dispatches.
    """

    def __init__(self, rules: RuleSet, measurer: ViewMeasurer, *, host_page: int = 4096) -> None:
        self.rules = rules
        self.policies: Policies = choose(rules.features, rules.own)
        self._rule_follows_commits = type(self.policies.sharing).committed is not SharingRule.committed
        measurer = measurer.of_width(self.policies.level_bits)
        self.watch: Callable[[Created], None] | None = None
        self.spaces: dict[AddressSpace, Entry | None] = {}
        self.pending = False
        self.backlog: set[MemoryRegion] = set()
        self.history = History()
        self.commits = 0
        self.account = MemoryAccount(self.policies, rules.layout, measurer.pages)
        self._table = ViewTable(self.policies, measurer)
        self.allocations = NodeAllocations(self._table, self.policies.reserve, host_page)
        self._living = LivingViews(self._table, self.allocations, self.spaces)
        self.reader = Reader(self._table, self.allocations, self.account, self.spaces)
        self._roster = SpaceRoster(self.policies)
        self._newcomers: list[AddressSpace] = []
        self._on_root: dict[MemoryRegion, list[AddressSpace]] = {}
        self._mixed_roots: set[MemoryRegion] = set()

    # Section: spaces come and go

    def admit(self, space: AddressSpace) -> None:
        """Put a new space on the books, unless under these rules there is no such space."""
        if not self._roster.admits(space):
            return
        self._on_root.setdefault(space.root, []).append(space)
        self.spaces[space] = None
        if self.policies.commits_at_init:
            self._newcomers.append(space)
            if self.policies.first_view:
                self._watch_empty(self.account.make_first_view())
            self.pending = self.pending or space.root.enabled
        else:
            self._attach(space)
        self.account.note_peak()

    def dismiss(self, space: AddressSpace) -> None:
        """Take a destroyed space off the books. Its view goes when nobody holds it any more."""
        leaver = self._roster.leaver(space)
        if leaver is None or leaver not in self.spaces:
            return
        entry = self.spaces.pop(leaver)
        self._living.dismiss(leaver)
        self._on_root[leaver.root].remove(leaver)
        if not self._on_root[leaver.root]:
            del self._on_root[leaver.root]
        if entry is not None:
            self._detach(leaver, entry)
            return
        if self.policies.first_view:
            self.account.release_first_view(len(self._newcomers))
        self._newcomers.remove(leaver)

    def _attach(self, space: AddressSpace) -> None:
        """Without a commit: a space takes the view of its key; only a key without one gets it now."""
        self._ensure_empty_view()
        entry = self._table.entry(self._table.key(space.root))
        if self.policies.sharing.private:
            entry = self._table.up_to_date(entry)
        self.spaces[space] = entry
        if self.spaces[self._on_root[space.root][0]] is not entry:
            self._mixed_roots.add(space.root)
        before = entry.share
        self._table.join(space, entry)
        made = entry.share.less(before)
        if made == NO_OBJECTS:
            return
        others = ((other, older) for other, older in self.spaces.items() if older is not None and other is not space)
        allocated = self.allocations.add(self._table.holder(space, entry), entry, made.dispatches, others)
        self.account.make(made, self.allocations.arrays(made, entry, allocated))
        self._watch(entry, allocated)

    def _detach(self, space: AddressSpace, entry: Entry) -> None:
        """A view of its own waits for the grace period; a shared one stays in the table until a commit."""
        before = entry.share
        self._table.leave(space, entry)
        gone = before.less(entry.share)
        allocated = self.allocations.remove(self._table.holder(space, entry), entry, gone.dispatches)
        self.account.release(gone, self.allocations.arrays(gone, entry, allocated))
        self._living.forget([space])

    # Section: commits

    def rebuild(self, changed: Collection[MemoryRegion]) -> None:
        """An outermost commit with an update pending: every view is made anew."""
        self._ensure_empty_view()
        self._follow(changed)
        self._living.forget(self._table.idle)
        self._table.drop_idle()
        self.account.release_all()
        self.reader.commit()
        arrays = self.allocations.regenerate(self.spaces, self._watch if self.watch else None)
        self.commits += 1
        if self._rule_follows_commits:
            order = [entry.identity for entry in self.spaces.values() if entry is not None]
            self.policies.sharing.committed(order)
        self.account.make_all(self._table.totals, arrays)
        self.account.note_peak()
        if self.history.wants(self.commits):
            self._note_history()
        self._living.tell()

    def _follow(self, changed: Collection[MemoryRegion]) -> None:
        """Render again the keys, and resolve again the roots, that `changed` names."""
        stale = [entry for entry in map(self._table.known, changed) if entry is not None]
        for space in self._newcomers:
            self._settle(space, self._table.entry(self._table.key(space.root)))
        self._newcomers.clear()
        for region in changed:
            if region in self._on_root:
                self._settle_root(region)
        for entry in stale:
            self._living.forget([entry, *entry.spaces])
            self._table.refigure(entry)

    def _settle_root(self, root: MemoryRegion) -> None:
        """Let all spaces on `root` stand under the key that it leads to now."""
        spaces, entry = self._on_root[root], self._table.entry(self._table.key(root))
        # All spaces on one root have one key, unless one came in the midst of a transaction.
        if self.spaces[spaces[0]] is entry and root not in self._mixed_roots:
            return
        self._mixed_roots.discard(root)
        for space in spaces:
            self._settle(space, entry)

    def _settle(self, space: AddressSpace, entry: Entry) -> None:
        old = self.spaces[space]
        if old is entry:
            return
        if old is not None:
            self._table.leave(space, old)
            self._living.forget([space])
        self.spaces[space] = entry
        self._table.join(space, entry)

    def _watch(self, entry: Entry, allocated: int) -> None:
        if self.watch:
            shape = entry.figures.shape
            sections = self.policies.dummies + shape.sections
            self.watch(Created(entry.key, entry.figures.ranges, sections, shape.nodes, allocated))

    def _watch_empty(self, made: ObjectCounts) -> None:
        if self.watch:
            self.watch(Created(None, 0, made.sections, 0, 0))

    def _ensure_empty_view(self) -> None:
        """Rendered once in the life of the process, and held for ever."""
        made = self.account.hold_empty_view() if self.policies.empty_held else None
        if made is not None:
            self._watch_empty(made)

    # Section: reading

    def alive(self) -> tuple[ObjectCounts, int]:
        """The views that some space uses, and the nodes allocated in them."""
        alive, nodes = self.allocations.in_use()
        vacant = self._table.known(None)
        used = bool(alive.given_up or (vacant is not None and vacant.spaces))
        return alive.plus(self.account.empty_views_alive(used=used)), nodes

    def settle(self) -> None:
        """The grace period ends: everything that waits is freed."""
        self._note_history()
        self.account.reclaimer.grace(self.reader.grace())
        self._note_history()

    def _note_history(self) -> None:
        alive, account = self.alive()[0], self.account
        self.history.note(self.commits, alive.views, account.reclaimer.waiting.views, account.allocated.bytes)

    def view(self, space: AddressSpace) -> FlatView | None:
        """The living view of `space`, built the first time it is looked at; None for a space without one."""
        return self._living.view(space)

    def views(self) -> list[FlatView]:
        """The distinct living views, in the order of the spaces that use them."""
        return self._living.distinct()

    def listen(self, space: AddressSpace, listener: MemoryListener) -> None:
        """Tell `listener` of every change of `space`, beginning with all that it shows now."""
        self._living.listen(space, listener)
