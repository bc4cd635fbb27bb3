"""The ledger: what one rule set makes of the operations on a machine's memory.

QEMU regenerates every view at every commit. Most commits change nothing that any space can see. So the
ledger keeps the totals of one regeneration of everything (footprint.memory.table), brings them up to date
only for the keys that a commit can have changed, and adds them to its counters at each commit. The views
that QEMU creates and throws away are so counted, and sized to the byte, and never built; one that is
alive is built when somebody looks at it (:meth:`Ledger.view`).

A *load* is what some views weigh (footprint.memory.reclaimer).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from footprint.memory.flatview import FlatView, build_view
from footprint.memory.history import History
from footprint.memory.listener import Audience, MemoryListener
from footprint.memory.policies import Policies, choose
from footprint.memory.radix import NODE_BYTES, Shape
from footprint.memory.reclaimer import NO_MEMORY, MemoryUse, Reclaimer
from footprint.memory.region import MemoryRegion
from footprint.memory.render import FlatRange
from footprint.memory.roots import SharingRule
from footprint.memory.rules import RuleSet
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry, Holder, ViewTable
from footprint.memory.tallies import EMPTY, NO_OBJECTS, ObjectCounts, ViewMeasurer, bytes_by_kind, object_counts


class Created(NamedTuple):
    """A view that came into being, with what its dispatch used and got."""

    root: MemoryRegion | None
    ranges: int
    sections: int
    nodes: int
    nodes_allocated: int


class Ledger:
    """The books of one rule set: view table, node reserve, reclaimer, and what was ever made.

    Only :class:`footprint.memory.core.MemoryCore` calls what changes it. `watch`, when set, is called
    for each view created, in QEMU's order.
    """

    def __init__(self, rules: RuleSet, measurer: ViewMeasurer, *, host_page: int = 4096) -> None:
        self.rules = rules
        self.policies: Policies = choose(rules.features, rules.own)
        self._rule_follows_commits = type(self.policies.sharing).committed is not SharingRule.committed
        self.measurer = measurer
        self.host_page = host_page
        self.watch: Callable[[Created], None] | None = None
        self.spaces: dict[AddressSpace, Entry | None] = {}
        self.pending = False
        self.backlog: set[MemoryRegion] = set()
        self.reclaimer = Reclaimer()
        self.history = History()
        self.commits = 0
        self.ever = NO_OBJECTS
        self.nodes_allocated_ever = 0
        self.peak = NO_MEMORY
        self._table = ViewTable(self.policies, measurer)
        self._newcomers: list[AddressSpace] = []
        self._on_root: dict[MemoryRegion, list[AddressSpace]] = {}
        self._mixed_roots: set[MemoryRegion] = set()
        self._cpu_sharers: dict[MemoryRegion, list[AddressSpace]] = {}
        self._priced: tuple[int, int, MemoryUse] | None = None
        self._exceptions: dict[Holder, int] = {}
        self._nodes_allocated = 0
        self._current = NO_MEMORY
        self._first_views = NO_MEMORY
        self._empty_view: MemoryUse | None = None
        self._views: dict[Holder, FlatView] = {}
        self._audience = Audience()

    # Section: spaces come and go

    def admit(self, space: AddressSpace) -> None:
        """Put a new space on the books, unless under these rules there is no such space."""
        if not self._exists(space):
            return
        self._on_root.setdefault(space.root, []).append(space)
        self.spaces[space] = None
        if self.policies.commits_at_init:
            self._newcomers.append(space)
            if self.policies.first_view:
                self._first_views = self._first_views.plus(self._make_empty(int(self.policies.dispatch_per_space)))
            self.pending = self.pending or space.root.enabled
        else:
            self._attach(space)
        self._note_peak()

    def _exists(self, space: AddressSpace) -> bool:
        if space.kind in self.policies.optional_spaces:
            return self.policies.optional_spaces[space.kind]
        if space.kind != "cpu" or self.policies.cpu_spaces == "separate":
            return True
        if self.policies.cpu_spaces == "global":
            return False
        sharers = self._cpu_sharers.setdefault(space.root, [])
        sharers.append(space)
        return len(sharers) == 1

    def dismiss(self, space: AddressSpace) -> None:
        """Take a destroyed space off the books. Its view goes when nobody holds it any more."""
        sharers = self._cpu_sharers.get(space.root)
        if sharers and space in sharers:
            # CPUs with one root share the space of the first of them until the last is gone.
            space, *others = sharers
            if others:
                sharers.pop()
                return
            del self._cpu_sharers[space.root]
        if space not in self.spaces:
            return
        entry = self.spaces.pop(space)
        self._audience.forget(space)
        self._on_root[space.root].remove(space)
        if not self._on_root[space.root]:
            del self._on_root[space.root]
        if entry is not None:
            self._detach(space, entry)
            return
        self._newcomers.remove(space)
        if self.policies.first_view:
            one = self._first_views.one_of(len(self._newcomers) + 1)
            self._first_views = self._first_views.less(one)
            self.reclaimer.retire(one)

    def _attach(self, space: AddressSpace) -> None:
        """Without a commit: a space takes the view of its key; only a key without one gets it now."""
        self._ensure_empty_view()
        entry = self._table.entry(self._table.key(space.root))
        if self.policies.sharing.private:
            entry = self._table.up_to_date(entry)
        self.spaces[space] = entry
        if self.spaces[self._on_root[space.root][0]] is not entry:
            self._mixed_roots.add(space.root)
        made, shape = self._table.join(space, entry), entry.figures.shape
        if made == NO_OBJECTS:
            return
        if not self.policies.reserve.settled(shape):
            self._write_down_allocations(apart_from=space)
        allocated = self.policies.reserve.take(shape)
        self._exceptions[self._table.holder(space, entry)] = allocated
        nodes = made.dispatches * allocated
        self._count(made, nodes)
        self._nodes_allocated += nodes
        self._current = self._current.plus(self._load(made, shape, allocated))
        self._give_up(made.given_up)
        if self.watch:
            self.watch(self._created(entry, allocated))

    def _detach(self, space: AddressSpace, entry: Entry) -> None:
        """A view of its own waits for the grace period; a shared one stays in the table until a commit."""
        holder = self._table.holder(space, entry)
        allocated = self._allocation(holder, entry)
        gone = self._table.leave(space, entry)
        load = self._load(gone, entry.figures.shape, allocated)
        self._current = self._current.less(load)
        self._nodes_allocated -= gone.dispatches * allocated
        self.reclaimer.retire(load)
        if holder is space:
            self._views.pop(space, None)
            self._exceptions.pop(space, None)

    def _write_down_allocations(self, *, apart_from: AddressSpace) -> None:
        """Note what each view got at the last commit, before the reserve moves on."""
        for space, entry in self.spaces.items():
            if entry is not None and space is not apart_from:
                holder = self._table.holder(space, entry)
                self._exceptions[holder] = self._allocation(holder, entry)

    # Section: commits

    def rebuild(self, changed: Collection[MemoryRegion]) -> None:
        """An outermost commit with an update pending: every view is made anew."""
        self._ensure_empty_view()
        self._follow(changed)
        for entry in self._table.idle:
            self._views.pop(entry, None)
        self._table.drop_idle()
        self.reclaimer.retire(self._current.plus(self._first_views))
        self._first_views = NO_MEMORY
        self._exceptions.clear()
        self._nodes_allocated, self._current = self._price()
        self.commits += 1
        if self._rule_follows_commits:
            order = [entry.identity for entry in self.spaces.values() if entry is not None]
            self.policies.sharing.committed(order)
        self._count(self._table.totals, self._nodes_allocated)
        self._give_up(self._table.totals.given_up)
        self._note_peak()
        if self.history.wants(self.commits):
            self._note_history()
        if self._audience:
            self._audience.tell(self.spaces, self._ranges)

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
            self._forget_views(entry)
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
            self._views.pop(space, None)
        self.spaces[space] = entry
        self._table.join(space, entry)

    def _price(self) -> tuple[int, MemoryUse]:
        """Nodes allocated by one regeneration of everything, and what it weighs."""
        table, reserve = self._table, self.policies.reserve
        if self.watch or not all(map(reserve.settled, table.shapes)):
            return self._price_in_order()
        if self._priced is None or self._priced[0] != table.changes:
            nodes = untouched = 0
            for shape, count in table.shapes.items():
                allocated = reserve.take(shape)
                nodes += count * allocated
                untouched += count * self._untouched(shape, allocated)
            self._priced = table.changes, nodes, self._weigh(table.totals, nodes, untouched)
        return self._priced[1:]

    def _price_in_order(self) -> tuple[int, MemoryUse]:
        """The same dispatch by dispatch, in QEMU's order: the reserve grows in the midst of this commit."""
        self._priced = None
        nodes = untouched = 0
        for holder, entry in self._in_order():
            allocated = self.policies.reserve.take(entry.figures.shape)
            self._exceptions[holder] = allocated
            nodes += allocated
            untouched += self._untouched(entry.figures.shape, allocated)
            if self.watch:
                self.watch(self._created(entry, allocated))
        return nodes, self._weigh(self._table.totals, nodes, untouched)

    def _in_order(self) -> Iterator[tuple[Holder, Entry]]:
        """Every dispatch of a regeneration, by first use in the order of the spaces."""
        seen: set[Holder] = set()
        for space, entry in self.spaces.items():
            if entry is None or not entry.share.dispatches:
                continue
            holder = self._table.holder(space, entry)
            if holder not in seen:
                seen.add(holder)
                yield holder, entry

    def _allocation(self, holder: Holder, entry: Entry) -> int:
        """Nodes that the living view of `holder` got when it was made."""
        known = self._exceptions.get(holder)
        return self.policies.reserve.take(entry.figures.shape) if known is None else known

    # Section: weighing and counting

    def _count(self, made: ObjectCounts, nodes_allocated: int) -> None:
        self.ever = self.ever.plus(made)
        self.nodes_allocated_ever += nodes_allocated

    def _load(self, made: ObjectCounts, shape: Shape, allocated: int) -> MemoryUse:
        return self._weigh(made, made.dispatches * allocated, made.dispatches * self._untouched(shape, allocated))

    def _weigh(self, made: ObjectCounts, nodes: int, untouched: int) -> MemoryUse:
        weight = sum(self.bytes_of(made, nodes).values())
        return MemoryUse(made.views, weight, weight - untouched)

    def bytes_of(self, made: ObjectCounts, nodes_allocated: int) -> dict[str, int]:
        """What `made` takes in the C program of these rules, in bytes by kind of thing."""
        return bytes_by_kind(made, nodes_allocated, self.rules.layout, self.measurer.pages)

    def _untouched(self, shape: Shape, allocated: int) -> int:
        """Bytes at the end of a node array that the tree never touches, but for one host page."""
        return max(0, NODE_BYTES * (allocated - shape.nodes) - self.host_page)

    def _created(self, entry: Entry, allocated: int) -> Created:
        shape = entry.figures.shape
        sections = self.policies.dummies + shape.sections
        return Created(entry.key, entry.figures.ranges, sections, shape.nodes, allocated)

    def _ensure_empty_view(self) -> None:
        """Rendered once in the life of the process, and held for ever."""
        if self.policies.empty_held and self._empty_view is None:
            self._empty_view = self._make_empty(int(not self.policies.dispatch_per_space))

    def _make_empty(self, dispatches: int, views: int = 1) -> MemoryUse:
        """Make and count a view without ranges; what it weighs."""
        made = object_counts(EMPTY, views, dispatches, dummies=self.policies.dummies)
        self._count(made, 0)
        if self.watch and views:
            self.watch(Created(None, 0, made.sections, 0, 0))
        return self._weigh(made, 0, 0)

    def _give_up(self, count: int) -> None:
        """Views rendered, found empty and given up: the first becomes the empty view, the others wait."""
        bare = self.rules.layout.flatview
        if count and self._empty_view is None:
            count -= 1
            dispatch = self._make_empty(int(not self.policies.dispatch_per_space), views=0)
            self._empty_view = MemoryUse(1, bare, bare).plus(dispatch)
        self.reclaimer.retire(MemoryUse(count, count * bare, count * bare))

    # Section: reading

    @property
    def allocated(self) -> MemoryUse:
        """Everything created and not yet freed."""
        held = self._empty_view or NO_MEMORY
        return self.reclaimer.waiting.plus(self._current).plus(self._first_views).plus(held)

    def alive(self) -> tuple[ObjectCounts, int]:
        """The views that some space uses, and the nodes allocated in them."""
        alive, nodes = self._table.totals, self._nodes_allocated
        for entry in self._table.idle:
            alive = alive.less(entry.share)
            nodes -= entry.share.dispatches * self._allocation(entry, entry)
        per_space = self.policies.dispatch_per_space
        vacant = self._table.known(None)
        if self._empty_view is not None and (alive.given_up or (vacant is not None and vacant.spaces)):
            alive = alive.plus(object_counts(EMPTY, 1, int(not per_space), dummies=self.policies.dummies))
        firsts = self._first_views.views
        return alive.plus(object_counts(EMPTY, firsts, firsts * per_space, dummies=self.policies.dummies)), nodes

    def settle(self) -> None:
        """The grace period ends: everything that waits is freed."""
        self._note_history()
        self.reclaimer.grace()
        self._note_history()

    def _note_peak(self) -> None:
        self.peak = MemoryUse(*map(max, self.peak, self.allocated))

    def _note_history(self) -> None:
        alive, _ = self.alive()
        self.history.note(self.commits, alive.views, self.reclaimer.waiting.views, self.allocated.bytes)

    def view(self, space: AddressSpace) -> FlatView | None:
        """The living view of `space`, built the first time it is looked at; None for a space without one.

        It shows the tree as it stands: inside a transaction it may be ahead of what QEMU's would show.
        """
        entry = self.spaces[space]
        if entry is None:
            return None
        policies = self.policies
        key: Holder = space if policies.sharing.private else entry
        root = entry.key
        if policies.empty_given_up and not entry.figures.ranges:
            key, root = self._table.entry(None), None
        view = self._views.get(key)
        if view is None:
            capacity = self._allocation(self._table.holder(space, entry), entry)
            view = self._views[key] = build_view(
                root, self.measurer.pages, merge=policies.merge, dummies=policies.dummies,
                capacity=capacity, level_skipping=policies.level_skipping,
            )  # fmt: skip
        return view

    def views(self) -> list[FlatView]:
        """The distinct living views, in the order of the spaces that use them."""
        distinct = {id(view): view for view in map(self.view, self.spaces) if view is not None}
        return list(distinct.values())

    def listen(self, space: AddressSpace, listener: MemoryListener) -> None:
        """Tell `listener` of every change of `space`, beginning with all that it shows now."""
        self._audience.join(space, listener, self._ranges(space))

    def _ranges(self, space: AddressSpace) -> tuple[FlatRange, ...]:
        view = self.view(space)
        return view.ranges if view is not None else ()

    def _forget_views(self, entry: Entry) -> None:
        if self._views:
            holders: list[Holder] = [entry, *entry.spaces]
            for holder in holders:
                self._views.pop(holder, None)
