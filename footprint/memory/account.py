"""The memory account of one rule set: what was ever made for views, and what of it is allocated.

Everything made is alive, or waits for the grace period (footprint.memory.reclaimer), or is freed. Beside
the views of the table there are the one empty view, which is held for ever, and the empty first views
that a new space gets under old rules, before its first commit.
"""

from __future__ import annotations

from footprint.memory.node_allocations import NodeArrays
from footprint.memory.policies import Policies
from footprint.memory.radix import Pages
from footprint.memory.reclaimer import NO_MEMORY, MemoryUse, Reclaimer
from footprint.memory.rules import StructSizes
from footprint.memory.tallies import EMPTY, NO_OBJECTS, ObjectCounts, bytes_by_kind, object_counts

_NO_NODES = NodeArrays(0, 0)


class MemoryAccount:
    """Counts and weighs what is made and released, by the C structures of `layout`.

    `ever`: all objects ever made, `nodes_ever`: the radix nodes allocated for them. `peak`: the most
    allocated at one time.
    """

    def __init__(self, policies: Policies, layout: StructSizes, pages: Pages) -> None:
        self.ever = NO_OBJECTS
        self.nodes_ever = 0
        self.peak = NO_MEMORY
        self.reclaimer = Reclaimer()
        self._layout = layout
        self._pages = pages
        self._dummies = policies.dummies
        self._dispatch_per_space = policies.dispatch_per_space
        self._current = NO_MEMORY
        self._first_views = NO_MEMORY
        self._kept = NO_MEMORY
        self._empty_view: MemoryUse | None = None
        self._regenerated: tuple[ObjectCounts, NodeArrays, MemoryUse] | None = None

    def bytes_of(self, objects: ObjectCounts, nodes: int) -> dict[str, int]:
        """What `objects`, with that many radix nodes allocated, take in the C program, in bytes by kind."""
        return bytes_by_kind(objects, nodes, self._layout, self._pages)

    @property
    def allocated(self) -> MemoryUse:
        """Everything created and not yet freed."""
        allocated = self.reclaimer.waiting.plus(self._current)
        for rare in (self._first_views, self._kept, self._empty_view or NO_MEMORY):
            if rare is not NO_MEMORY:
                allocated = allocated.plus(rare)
        return allocated

    def note_peak(self) -> None:
        """Remember the most that was allocated at one time."""
        peak, now = self.peak, self.allocated
        if now.bytes > peak.bytes or now.resident > peak.resident or now.views > peak.views:
            self.peak = MemoryUse(*map(max, peak, now))

    @property
    def holds_empty_view(self) -> bool:
        """Whether the one empty view was made."""
        return self._empty_view is not None

    # Section: a view that only a reader holds

    def weight(self, objects: ObjectCounts, arrays: NodeArrays) -> MemoryUse:
        """What `objects` weigh, with their node arrays."""
        weight = sum(self.bytes_of(objects, arrays.nodes).values())
        return MemoryUse(objects.views, weight, weight - arrays.untouched)

    def keep(self, load: MemoryUse) -> None:
        """`load` stays allocated because a reader holds it; NO_MEMORY when it is let go."""
        self._kept = load

    # Section: views of the table

    def make(self, objects: ObjectCounts, arrays: NodeArrays) -> None:
        """Between commits `objects` are made, beside those that are there."""
        self._count(objects, arrays.nodes)
        self._current = self._current.plus(self.weight(objects, arrays))
        self._give_up(objects.given_up)

    def release(self, objects: ObjectCounts, arrays: NodeArrays) -> None:
        """Between commits `objects` are released."""
        weight = self.weight(objects, arrays)
        self._current = self._current.less(weight)
        self.reclaimer.retire(weight)

    def release_all(self) -> None:
        """A commit begins: all views but the one empty view are released."""
        self.reclaimer.retire(self._current)
        if self._first_views is not NO_MEMORY:
            self.reclaimer.retire(self._first_views)
        self._current = self._first_views = NO_MEMORY

    def make_all(self, objects: ObjectCounts, arrays: NodeArrays) -> None:
        """A commit has made `objects`, which are all that there are."""
        known = self._regenerated
        # Most commits make what the one before made.
        if known is None or known[0] is not objects or known[1] is not arrays:
            known = self._regenerated = objects, arrays, self.weight(objects, arrays)
        self._current = known[2]
        self._count(objects, arrays.nodes)
        self._give_up(objects.given_up)

    # Section: views without ranges

    def make_first_view(self) -> ObjectCounts:
        """A new space gets an empty view, until its first commit; gives what was made."""
        made = self._empty(int(self._dispatch_per_space))
        self._first_views = self._first_views.plus(self._make_empty(made))
        return made

    def release_first_view(self, count: int) -> None:
        """A space is gone before its first commit, one of `count` with a first view."""
        weight = self._first_views.one_of(count)
        self._first_views = self._first_views.less(weight)
        self.reclaimer.retire(weight)

    def hold_empty_view(self) -> ObjectCounts | None:
        """The one empty view, rendered once in the life of the process; gives what was made the first time."""
        if self._empty_view is not None:
            return None
        made = self._empty(int(not self._dispatch_per_space))
        self._empty_view = self._make_empty(made)
        return made

    def empty_views_alive(self, *, used: bool) -> ObjectCounts:
        """First views, and the one empty view if it was made and is `used`."""
        count = self._first_views.views
        alive = self._empty(count * self._dispatch_per_space, views=count)
        if used and self._empty_view is not None:
            alive = alive.plus(self._empty(int(not self._dispatch_per_space)))
        return alive

    def _empty(self, dispatches: int, views: int = 1) -> ObjectCounts:
        return object_counts(EMPTY, views, dispatches, dummies=self._dummies)

    def _make_empty(self, objects: ObjectCounts) -> MemoryUse:
        self._count(objects, 0)
        return self.weight(objects, _NO_NODES)

    def _give_up(self, count: int) -> None:
        """Views rendered, found empty and given up: the first becomes the empty view, the others wait."""
        if not count:
            return
        bare = self._layout.flatview
        if self._empty_view is None:
            count -= 1
            dispatch = self._make_empty(self._empty(int(not self._dispatch_per_space), views=0))
            self._empty_view = MemoryUse(1, bare, bare).plus(dispatch)
        self.reclaimer.retire(MemoryUse(count, count * bare, count * bare))

    def _count(self, objects: ObjectCounts, nodes: int) -> None:
        self.ever = self.ever.plus(objects)
        self.nodes_ever += nodes
