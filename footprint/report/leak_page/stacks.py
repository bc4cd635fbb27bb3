"""Where a leak comes from: its stacks as an icicle, and every place in a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from footprint.report.canvas import SERIES
from footprint.report.formatting import NOTHING, plural
from footprint.report.icicle import Slice
from footprint.report.leak_page.readings import amount
from footprint.report.section import Table, TableColumn
from footprint.verdict.place import LEFT_OUT, Place, PlaceKind

MADE_BY = (PlaceKind.STACK, PlaceKind.NATIVE)
"""Kinds of places that say who made what is left; the others say what it is, or who holds it."""
KIND_WORDS = {
    PlaceKind.STACK: "made by Python",
    PlaceKind.NATIVE: "made by C",
    PlaceKind.HOLDER: "held by",
    PlaceKind.TYPE: "objects of a type",
    PlaceKind.OBJECT: "object of QEMU's",
    PlaceKind.SPACE: "address space",
    PlaceKind.REMAINS: "left at the end",
}
_OUTER, _INNER = 4, 9
"""Frames of a deep stack that are drawn, and told: the outermost and the innermost."""


def unique(places: Iterable[Place]) -> list[Place]:
    """The places, each once, in their order."""
    return list({place.text: place for place in places}.values())


@dataclass(slots=True)
class _Frame:
    """A frame of merged stacks, with what is left below it and the frames that it called."""

    size: float = 0.0
    callees: dict[str, _Frame] = field(default_factory=dict)


def stacks(places: Sequence[Place]) -> Slice | None:
    """The stacks of `places` as one, the outermost frame on top; None where no place has one.

    Widths are bytes a cycle where every stack has them, else what is counted.
    """
    made = [place for place in places if place.kind in MADE_BY and (place.frames or place.where)]
    if not made:
        return None
    in_bytes = all(place.size > 0 for place in made)
    root = _Frame()
    for place in made:
        weight = (place.size if in_bytes else place.rate) or 1.0
        path = [*reversed(place.frames), *([place.where] if place.where else [])]
        _add(root, _shortened(path), weight)
    return _slice("a cycle", root, in_bytes=in_bytes, colour="--line")


def _shortened(path: Sequence[str]) -> list[str]:
    """The outermost and the innermost frames, from outermost to innermost, and a sign for those between."""
    if len(path) <= _OUTER + _INNER:
        return list(path)
    return [*path[:_OUTER], LEFT_OUT, *path[-_INNER:]]


def _add(root: _Frame, path: Sequence[str], weight: float) -> None:
    root.size += weight
    at = root
    for name in path:
        at = at.callees.setdefault(name, _Frame())
        at.size += weight


def _slice(name: str, frame: _Frame, *, in_bytes: bool, colour: str = "") -> Slice:
    words = amount("heap.bytes", frame.size) if in_bytes else amount("", frame.size)
    top = not name or colour == "--line"
    parts = tuple(
        _slice(callee, below, in_bytes=in_bytes, colour=SERIES[n % len(SERIES)] if top else "")
        for n, (callee, below) in enumerate(sorted(frame.callees.items(), key=lambda item: -item[1].size))
    )
    return Slice(name, frame.size, words, parts, colour)


def places_table(places: Sequence[Place]) -> Table:
    """Every place, the largest first."""
    rows = tuple(
        (
            KIND_WORDS.get(place.kind, place.kind.value),
            place.amount_text or NOTHING,
            place.where or (place.frames[0] if place.frames else NOTHING),
            " ← ".join(reversed(_shortened(place.frames[::-1]))) or NOTHING,
            ", ".join(place.metrics) or NOTHING,
        )
        for place in places
    )
    columns = tuple(
        TableColumn(label) for label in ("kind", "a cycle", "what", "from where, innermost first", "explains")
    )
    return Table(f"{plural(len(places), 'place')}, the largest first", columns, rows, folded=False)
