"""The ledger: what one rule set makes of the operations on a machine's memory.

QEMU regenerates every view at every commit. Most commits change nothing that any space can see. So the
ledger keeps the totals of one regeneration of everything, brings them up to date only for the keys that
a commit can have changed, and adds them to its counters at each commit. The views that QEMU creates and
throws away are so counted, and sized to the byte, and never built; one that is alive is built when
somebody looks at it (:meth:`Ledger.view`).

Words: an *entry* is a key of QEMU's view table. A *holder* is whose view it is: the entry where views
are shared, the space where each has its own. A *load* is what some views weigh (footprint.memory.reclaimer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from footprint.memory.figuring import EMPTY, NO_SHARE, Figures, Figuring, Share, share_of
from footprint.memory.flatview import FlatView, build_dispatch
from footprint.memory.history import History
from footprint.memory.policies import Policies, choose
from footprint.memory.radix import NODE_BYTES, Shape
from footprint.memory.reclaimer import NO_LOAD, Load, Reclaimer
from footprint.memory.region import MemoryRegion
from footprint.memory.render import FlatRange, render
from footprint.memory.roots import is_vacant
from footprint.memory.rules import RuleSet
from footprint.memory.space import AddressSpace


class Created(NamedTuple):
    """A view that came into being, with what its dispatch used and got."""

    root: MemoryRegion | None
    ranges: int
    sections: int
    nodes: int
    nodes_allocated: int


@dataclass(slots=True, eq=False)
class Entry:
    """A key of the view table; None is the key of the one empty view. `spaces` are those that use it.

    `ahead`: it stands beside the table until the next commit, for a space whose own view shows more
    than those made at the last one.
    """

    key: MemoryRegion | None
    figures: Figures
    spaces: dict[AddressSpace, None] = field(default_factory=dict)
    share: Share = NO_SHARE
    ahead: bool = False


Holder = Entry | AddressSpace


class Ledger:
    """The books of one rule set: view table, node reserve, reclaimer, and what was ever made.

    Only :class:`footprint.memory.core.MemoryCore` calls what changes it. `watch`, when set, is called
    for each view created, in QEMU's order.
    """

    def __init__(self, rules: RuleSet, figuring: Figuring, *, host_page: int = 4096) -> None:
        self.rules = rules
        self.policies: Policies = choose(rules.features)
        self.figuring = figuring
        self.host_page = host_page
        self.watch: Callable[[Created], None] | None = None
        self.spaces: dict[AddressSpace, Entry | None] = {}
        self.pending = False
        self.backlog: set[MemoryRegion] = set()
        self.reclaimer = Reclaimer()
        self.commits = 0
        self.ever = NO_SHARE
        self.peak = NO_LOAD
        self.history = History()
        self._table: dict[MemoryRegion | None, Entry] = {}
        self._idle: dict[Entry, None] = {}
        self._ahead: list[Entry] = []
        self._newcomers: list[AddressSpace] = []
        self._on_root: dict[MemoryRegion, list[AddressSpace]] = {}
        self._cpu_sharers: dict[MemoryRegion, list[AddressSpace]] = {}
        self._totals = NO_SHARE
        self._shapes: Counter[Shape] = Counter()
        self._priced: tuple[int, Load] | None = None
        self._exceptions: dict[Holder, int] = {}
        self._nodes_allocated = 0
        self._current = NO_LOAD
        self._first_views = NO_LOAD
        self._empty_view: Load | None = None
        self._views: dict[Holder, FlatView] = {}

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
        if space.kind == "virtio-cfg":
            return self.policies.virtio_cfg_space
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
        self._on_root[space.root].remove(space)
        if not self._on_root[space.root]:
            del self._on_root[space.root]
        if entry is not None:
            self._leave(space, entry)
            return
        if self.policies.first_view:
            one = self._first_views._replace(
                **{name: value // len(self._newcomers) for name, value in self._first_views._asdict().items()}
            )
            self._first_views = self._first_views.less(one)
            self.reclaimer.retire(one)
        self._newcomers.remove(space)

    def _attach(self, space: AddressSpace) -> None:
        """Without a commit: a space takes the view of its key; only a key without one gets it now."""
        self._ensure_empty_view()
        entry = self._entry(self._key(space.root))
        if self.policies.sharing.private:
            entry = self._up_to_date(entry)
        before, shape = entry.share, entry.figures.shape
        self._join(space, entry)
        made = entry.share.less(before)
        if made == NO_SHARE:
            return
        if not self.policies.reserve.settled(shape):
            self._write_down_allocations(apart_from=space)
        allocated = self.policies.reserve.take(shape)
        self._exceptions[self._holder(space, entry)] = allocated
        self._count(made)
        self._nodes_allocated += made.dispatches * allocated
        self._current = self._current.plus(self._load(made, made.dispatches * allocated, shape, allocated))
        self._give_up(made.given_up)
        if self.watch:
            self.watch(self._created(entry, allocated))

    def _up_to_date(self, entry: Entry) -> Entry:
        """`entry`, or, if its key shows something else by now, one beside it: views of others are not remade."""
        figures = self.figuring.figures(entry.key, self.policies.merge)
        if entry.key is None or figures == entry.figures:
            return entry
        entry = Entry(entry.key, figures, ahead=True)
        self._ahead.append(entry)
        return entry

    def _catch_up(self) -> None:
        """At a commit all views of a key are alike again."""
        for entry in self._ahead:
            for space in list(entry.spaces):
                del entry.spaces[space]
                self._join(space, self._entry(entry.key))
            self._reshare(entry)
        self._ahead.clear()

    def _leave(self, space: AddressSpace, entry: Entry) -> None:
        """A view of its own waits for the grace period; a shared one stays in the table until a commit."""
        holder = self._holder(space, entry)
        allocated, before = self._allocation(holder, entry), entry.share
        del entry.spaces[space]
        self._reshare(entry)
        gone = before.less(entry.share)
        load = self._load(gone, gone.dispatches * allocated, entry.figures.shape, allocated)
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
                holder = self._holder(space, entry)
                self._exceptions[holder] = self._allocation(holder, entry)

    # Section: the view table

    def _key(self, root: MemoryRegion) -> MemoryRegion | None:
        if self.policies.empty_held and is_vacant(root):
            return None
        return self.policies.sharing.key(root)

    def _entry(self, key: MemoryRegion | None) -> Entry:
        entry = self._table.get(key)
        if entry is None:
            entry = self._table[key] = Entry(key, self.figuring.figures(key, self.policies.merge))
        return entry

    def _holder(self, space: AddressSpace, entry: Entry) -> Holder:
        return space if self.policies.sharing.private or self.policies.dispatch_per_space else entry

    def _join(self, space: AddressSpace, entry: Entry) -> None:
        entry.spaces[space] = None
        self.spaces[space] = entry
        self._reshare(entry)

    def _reshare(self, entry: Entry) -> None:
        """Bring the totals up to date after `entry` or its spaces have changed."""
        old, new = entry.share, self._share(entry)
        if entry.spaces or entry.ahead:
            self._idle.pop(entry, None)
        else:
            self._idle[entry] = None
        self._exchange(entry, old, new)

    def _exchange(self, entry: Entry, old: Share, new: Share) -> None:
        if new == old:
            return
        shape = entry.figures.shape
        entry.share = new
        self._totals = self._totals.plus(new.less(old))
        self._shapes[shape] += new.dispatches - old.dispatches
        if not self._shapes[shape]:
            del self._shapes[shape]
        self._priced = None

    def _share(self, entry: Entry) -> Share:
        """What a regeneration makes for `entry`. The table itself holds a shared view, used or not."""
        policies, count = self.policies, len(entry.spaces)
        views = count if policies.sharing.private else 1
        given_up = 0
        if entry.key is None:
            views = 0
        elif policies.empty_given_up and not entry.figures.ranges:
            views, given_up = 0, views
        dispatches = count if policies.dispatch_per_space else views
        share = share_of(
            entry.figures, views, dispatches,
            dummies=policies.dummies, layout=self.rules.layout, pages=self.figuring.pages,
        )  # fmt: skip
        return share._replace(given_up=given_up) if given_up else share

    # Section: commits

    def rebuild(self, changed: Collection[MemoryRegion]) -> None:
        """An outermost commit with an update pending: every view is made anew."""
        self._ensure_empty_view()
        self._catch_up()
        self._follow(changed)
        self._drop_idle()
        self.reclaimer.retire(self._current.plus(self._first_views))
        self._first_views = NO_LOAD
        self._exceptions.clear()
        self._nodes_allocated, self._current = self._price()
        self.commits += 1
        self._count(self._totals)
        self._give_up(self._totals.given_up)
        self._note_peak()
        if self.history.wants(self.commits):
            self._note_history()

    def _follow(self, changed: Collection[MemoryRegion]) -> None:
        """Render again the keys, and resolve again the roots, that `changed` names."""
        for region in changed:
            entry = self._table.get(region)
            if entry is not None:
                self._refigure(entry)
        for space in self._newcomers:
            self._settle(space)
        self._newcomers.clear()
        for region in changed:
            for space in self._on_root.get(region, ()):
                self._settle(space)

    def _refigure(self, entry: Entry) -> None:
        self._views.pop(entry, None)
        for space in entry.spaces if self._views else ():
            self._views.pop(space, None)
        figures = self.figuring.figures(entry.key, self.policies.merge)
        if figures != entry.figures:
            self._exchange(entry, entry.share, NO_SHARE)
            entry.figures = figures
            self._reshare(entry)

    def _settle(self, space: AddressSpace) -> None:
        """Let `space` stand under the key that its root leads to now."""
        key, old = self._key(space.root), self.spaces[space]
        if old is not None:
            if old.key is key:
                return
            del old.spaces[space]
            self._reshare(old)
            self._views.pop(space, None)
        self._join(space, self._entry(key))

    def _drop_idle(self) -> None:
        """The new table has only keys that some space leads to."""
        for entry in self._idle:
            self._exchange(entry, entry.share, NO_SHARE)
            self._views.pop(entry, None)
            del self._table[entry.key]
        self._idle.clear()

    def _price(self) -> tuple[int, Load]:
        """Nodes allocated by one regeneration of everything, and what it weighs."""
        reserve = self.policies.reserve
        if self.watch or not all(map(reserve.settled, self._shapes)):
            return self._price_in_order()
        if self._priced is None:
            nodes = untouched = 0
            for shape, count in self._shapes.items():
                allocated = reserve.take(shape)
                nodes += count * allocated
                untouched += count * self._untouched(shape, allocated)
            self._priced = nodes, self._weigh(self._totals, nodes, untouched)
        return self._priced

    def _price_in_order(self) -> tuple[int, Load]:
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
        return nodes, self._weigh(self._totals, nodes, untouched)

    def _in_order(self) -> Iterator[tuple[Holder, Entry]]:
        """Every dispatch of a regeneration, by first use in the order of the spaces."""
        seen: set[Holder] = set()
        for space, entry in self.spaces.items():
            if entry is None or not entry.share.dispatches:
                continue
            holder = self._holder(space, entry)
            if holder not in seen:
                seen.add(holder)
                yield holder, entry

    def _allocation(self, holder: Holder, entry: Entry) -> int:
        """Nodes that the living view of `holder` got when it was made."""
        known = self._exceptions.get(holder)
        return self.policies.reserve.take(entry.figures.shape) if known is None else known

    # Section: weighing and counting

    def _count(self, made: Share) -> None:
        self.ever = self.ever.plus(made)

    def _load(self, made: Share, nodes: int, shape: Shape, allocated: int) -> Load:
        return self._weigh(made, nodes, made.dispatches * self._untouched(shape, allocated))

    def _weigh(self, made: Share, nodes: int, untouched: int) -> Load:
        weight = made.bytes + nodes * NODE_BYTES
        return Load(made.views, weight, weight - untouched)

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

    def _make_empty(self, dispatches: int, views: int = 1) -> Load:
        """Make and count a view without ranges; what it weighs."""
        layout, dummies = self.rules.layout, self.policies.dummies
        made = share_of(EMPTY, views, dispatches, dummies=dummies, layout=layout, pages=self.figuring.pages)
        self._count(made)
        if self.watch and views:
            self.watch(Created(None, 0, dispatches * dummies, 0, 0))
        return self._weigh(made, 0, 0)

    def _give_up(self, count: int) -> None:
        """Views rendered, found empty and given up: the first becomes the empty view, the others wait."""
        if count and self._empty_view is None:
            count -= 1
            bare = Load(1, self.rules.layout.flatview, self.rules.layout.flatview)
            self._empty_view = bare.plus(self._make_empty(int(not self.policies.dispatch_per_space), views=0))
        weight = count * self.rules.layout.flatview
        self.reclaimer.retire(Load(count, weight, weight))

    def _allocated(self) -> Load:
        held = self._empty_view or NO_LOAD
        return self.reclaimer.waiting.plus(self._current).plus(self._first_views).plus(held)

    def _note_peak(self) -> None:
        self.peak = Load(*map(max, self.peak, self._allocated()))

    def _note_history(self) -> None:
        alive, _ = self._alive()
        self.history.note(self.commits, alive.views, self.reclaimer.waiting.views, self._allocated().bytes)

    # Section: reading

    def settle(self) -> None:
        """The grace period ends: everything that waits is freed."""
        self._note_history()
        self.reclaimer.grace()
        self._note_history()

    def waiting(self) -> Load:
        """What is released and not yet freed."""
        return self.reclaimer.waiting

    def metrics(self) -> dict[str, int]:
        """Every count of this rule set now, by metric name."""
        alive, nodes_allocated = self._alive()
        now, ever = self._allocated(), self.ever
        created = ever.views + ever.given_up
        return {
            "address_spaces": len(self.spaces),
            "flatviews.alive": alive.views,
            "flatviews.empty": alive.empty,
            "flatviews.created": created,
            "flatviews.freed": self.reclaimer.freed,
            "flatviews.allocated": created - self.reclaimer.freed,
            "flatviews.peak": self.peak.views,
            "dispatches.alive": alive.dispatches,
            "dispatches.created": ever.dispatches,
            "flat_ranges": alive.ranges,
            "sections": alive.sections,
            "nodes": alive.nodes,
            "nodes.allocated": nodes_allocated,
            "subpages": alive.subpages,
            "flat_ranges.ever": ever.inserted,
            "sections.ever": ever.sections,
            "nodes.ever": ever.nodes,
            "subpages.ever": ever.subpages,
            "commits": self.commits,
            "modelled.bytes": now.bytes,
            "modelled.bytes.peak": self.peak.bytes,
            "modelled.resident": now.resident,
            "modelled.resident.peak": self.peak.resident,
        }

    def _alive(self) -> tuple[Share, int]:
        """The views that some space uses, and the nodes allocated in them."""
        alive, nodes = self._totals, self._nodes_allocated
        for entry in self._idle:
            alive = alive.less(entry.share)
            nodes -= entry.share.dispatches * self._allocation(entry, entry)
        dummies, per_space = self.policies.dummies, int(self.policies.dispatch_per_space)
        on_empty = [entry for entry in (self._table.get(None),) if entry is not None and entry.spaces]
        if self._empty_view is not None and (on_empty or alive.given_up):
            one = 1 - per_space
            alive = alive.plus(Share(views=1, empty=1, dispatches=one, sections=one * dummies))
        firsts = self._first_views.views
        alive = alive.plus(
            Share(views=firsts, empty=firsts, dispatches=firsts * per_space, sections=firsts * per_space * dummies)
        )
        return alive, nodes

    def view(self, space: AddressSpace) -> FlatView | None:
        """The living view of `space`, built the first time it is looked at; None for a space without one.

        It shows the tree as it stands: inside a transaction it may be ahead of what QEMU's would show.
        """
        entry = self.spaces[space]
        if entry is None:
            return None
        policies = self.policies
        key: Holder = space if policies.sharing.private else entry
        if entry.key is not None and policies.empty_given_up and not entry.figures.ranges:
            key = self._entry(None)
        view = self._views.get(key)
        if view is None:
            capacity = self._allocation(self._holder(space, entry), entry)
            view = self._views[key] = self._build(entry, capacity)
        return view

    def views(self) -> list[FlatView]:
        """The distinct living views, in the order of the spaces that use them."""
        distinct = {id(view): view for view in map(self.view, self.spaces) if view is not None}
        return list(distinct.values())

    def _build(self, entry: Entry, capacity: int) -> FlatView:
        ranges = tuple(
            FlatRange(
                piece.region, piece.offset, piece.start, piece.end - piece.start,
                piece.readonly, piece.nonvolatile, piece.unmergeable, piece.region.romd_mode,
            )
            for piece in self.policies.merge.merge(render(entry.key))
        )  # fmt: skip
        dispatch = build_dispatch(
            ranges, self.figuring.pages,
            dummies=self.policies.dummies, capacity=capacity, level_skipping=self.policies.level_skipping,
        )  # fmt: skip
        given_up = self.policies.empty_given_up and not ranges
        return FlatView(None if given_up else entry.key, ranges, dispatch)
