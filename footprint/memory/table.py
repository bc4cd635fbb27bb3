"""The view table: which key each space leads to, and the totals of one regeneration of every view.

QEMU makes a new table at each commit. This one is brought up to date instead, entry by entry, so that
its totals are always those of what the next commit would make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from footprint.errors import TopologyError
from footprint.memory.policies import Policies
from footprint.memory.radix import Shape
from footprint.memory.region import MemoryRegion
from footprint.memory.roots import is_vacant
from footprint.memory.space import AddressSpace
from footprint.memory.tallies import NO_OBJECTS, Figures, ObjectCounts, ViewMeasurer, object_counts


@dataclass(slots=True, eq=False)
class Entry:
    """A view of the table, rendered from `key`; None is the key of the one empty view.

    `identity` is what spaces share it by, `spaces` are those that use it.
    """

    key: MemoryRegion | None
    identity: Hashable
    figures: Figures
    spaces: dict[AddressSpace, None] = field(default_factory=dict)
    share: ObjectCounts = NO_OBJECTS


Holder = Entry | AddressSpace
"""Whose view or dispatch it is: the entry's where it is shared, the space's where each has its own."""


class ViewTable:
    """Entries by key. `totals` and `shapes` (how many dispatches of each shape) are of all of them.

    `idle` entries have no space left: the table keeps their view until the next commit.
    """

    def __init__(self, policies: Policies, measurer: ViewMeasurer) -> None:
        self.policies = policies
        self.measurer = measurer
        self.totals = NO_OBJECTS
        self.shapes: Counter[Shape] = Counter()
        self.changes = 0
        self.idle: dict[Entry, None] = {}
        self._entries: dict[Hashable, Entry] = {}
        self._rendered: dict[MemoryRegion | None, Entry] = {}

    def key(self, root: MemoryRegion) -> MemoryRegion | None:
        """The key of a space on `root`, as the tree stands."""
        if self.policies.empty_held and is_vacant(root):
            return None
        return self.policies.sharing.key(root)

    def known(self, key: MemoryRegion | None) -> Entry | None:
        """The entry that renders `key`, if there is one."""
        return self._rendered.get(key)

    def entry(self, key: MemoryRegion | None) -> Entry:
        """The entry for spaces that lead to `key`, made when there is none."""
        identity = None if key is None else self.policies.sharing.identity(key)
        entry = self._entries.get(identity)
        if entry is None:
            figures = self.measurer.figures(key, self.policies.merge)
            self._refuse_too_many(key, figures)
            entry = self._entries[identity] = self._rendered[key] = Entry(key, identity, figures)
        return entry

    def up_to_date(self, entry: Entry) -> Entry:
        """`entry`, or one beside it until the next commit, if its key shows something else by now.

        In the midst of a transaction a new view shows the tree as it is; those that are there do not.
        """
        figures = self.measurer.figures(entry.key, self.policies.merge)
        if entry.key is None or figures == entry.figures:
            return entry
        return Entry(entry.key, object(), figures)

    def holder(self, space: AddressSpace, entry: Entry) -> Holder:
        """Whose the dispatch of `space` is."""
        return space if self.policies.sharing.private or self.policies.dispatch_per_space else entry

    def join(self, space: AddressSpace, entry: Entry) -> None:
        """`space` uses the view of `entry`."""
        entry.spaces[space] = None
        self._reshare(entry)

    def leave(self, space: AddressSpace, entry: Entry) -> None:
        """`space` no longer uses the view of `entry`."""
        del entry.spaces[space]
        self._reshare(entry)

    def refigure(self, entry: Entry) -> None:
        """Render and measure `entry` again, as the tree stands."""
        if entry.identity is not entry.key:
            self._represent(entry)
        figures = self.measurer.figures(entry.key, self.policies.merge)
        self._refuse_too_many(entry.key, figures)
        if figures != entry.figures:
            self._exchange(entry, self._share(entry, figures), figures)

    def _represent(self, entry: Entry) -> None:
        """Render `entry` from a key that still has its identity: what it was made from may have changed."""
        for space in entry.spaces:
            key = self.policies.sharing.key(space.root)
            if self.policies.sharing.identity(key) == entry.identity:
                self._rendered.pop(entry.key, None)
                entry.key = key
                self._rendered[key] = entry
                return

    def drop_idle(self) -> None:
        """A new table has only keys that some space leads to."""
        for entry in self.idle:
            self._exchange(entry, NO_OBJECTS, entry.figures)
            if self._entries.get(entry.identity) is entry:
                del self._entries[entry.identity]
            if self._rendered.get(entry.key) is entry:
                del self._rendered[entry.key]
            self.measurer.forget(entry.key, self.policies.merge)
        self.idle.clear()

    def _refuse_too_many(self, key: MemoryRegion | None, figures: Figures) -> None:
        """QEMU keeps a section's number in the bits below a page, and aborts when they do not suffice."""
        sections, most = self.policies.dummies + figures.shape.sections, self.measurer.pages.size
        if key is not None and sections > most:
            raise TopologyError(
                f"the view of {key.name!r} has {sections} sections; QEMU aborts with more than {most}, "
                f"the bytes in a page of this target"
            )

    def _reshare(self, entry: Entry) -> None:
        if entry.spaces:
            self.idle.pop(entry, None)
        else:
            self.idle[entry] = None
        self._exchange(entry, self._share(entry, entry.figures), entry.figures)

    def _exchange(self, entry: Entry, share: ObjectCounts, figures: Figures) -> None:
        """`entry` has these `figures` and this `share` from now on."""
        old, old_shape, shape = entry.share, entry.figures.shape, figures.shape
        entry.figures = figures
        if share == old and shape == old_shape:
            return
        entry.share = share
        self.totals = self.totals.exchanged(old, share)
        self._count_shape(old_shape, -old.dispatches)
        self._count_shape(shape, share.dispatches)
        self.changes += 1

    def _count_shape(self, shape: Shape, more: int) -> None:
        count = self.shapes[shape] + more
        if count:
            self.shapes[shape] = count
        else:
            self.shapes.pop(shape, None)

    def _share(self, entry: Entry, figures: Figures) -> ObjectCounts:
        """What a regeneration makes for `entry` with these `figures`. The table holds a shared view, used or not."""
        policies, count = self.policies, len(entry.spaces)
        views = count if policies.sharing.private else 1
        given_up = 0
        if entry.key is None:
            views = 0
        elif policies.empty_given_up and not figures.ranges:
            views, given_up = 0, views
        dispatches = count if policies.dispatch_per_space else views
        share = object_counts(figures, views, dispatches, dummies=policies.dummies)
        return share._replace(given_up=given_up) if given_up else share
