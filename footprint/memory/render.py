"""Rendering: from a tree of regions to the ranges that a view of it shows.

See docs/qemu-memory.md, "Rendering", "Merging".

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

from bisect import bisect_left
from collections.abc import Iterator, Sequence
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
    if known is not None:
        return known
    if all(shown.flat is not None for shown in _shown(region)):
        flat = region.flat = _overlay(region)
        return flat
    for group in _groups(region):
        if len(group) == 1 and group[0] not in _shown(group[0]):
            group[0].flat = _overlay(group[0])
        else:
            # Some boards show a region in a window of itself, elsewhere: only the clipping ends that.
            members = frozenset(group)
            drawn = [_Drawing(members).of(member) for member in group]
            for member, flat in zip(group, drawn, strict=True):
                member.flat = flat
    assert region.flat is not None, "the last group holds the region itself"
    return region.flat


MOST_PIECES = 1 << 18
"""Pieces that one region may show; QEMU aborts long before, at 2**16 sections."""
DEEPEST_WINDOW = 100
"""How often a region may show itself within itself."""
MOST_DRAWINGS = 20_000


def _shown(region: MemoryRegion) -> list[MemoryRegion]:
    """What `region` shows directly."""
    target = region.alias
    if target is not None:
        return [target] if target.enabled else []
    return [child for child in region.subregions if child.enabled]


def _groups(root: MemoryRegion) -> Iterator[list[MemoryRegion]]:
    """Regions below `root` that are not rendered, those that others need first (Tarjan's walk).

    A group of several, or one that shows itself, is a cycle. No recursion: chains may be long.
    """
    number: dict[MemoryRegion, int] = {root: 0}
    lowest: dict[MemoryRegion, int] = {root: 0}
    open_: dict[MemoryRegion, None] = {root: None}
    path = [(root, iter(_shown(root)))]
    while path:
        region, rest = path[-1]
        for shown in rest:
            if shown.flat is not None:
                continue
            if shown not in number:
                number[shown] = lowest[shown] = len(number)
                open_[shown] = None
                path.append((shown, iter(_shown(shown))))
                break
            if shown in open_:
                lowest[region] = min(lowest[region], number[shown])
        else:
            path.pop()
            if path:
                above = path[-1][0]
                lowest[above] = min(lowest[above], lowest[region])
            if lowest[region] == number[region]:
                group: list[MemoryRegion] = []
                while not group or group[-1] is not region:
                    group.append(open_.popitem()[0])
                yield group


def _overlay(region: MemoryRegion) -> Flat:
    """What `region` shows, from what the regions in it show."""
    target = region.alias
    if target is not None:
        flat = _window(flatten(target), 0, region.size, -region.alias_offset) if target.enabled else ()
    else:
        canvas: list[Piece] | None = None
        flat = ()
        for child in region.subregions:
            if child.enabled:
                below = _window(flatten(child), 0, region.size, child.addr)
                if not flat:
                    flat = below
                elif below:
                    canvas = canvas or list(flat)
                    _lay(canvas, below, region)
        if region.terminates and region.size:
            own = (Piece(0, region.size, region, 0, False, False, False),)
            if flat:
                canvas = canvas or list(flat)
                _lay(canvas, own, region)
            else:
                flat = own
        if canvas is not None:
            flat = tuple(canvas)
    return _marked(flat, region)


def _marked(flat: Flat, region: MemoryRegion) -> Flat:
    """`flat` with the flags that `region` gives to everything below it."""
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


class _Drawing:
    """Draws a region that shows itself as QEMU does: from the top, clipped at every step."""

    def __init__(self, members: frozenset[MemoryRegion]) -> None:
        self.members = members
        self.count = 0

    def of(self, region: MemoryRegion) -> Flat:
        """What `region` shows in its own coordinates."""
        return self._draw(region, 0, 0, region.size, 0)

    def _draw(self, region: MemoryRegion, base: int, low: int, high: int, depth: int) -> Flat:
        """What `region`, with its offset 0 at `base`, shows in [low, high)."""
        low, high = max(low, base), min(high, base + region.size)
        if low >= high:
            return ()
        if region not in self.members:
            return _window(flatten(region), low, high, base)
        self.count += 1
        if depth > DEEPEST_WINDOW or self.count > MOST_DRAWINGS:
            raise TopologyError(f"memory region {region.name!r} shows itself, through an alias, without an end")
        canvas: list[Piece] = []
        if region.alias is not None:
            if region.alias.enabled:
                canvas += self._draw(region.alias, base - region.alias_offset, low, high, depth + 1)
        else:
            for child in region.subregions:
                if child.enabled:
                    _lay(canvas, self._draw(child, base + child.addr, low, high, depth + 1), region)
            if region.terminates:
                _lay(canvas, (Piece(low, high, region, low - base, False, False, False),), region)
        return _marked(tuple(canvas), region)


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


def _lay(top: list[Piece], below: Flat, region: MemoryRegion) -> None:
    """Put the pieces of `below` into the gaps of `top`. Both ascend and do not overlap themselves."""
    if not below:
        return
    if not top or below[0].start >= top[-1].end:
        top.extend(below)
    elif 20 * len(below) > len(top):
        top[:] = _interleaved(top, below)
    else:
        for piece in below:
            # A tuple of one is less than any piece that starts there.
            first = bisect_left(top, (piece.start,))
            first -= first > 0 and top[first - 1].end > piece.start
            last = bisect_left(top, (piece.end,))
            top[first:last] = _interleaved(top[first:last], (piece,))
    if len(top) > MOST_PIECES:
        raise TopologyError(f"memory region {region.name!r} shows more than {MOST_PIECES} pieces")


def _interleaved(top: Sequence[Piece], below: Sequence[Piece]) -> list[Piece]:
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
    return result


def _part(piece: Piece, start: int, end: int) -> Piece:
    if start == piece.start and end == piece.end:
        return piece
    return piece._replace(start=start, end=end, offset=piece.offset + start - piece.start)
