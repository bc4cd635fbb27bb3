"""What a view consists of, and what it weighs, without building it."""

from __future__ import annotations

from dataclasses import replace
from operator import add, sub
from typing import NamedTuple

from footprint.memory.radix import NOTHING, Pages, Shape, measure
from footprint.memory.region import MemoryRegion
from footprint.memory.render import Flat, MergeRule, render
from footprint.memory.rules import StructSizes


class Figures(NamedTuple):
    """A view of some key: ranges `inserted` before merging, `ranges` after, and its dispatch's `shape`."""

    inserted: int
    ranges: int
    shape: Shape


EMPTY = Figures(0, 0, NOTHING)


class ViewMeasurer:
    """Renders keys and measures them, remembering what has not changed; serves every ledger of a core.

    Most views look alike (255 cards have 255 equal BARs), so shapes are kept by geometry.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._shapes: dict[tuple[tuple[int, int], ...], Shape] = {}
        self._known: dict[tuple[MemoryRegion, MergeRule], tuple[Flat, Figures]] = {}
        self._of_width = {pages.level_bits: self}

    def of_width(self, level_bits: int) -> ViewMeasurer:
        """The measurer of the same core for trees with 2**level_bits entries in a node."""
        if level_bits not in self._of_width:
            measurer = self._of_width[level_bits] = ViewMeasurer(replace(self.pages, level_bits=level_bits))
            measurer._of_width = self._of_width
        return self._of_width[level_bits]

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

    def forget(self, key: MemoryRegion | None, merge: MergeRule) -> None:
        """Drop what is kept of a key that nobody uses any more."""
        if key is not None:
            self._known.pop((key, merge), None)


class ObjectCounts(NamedTuple):
    """What regenerating some views makes: how many of each thing.

    `range_slots` and `section_slots` are what their arrays have room for. Radix nodes allocated are not
    here: how many depends on the reserve, not on the view alone. `empty`: views without ranges.
    `given_up`: views that were rendered, found empty and given up for the one empty view.
    """

    views: int = 0
    dispatches: int = 0
    inserted: int = 0
    range_slots: int = 0
    ranges: int = 0
    sections: int = 0
    section_slots: int = 0
    nodes: int = 0
    subpages: int = 0
    empty: int = 0
    given_up: int = 0

    def plus(self, other: ObjectCounts) -> ObjectCounts:
        """Both together."""
        return ObjectCounts._make(map(add, self, other))

    def exchanged(self, old: ObjectCounts, new: ObjectCounts) -> ObjectCounts:
        """This with `new` for `old`, which is part of it."""
        return ObjectCounts._make(map(add, map(sub, self, old), new))

    def less(self, other: ObjectCounts) -> ObjectCounts:
        """This without `other`."""
        return ObjectCounts._make(map(sub, self, other))


NO_OBJECTS = ObjectCounts()


def object_counts(figures: Figures, views: int, dispatches: int, *, dummies: int) -> ObjectCounts:
    """`views` views of these figures, with `dispatches` dispatches of `dummies` dummy sections each."""
    shape = figures.shape
    sections = dummies + shape.sections
    return ObjectCounts(
        views=views,
        dispatches=dispatches,
        inserted=views * figures.inserted,
        range_slots=views * grown(figures.inserted, 10),
        ranges=views * figures.ranges,
        sections=dispatches * sections,
        section_slots=dispatches * grown(sections, 16),
        nodes=dispatches * shape.nodes,
        subpages=dispatches * shape.subpages,
        empty=0 if figures.ranges else views,
    )


def bytes_by_kind(made: ObjectCounts, nodes_allocated: int, layout: StructSizes, pages: Pages) -> dict[str, int]:
    """What the C program allocates for `made`, with that many radix nodes, by kind (footprint.byte_kinds)."""
    return {
        "nodes": nodes_allocated * pages.node_bytes,
        "sections": made.section_slots * layout.section,
        "flat_ranges": made.range_slots * layout.flat_range,
        "flatviews": made.views * layout.flatview,
        "dispatches": made.dispatches * layout.dispatch,
        "subpages": made.subpages * (layout.subpage_head + 2 * pages.size),
    }


def grown(used: int, least: int) -> int:
    """Capacity of an array that starts at `least` and doubles: 0 for nothing used."""
    capacity = least if used else 0
    while capacity < used:
        capacity *= 2
    return capacity
