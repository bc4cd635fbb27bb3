"""FlatView, and the dispatch that finds the section of an address: what is alive at a mark.

The views that QEMU throws away at every commit are never built (footprint.memory.ledger counts them).
These are: with real lists, and with the radix tree as a numpy table of QEMU's own layout.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from footprint.errors import TopologyError
from footprint.memory.radix import Pages, PhysPageMap, registrations
from footprint.memory.region import FULL, MemoryRegion
from footprint.memory.render import FlatRange, MergeRule, render

MOST_SECTIONS = 1 << 16
"""Section numbers have 16 bits; QEMU asserts even that there are fewer than a page has bytes."""


@dataclass(slots=True, eq=False)
class Subpage:
    """A page that several sections share: `table` has a section number of 16 bits for each byte of it."""

    base: int
    table: array[int]


@dataclass(slots=True, eq=False)
class MemoryRegionSection:
    """[start, start + size) of a view, shown by `region` from `offset` on; a subpage has no region."""

    region: MemoryRegion | None
    start: int
    size: int
    offset: int = 0
    readonly: bool = False
    nonvolatile: bool = False
    subpage: Subpage | None = None

    def covers(self, address: int) -> bool:
        """Whether `address` lies in the section; one of 2**64 bytes covers everything."""
        return self.size >= FULL or self.start <= address < self.start + self.size


@dataclass(slots=True, eq=False)
class AddressSpaceDispatch:
    """Sections (the dummies first) and the tree that leads to them.

    `map` is None where there is no node at all: in the dispatch of a view without ranges.
    """

    pages: Pages
    sections: list[MemoryRegionSection]
    map: PhysPageMap | None = None

    def find(self, address: int, *, resolve_subpage: bool = True) -> MemoryRegionSection:
        """The section that `address` belongs to; section 0, unassigned, where nothing answers."""
        if self.map is None:
            return self.sections[0]
        number, _ = self.map.find(address >> self.pages.bits)
        section = self.sections[number]
        if not section.covers(address):
            return self.sections[0]
        if section.subpage is not None and resolve_subpage:
            return self.sections[section.subpage.table[address & (self.pages.size - 1)]]
        return section


@dataclass(slots=True, eq=False)
class FlatView:
    """What an address space shows. `root` is the region it was rendered from, None for the empty view.

    `dispatch` is None for a view that has none (the first view of a space before v2.11.0).
    """

    root: MemoryRegion | None
    ranges: tuple[FlatRange, ...] = ()
    dispatch: AddressSpaceDispatch | None = field(default=None)


def build_view(
    key: MemoryRegion | None, pages: Pages, *, merge: MergeRule, dummies: int, capacity: int, level_skipping: bool
) -> FlatView:
    """The view of `key` as the tree stands, with its dispatch; `capacity` is in radix nodes."""
    ranges = tuple(
        FlatRange(
            piece.region,
            piece.offset,
            piece.start,
            piece.end - piece.start,
            piece.readonly,
            piece.nonvolatile,
            piece.unmergeable and merge.unmergeable,
            piece.region.romd_mode,
        )
        for piece in merge.merge(render(key))
    )
    dispatch = build_dispatch(ranges, pages, dummies=dummies, capacity=capacity, level_skipping=level_skipping)
    return FlatView(key, ranges, dispatch)


def build_dispatch(
    ranges: tuple[FlatRange, ...], pages: Pages, *, dummies: int, capacity: int, level_skipping: bool
) -> AddressSpaceDispatch:
    """The dispatch over `ranges`, its tree in a table of `capacity` nodes.

    A subpage's own section, without a name, comes before the section of its first piece.
    """
    sections = [MemoryRegionSection(None, 0, FULL) for _ in range(dummies)]
    dispatch = AddressSpaceDispatch(pages, sections)
    if not ranges:
        return dispatch
    tree = dispatch.map = PhysPageMap(pages, capacity)
    shared: Subpage | None = None
    for item in ranges:
        for start, end, partial in registrations(item.start, item.end, pages.size):
            first = start >> pages.bits
            if partial and (shared is None or shared.base != first << pages.bits):
                shared = Subpage(first << pages.bits, array("H", bytes(2 * pages.size)))
                tree.set_pages(first, 1, len(sections))
                sections.append(MemoryRegionSection(None, shared.base, pages.size, subpage=shared))
            number = len(sections)
            if number >= MOST_SECTIONS:
                raise TopologyError(f"a view needs more than {MOST_SECTIONS} sections, which 16 bits cannot number")
            offset = item.offset + start - item.start
            sections.append(
                MemoryRegionSection(item.region, start, end - start, offset, item.readonly, item.nonvolatile)
            )
            if partial and shared is not None:
                low = start - shared.base
                shared.table[low : low + end - start] = array("H", [number]) * (end - start)
            else:
                tree.set_pages(first, (end - start) >> pages.bits, number)
    if level_skipping:
        tree.compact()
    return dispatch
