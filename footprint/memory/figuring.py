"""What a view consists of, and what it weighs, without building it."""

from __future__ import annotations

from typing import NamedTuple

from footprint.memory.radix import NOTHING, Pages, Shape, measure
from footprint.memory.region import MemoryRegion
from footprint.memory.render import Flat, MergeRule, render
from footprint.memory.rules import Layout


class Figures(NamedTuple):
    """A view of some key: ranges `inserted` before merging, `ranges` after, and its dispatch's `shape`."""

    inserted: int
    ranges: int
    shape: Shape


EMPTY = Figures(0, 0, NOTHING)


class Figuring:
    """Renders keys and measures them, remembering what has not changed; serves every ledger of a core.

    Most views look alike (255 cards have 255 equal BARs), so shapes are kept by geometry.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._shapes: dict[tuple[tuple[int, int], ...], Shape] = {}
        self._known: dict[tuple[MemoryRegion, MergeRule], tuple[Flat, Figures]] = {}

    def figures(self, key: MemoryRegion | None, merge: MergeRule) -> Figures:
        """What a view of `key` consists of as the tree stands now; the empty view's for None."""
        flat = render(key)
        if key is None or not flat:
            return EMPTY
        known = self._known.get((key, merge))
        if known is not None and known[0] is flat:
            return known[1]
        geometry = tuple([(piece.start, piece.end) for piece in merge.merge(flat)])
        shape = self._shapes.get(geometry)
        if shape is None:
            shape = self._shapes[geometry] = measure(geometry, self.pages)
        figures = Figures(len(flat), len(geometry), shape)
        self._known[key, merge] = (flat, figures)
        return figures


class Share(NamedTuple):
    """What regenerating some views makes: how many of each thing, and their bytes without radix nodes.

    (How many nodes are allocated depends on the reserve, not on the view alone.) `empty`: views without
    ranges. `given_up`: views that were rendered, found empty and given up for the one empty view.
    """

    views: int = 0
    dispatches: int = 0
    inserted: int = 0
    ranges: int = 0
    sections: int = 0
    nodes: int = 0
    subpages: int = 0
    empty: int = 0
    given_up: int = 0
    bytes: int = 0

    def plus(self, other: Share) -> Share:
        """Both together."""
        return Share(*[a + b for a, b in zip(self, other, strict=True)])

    def less(self, other: Share) -> Share:
        """This without `other`."""
        return Share(*[a - b for a, b in zip(self, other, strict=True)])


NO_SHARE = Share()


def share_of(figures: Figures, views: int, dispatches: int, *, dummies: int, layout: Layout, pages: Pages) -> Share:
    """`views` views of these figures, with `dispatches` dispatches of `dummies` dummy sections each."""
    shape = figures.shape
    each_view = layout.flatview + grown(figures.inserted, 10) * layout.flat_range
    each_dispatch = layout.dispatch + grown(dummies + shape.sections, 16) * layout.section
    each_dispatch += shape.subpages * (layout.subpage_head + 2 * pages.size)
    return Share(
        views=views,
        dispatches=dispatches,
        inserted=views * figures.inserted,
        ranges=views * figures.ranges,
        sections=dispatches * (dummies + shape.sections),
        nodes=dispatches * shape.nodes,
        subpages=dispatches * shape.subpages,
        empty=0 if figures.ranges else views,
        bytes=views * each_view + dispatches * each_dispatch,
    )


def grown(used: int, least: int) -> int:
    """Capacity of an array that starts at `least` and doubles: 0 for nothing used."""
    capacity = least if used else 0
    while capacity < used:
        capacity *= 2
    return capacity
