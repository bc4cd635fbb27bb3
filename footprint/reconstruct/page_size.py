"""The page size of a captured machine's target, from its dispatch trees (docs/qemu-memory.md, "Page bits")."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from footprint.memory.radix import NODE_BYTES, Pages, PhysPageMap, measure, registrations
from footprint.qemu.capture import Capture
from footprint.qemu.dispatch import DispatchText
from footprint.qemu.flat import ViewText

BITS = (12, 10, 13, 14, 8, 16, 9, 11, 15)
"""Page sizes to try, those of QEMU's targets first."""

TARGET_BITS = {
    "aarch64": 10, "arm": 10, "alpha": 13, "avr": 8, "cris": 13, "hexagon": 16, "loongarch64": 14,
    "or1k": 13, "sparc64": 13, "tricore": 14,
}  # fmt: skip
"""Where no tree tells: the usual of the target, 12 for all others (the newer arm boards have 12, too)."""

_MOST_NODES = (64 << 20) // NODE_BYTES


class PageGuess(NamedTuple):
    """The pages, and a sentence about how sure that is (None where the text proves it)."""

    pages: Pages
    guess: str | None


def page_size(capture: Capture) -> PageGuess:
    """The page size with which QEMU's own ranges give QEMU's own sections and nodes."""
    views = [view for view in capture.flat.views if view.dispatch is not None and view.ranges]
    usual = TARGET_BITS.get(capture.target or "", 12)
    order = sorted(BITS, key=lambda bits: bits != usual)
    candidates = list(order)
    for view in sorted(views, key=lambda view: -len(view.ranges)):
        fitting = [bits for bits in candidates if _fits(view, Pages(bits))]
        candidates = fitting or candidates
        if len(candidates) == 1:
            return PageGuess(Pages(candidates[0]), None)
    if not views:
        return PageGuess(Pages(usual), f"pages of {1 << usual} bytes, as is usual for the target")
    if len(candidates) == len(order):
        return PageGuess(Pages(usual), f"pages of {1 << usual} bytes, although they do not fit the printed trees")
    size = 1 << candidates[0]
    return PageGuess(Pages(candidates[0]), f"pages of {size} bytes; others would give the same trees")


def _fits(view: ViewText, pages: Pages) -> bool:
    """Whether the ranges of `view` enter a tree with such pages as its dispatch is printed."""
    dispatch = view.dispatch
    assert dispatch is not None, "only views with a dispatch are tried"
    if dispatch.levels != pages.levels:
        return False
    ranges = [(item.start, item.end + 1) for item in view.ranges]
    if any(start >= end for start, end in ranges) or any(left[1] > right[0] for left, right in pairwise(ranges)):
        return False
    shape = measure(ranges, pages)
    if shape.nodes != len(dispatch.nodes) or shape.sections != len(dispatch.sections) - dispatch.dummies:
        return False
    return shape.nodes <= _MOST_NODES and _grows_alike(ranges, dispatch, pages, shape.nodes)


def _grows_alike(ranges: list[tuple[int, int]], dispatch: DispatchText, pages: Pages, nodes: int) -> bool:
    """Whether the sections' places and the tree are those printed."""
    import numpy as np

    tree = PhysPageMap(pages, nodes)
    places: list[int] = [0] * dispatch.dummies
    open_page = -1
    for start, end in ranges:
        for piece in registrations(start, end, pages.size):
            first = piece.start >> pages.bits
            if not piece.subpage:
                tree.set_pages(first, (piece.end - piece.start) >> pages.bits, len(places))
            elif first != open_page:
                open_page = first
                tree.set_pages(first, 1, len(places))
                places.append(first << pages.bits)
            places.append(piece.start)
    tree.compact()
    return (
        places == [section.start for section in dispatch.sections]
        and (tree.skip, tree.ptr) == (dispatch.skip, dispatch.ptr)
        and bool(np.array_equal(tree.nodes[: tree.used], dispatch.table()))
    )
