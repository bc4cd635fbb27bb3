"""Rendering: from a tree of regions to the ranges that a view of it shows (FACTS §2, §3).

QEMU draws a whole tree into one list, root first, and the first drawn wins. Here every region keeps
what it shows *in its own coordinates* (`MemoryRegion.flat`), and a container is the overlay of its
children's. The result is the same, inserted piece by inserted piece, because a piece is a maximal gap
between what was drawn before it, whichever way one walks; but after a change only the regions above
the change are overlaid again.

The unmerged pieces matter: QEMU sizes its range array by them. Merging is a second step.

All positions are half-open and unbounded integers. An alias shifts its target to negative positions
when it shows the target from an offset; they are clipped away before anyone sees them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from footprint.errors import TopologyError
from footprint.memory.region import FULL, MemoryRegion


class Piece(NamedTuple):
    """A stretch [start, end) of one region as first drawn; flags are those of the whole path to it."""

    start: int
    end: int
    region: MemoryRegion
    offset: int
    readonly: bool
    nonvolatile: bool
    unmergeable: bool


Flat = tuple[Piece, ...]


@dataclass(slots=True, frozen=True)
class FlatRange:
    """A merged range of a view: [start, start + size) shows `region` from `offset` on."""

    region: MemoryRegion
    offset: int
    start: int
    size: int
    readonly: bool = False
    nonvolatile: bool = False
    unmergeable: bool = False
    romd_mode: bool = True

    @property
    def end(self) -> int:
        """The first address after the range."""
        return self.start + self.size


@dataclass(slots=True, frozen=True)
class MergeRule:
    """When two neighbours become one range.

    `nonvolatile`: the flags must agree, since QEMU commit c26763f8ec
    ("memory: learn about non-volatile memory region") (in v3.1.0).
    `unmergeable`: a range so marked stays alone, since QEMU commit 533f5d6679
    ("memory,vhost: Allow for marking memory device memory regions unmergeable") (in v8.2.0).
    """

    nonvolatile: bool = True
    unmergeable: bool = True

    def joins(self, left: Piece, right: Piece) -> bool:
        """Whether `right` continues `left`: same region, no gap in address or offset, same flags."""
        if left.end != right.start or left.region is not right.region:
            return False
        reach = left.offset + left.end - left.start
        if reach != right.offset or reach >= FULL or left.readonly != right.readonly:
            return False
        if self.nonvolatile and left.nonvolatile != right.nonvolatile:
            return False
        return not (self.unmergeable and (left.unmergeable or right.unmergeable))

    def merge(self, pieces: Sequence[Piece]) -> Flat:
        """`pieces` (ascending) with every run of joining neighbours made one, greedily from the left."""
        merged: list[Piece] = []
        for piece in pieces:
            if merged and self.joins(merged[-1], piece):
                merged[-1] = merged[-1]._replace(end=piece.end)
            else:
                merged.append(piece)
        return tuple(merged)


def render(root: MemoryRegion | None) -> Flat:
    """What a view of `root` shows, unmerged, ascending, within [0, 2**64).

    The root is drawn at its own `addr`, as QEMU does, even when it is placed in some container.
    Raises TopologyError when a region shows itself.
    """
    if root is None or not root.enabled:
        return ()
    return _window(flatten(root), 0, FULL, root.addr)


def flatten(region: MemoryRegion) -> Flat:
    """What `region` shows in its own coordinates, [0, size), whether it is enabled or not."""
    known: Flat | None = region.flat
    if known is _UNDER_WAY:
        raise TopologyError(f"memory region {region.name!r} shows itself through an alias or a child")
    if known is None:
        region.flat = _UNDER_WAY
        try:
            known = _flatten(region)
        finally:
            region.flat = known
    return known


_UNDER_WAY: Flat = (Piece(0, 0, MemoryRegion("under way", 0), 0, False, False, False),)
"""Marks a region whose pieces are being computed; meeting it again means a cycle."""


def _flatten(region: MemoryRegion) -> Flat:
    target = region.alias
    if target is not None:
        shown = flatten(target) if target.enabled else ()
        flat = _window(shown, 0, region.size, -region.alias_offset)
    else:
        flat = ()
        for child in region.subregions:
            if child.enabled:
                below = _window(flatten(child), 0, region.size, child.addr)
                flat = _underlay(flat, below) if flat else below
        if region.terminates and region.size:
            own = (Piece(0, region.size, region, 0, False, False, False),)
            flat = _underlay(flat, own) if flat else own
    if region.readonly or region.nonvolatile or region.unmergeable:
        return tuple(
            piece._replace(
                readonly=piece.readonly or region.readonly,
                nonvolatile=piece.nonvolatile or region.nonvolatile,
                unmergeable=piece.unmergeable or region.unmergeable,
            )
            for piece in flat
        )
    return flat


def _window(flat: Flat, low: int, high: int, shift: int) -> Flat:
    """`flat` moved by `shift`, cut to [low, high)."""
    if not flat:
        return flat
    if shift == 0 and flat[0].start >= low and flat[-1].end <= high:
        return flat
    cut = []
    for start, end, region, offset, *flags in flat:
        start += shift
        end += shift
        first = start if start > low else low
        last = end if end < high else high
        if first < last:
            cut.append(Piece(first, last, region, offset + first - start, *flags))
    return tuple(cut)


def _underlay(top: Flat, below: Flat) -> Flat:
    """`top` with the pieces of `below` put into its gaps. Both ascend and do not overlap themselves."""
    if top and below and below[0].start >= top[-1].end:
        return top + below
    result: list[Piece] = []
    i, count, covered = 0, len(top), 0
    for piece in below:
        position = piece.start if piece.start > covered else covered
        while i < count and top[i].end <= position:
            result.append(top[i])
            i += 1
        while i < count and top[i].start < piece.end:
            over = top[i]
            if position < over.start:
                result.append(_part(piece, position, over.start))
            result.append(over)
            position = covered = over.end
            i += 1
        if position < piece.end:
            result.append(_part(piece, position, piece.end))
    result.extend(top[i:])
    return tuple(result)


def _part(piece: Piece, start: int, end: int) -> Piece:
    if start == piece.start and end == piece.end:
        return piece
    return piece._replace(start=start, end=end, offset=piece.offset + start - piece.start)
