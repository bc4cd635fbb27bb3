"""The first difference between a view that QEMU printed and one of the model, in QEMU's words."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import zip_longest

from footprint.memory.flatview import AddressSpaceDispatch, FlatView, MemoryRegionSection
from footprint.memory.radix import NIL, SKIP_BITS
from footprint.memory.region import MemoryRegion
from footprint.memory.render import FlatRange
from footprint.qemu.dispatch import DispatchText, SectionLine
from footprint.qemu.flat import FlatText, RangeLine, ViewText
from footprint.reconstruct.mtree_printer import entry_text, range_line, section_line
from footprint.reconstruct.rivals import rivals_at
from footprint.units import range_text

_MASK = (1 << 64) - 1
SIBLING_ORDER = "no order of siblings gives what was printed"
"""What differs where two parts of the text contradict each other about siblings that overlap."""

Difference = tuple[str, str, str]
"""What differs, what QEMU printed, and what the model has."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a QEMU printed.

    `region_ends`: sections end where their *region's* size ends (before 7.2). `marks_root`: sections
    of the root are marked.
    """

    region_ends: bool
    marks_root: bool

    @classmethod
    def of(cls, flat: FlatText) -> Style:
        """The style of a text."""
        longer = shorter = marks_root = False
        for view in flat.views:
            sections = view.dispatch.sections if view.dispatch else ()
            marks_root = marks_root or any(section.is_root for section in sections)
            starts = [item.start for item in view.ranges]
            for section in sections if starts else ():
                if section.name is not None:
                    # A section lies within its range. A region ends there or later, perhaps beyond 2**64.
                    end = view.ranges[max(0, bisect_right(starts, section.start) - 1)].end
                    longer = longer or section.end > end or section.end < section.start
                    shorter = shorter or section.start <= section.end < end
        return cls(longer and not shorter, marks_root)


def difference(theirs: ViewText, ours: FlatView | None, style: Style) -> Difference | None:
    """The first difference: root, ranges, sections, then the radix tree. None if there is none."""
    if ours is None:
        return "view", "a view", "no view"
    root = None if ours.root is None else ours.root.name or "(null)"
    if style_knows_root(theirs) and theirs.root != root:
        return "root memory region", theirs.root or "(none)", root or "(none)"
    return (
        _ranges(theirs, ours)
        or (_sections(theirs.dispatch, ours, style) if theirs.dispatch else None)
        or (_tree(theirs.dispatch, ours.dispatch) if theirs.dispatch and ours.dispatch else None)
    )


def style_knows_root(view: ViewText) -> bool:
    """Whether the text says which region the view was rendered from (since 2.11)."""
    return all(space.root is not None for space in view.spaces)


# Section: ranges


def _ranges(theirs: ViewText, ours: FlatView) -> Difference | None:
    for i, (line, item) in enumerate(zip_longest(theirs.ranges, ours.ranges)):
        if line is None or item is None or not _same_range(line, item):
            expected = "no more ranges" if line is None else printed_range(line)
            got = "no more ranges" if item is None else range_line(item)
            return _why(theirs, ours, i) or f"flat range {i}", expected, got
    return None


def _same_range(line: RangeLine, item: FlatRange) -> bool:
    kind = "rom" if item.readonly else item.region.kind
    theirs = "i/o" if line.kind == "container" else line.kind
    return (
        line.start == item.start
        and line.end == item.end - 1
        and line.offset == item.offset
        and line.name == (item.region.name if item.region.name is not None else "(null)")
        and line.priority == item.region.priority
        and theirs == kind
        and line.nonvolatile == item.nonvolatile
    )


def _why(theirs: ViewText, ours: FlatView, first: int) -> str | None:
    """The words for a difference, from range `first` on, that another order of siblings would take away there."""
    if ours.root is None:
        return None
    printed = {(line.start, line.end + 1): line.name for line in theirs.ranges[first : first + 2]}
    model = {(item.start, item.end): item.region.name or "" for item in ours.ranges[first : first + 2]}
    for address in sorted({edge for span in (*printed, *model) for edge in span}):
        wanted, shown = _at(address, printed), _at(address, model)
        if wanted is not None and wanted != shown:
            rivals = rivals_at(ours.root, address, wanted)
            if rivals is not None:
                return f"{SIBLING_ORDER}: {_described(rivals[0])} and {_described(rivals[1])} overlap"
    return None


def _at(address: int, ranges: dict[tuple[int, int], str]) -> str | None:
    return next((name for (start, end), name in ranges.items() if start <= address < end), None)


def _described(region: MemoryRegion) -> str:
    place = range_text(region.addr, region.addr + region.size)
    return f"{region.name!r} (prio {region.priority}) at {place}"


def printed_range(line: RangeLine) -> str:
    """A range as it was printed."""
    offset = f" @{line.offset:016x}" if line.offset else ""
    mark = "nv-" if line.nonvolatile else ""
    return f"{line.start:016x}-{line.end:016x} (prio {line.priority}, {mark}{line.kind}): {line.name}{offset}"


# Section: sections


def _sections(theirs: DispatchText, ours: FlatView, style: Style) -> Difference | None:
    sections = ours.dispatch.sections if ours.dispatch else []
    for i, (line, section) in enumerate(zip_longest(theirs.sections, sections)):
        if line is None or section is None or not _same_section(line, section, ours.root, style):
            expected = "no more sections" if line is None else _printed_section(i, line)
            got = "no more sections" if section is None else section_line(i, section, ours.root)
            return f"physical section #{i}", expected, got
    return None


def _same_section(line: SectionLine, section: MemoryRegionSection, root: MemoryRegion | None, style: Style) -> bool:
    region = section.region
    size = region.size if region is not None and style.region_ends else section.size
    return (
        line.start == section.start
        and line.end == (section.start + size - 1) & _MASK
        and line.name == (region.name if region is not None else None)
        and line.iommu == (region is not None and region.iommu)
        and (not style.marks_root or line.is_root == (region is not None and region is root))
    )


def _printed_section(number: int, line: SectionLine) -> str:
    name = "(noname)" if line.name is None else line.name
    marks = " [ROOT]" * line.is_root + " [iommu]" * line.iommu
    return f"#{number} @{line.start:016x}..{line.end:016x} {name}{marks}"


# Section: the radix tree


def _tree(theirs: DispatchText, ours: AddressSpaceDispatch) -> Difference | None:
    levels = ours.pages.levels
    if theirs.levels != levels:
        return "levels of the radix tree", str(theirs.levels), str(levels)
    tree = ours.map
    if tree is None:
        return "radix tree", f"{len(theirs.nodes)} nodes", "no tree"
    if len(theirs.nodes) != tree.used:
        return "radix nodes", str(len(theirs.nodes)), str(tree.used)
    if (theirs.skip, theirs.ptr) != (tree.skip, tree.ptr):
        return "root entry of the radix tree", _root(theirs.skip, theirs.ptr), _root(tree.skip, tree.ptr)
    import numpy as np

    printed = theirs.table()
    different = np.argwhere(printed != tree.nodes[: tree.used])
    if not len(different):
        return None
    node, index = map(int, different[0])
    expected, got = int(printed[node, index]), int(tree.nodes[node, index])
    return f"radix node [{node}], entry {index}", _entry(expected), _entry(got)


def _root(skip: int, ptr: int) -> str:
    return f"ptr=[{'NIL' if ptr == NIL else ptr}] skip={skip}"


def _entry(entry: int) -> str:
    skip, ptr = entry & (1 << SKIP_BITS) - 1, entry >> SKIP_BITS
    return f"skip={skip} ptr={entry_text(skip, ptr)}"
