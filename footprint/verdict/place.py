"""Where a part of what leaks is left, and how that reads: places, and the explanation that is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from footprint.units import count_text

SHOWN_FRAMES = 5
ADDED, SMALLEST = 1.05, 32
"""What malloc may make of the size of a block: times, and bytes."""
NEAR, LEFT_OUT = "~", "…"
"""Before the name of a frame that is only the nearest one that its file names; and what stands for such frames."""
MOST = 12
"""Places of a kind that are told."""


class PlaceKind(StrEnum):
    """What names a place: who made what is left, who holds it, or what it is."""

    STACK = "stack"
    """The lines of Python that made it."""
    NATIVE = "native"
    """The functions of C that made it."""
    HOLDER = "holder"
    """The container that grows."""
    TYPE = "type"
    """The class of which there are more and more."""
    FILE = "file"
    THREAD = "thread"
    CHILD = "child"
    MAPPING = "mapping"
    SPACE = "space"
    """An address space of a modelled machine."""
    OBJECT = "object"
    """An object of QEMU's, by its type, with its reference count."""
    CRASH = "crash"
    """The stack on which the target died."""
    REMAINS = "remains"
    """What is left when the machine is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place, with the `metrics` whose growth it explains.

    Each cycle leaves `amount` there, in words; `rate` is the same as a number of `unit`, `size` in bytes as far as it
    is known. `where` is what the place is called, `frames` the stack that leads to it, innermost first.
    """

    kind: PlaceKind
    where: str = ""
    metrics: tuple[str, ...] = ()
    amount: str = ""
    rate: float = 0.0
    unit: str = ""
    size: float = 0.0
    frames: tuple[str, ...] = ()

    @property
    def amount_text(self) -> str:
        """What one cycle leaves: ``1 block, 16 B a cycle``; empty where that is told elsewhere."""
        return f"{self.amount} a cycle" if self.amount else ""

    @property
    def where_text(self) -> str:
        """What it is called, and the first frames that lead to it; the last is the target's own line.

        Of much that C did, what Python called there is told, too, and the line that called it.
        """
        every = _telling(self.frames)
        frames = every[:SHOWN_FRAMES]
        if every[SHOWN_FRAMES:] and _is_python(every[-1]):
            caller, last = next(n for n, frame in enumerate(every) if _is_python(frame)), len(every) - 1
            shown = [caller - 1, last] if caller > SHOWN_FRAMES else [last]
            first = [*range(SHOWN_FRAMES - len(shown))]
            numbers = sorted({*first, *shown, *([caller] if caller >= len(first) else [])})
            frames = [
                every[number] if number - before == 1 else f"{LEFT_OUT} {every[number]}"
                for before, number in pairwise((-1, *numbers))
            ]
        return "  ".join(part for part in (self.where, " ← ".join(frames)) if part)

    @property
    def text(self) -> str:
        """Both in one line."""
        return "  ".join(part for part in (self.amount_text, self.where_text) if part)

    def also_explaining(self, metric: str) -> Place:
        """The same for one more metric."""
        return replace(self, metrics=(*self.metrics, metric))

    def document(self) -> dict[str, Any]:
        """As ``leaks --json`` has it."""
        return {
            "metrics": list(self.metrics),
            "kind": self.kind,
            "text": self.text,
            "per_cycle": exact(self.rate),
            "unit": self.unit,
            "frames": list(self.frames),
            "bytes": exact(self.size),
        }

    def called_from(self, line: Place) -> Place:
        """The same with the lines of Python that led to it, where its own frames have none."""
        if any(map(_is_python, self.frames)):
            return self
        return replace(self, where=self.where if self.frames else line.where, frames=(*self.frames, *line.frames))

    def shared_by(self, lines: Sequence[Place]) -> list[Place]:
        """A native place that several lines of Python led to: one place for each, with its share of the bytes.

        Where the native stack says nothing, the lines say it all.
        """
        if not self.frames:
            return [replace(line, metrics=self.metrics) for line in lines]
        every = sum(line.size for line in lines)
        sizes = [(line, self.size * line.size / every) for line in lines]
        return [
            replace(self.called_from(line), amount=f"{figure(size)} B", rate=size, unit="B", size=size)
            for line, size in sizes
        ]

    def to_pipe(self) -> dict[str, Any]:
        """Its fields, as JSON can carry them."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_pipe(cls, fields: Mapping[str, Any]) -> Place:
        """From `to_pipe`."""
        sequences = {name: tuple(fields[name]) for name in ("metrics", "frames")}
        return cls(**{**fields, **sequences, "kind": PlaceKind(fields["kind"])})


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where what leaks is left: `places`, the largest first.

    `rates` are exact figures per cycle that only a tracer knows (``heap.blocks``). `filling` says which cache holds
    all that grows and is not full yet; then it is no leak, or not one yet. `hints` say what would tell more.
    `untraced` are bytes of heap per cycle that no place explains; `lines` those of Python at which they are taken.
    """

    places: tuple[Place, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    filling: str = ""
    hints: tuple[str, ...] = ()
    untraced: float = 0.0
    lines: tuple[Place, ...] = ()

    def with_native(self, places: Sequence[Place], blocks: float) -> Explanation:
        """The same with native places that explain all that was untraced, `blocks` per cycle in all.

        The lines took the same bytes: a line of which it is open which of them, is told without an amount.
        """
        rates = {**self.rates, "heap.blocks": blocks} if blocks == int(blocks) else self.rates
        told = [(place, self._line_of(place)) for place in places]
        of_places = {line for _, line in told if line is not None}
        lines = [line for line in self.lines if line not in of_places]
        alone = [place for place, line in told if line is None]
        shares = alone
        if lines and len(alone) == 1 and not any(map(_is_python, alone[0].frames)):
            shares, lines = alone[0].shared_by(lines), []
        called = [place.called_from(line) for place, line in told if line is not None]
        silent = [replace(line, amount="", rate=0.0, size=0.0) for line in lines]
        return replace(self, places=(*called, *shares, *silent, *self.places), rates=rates, untraced=0.0, lines=())

    def _line_of(self, place: Place) -> Place | None:
        """The line that led to a native place: the only one, or the only one at which about as many bytes are taken.

        A stack that says nothing is that of all that the interpreter takes: it may be more than the only line's.
        """
        if len(self.lines) == 1:
            (line,) = self.lines
            return line if place.frames or place.size <= ADDED * line.size + SMALLEST else None
        alike = [line for line in self.lines if place.size <= line.size <= ADDED * place.size + SMALLEST]
        return alike[0] if len(alike) == 1 else None

    def with_lines(self) -> Explanation:
        """The same with the lines among its places, where nothing is known but them."""
        return replace(self, places=(*self.lines, *self.places), lines=())

    def with_hints(self, *hints: str) -> Explanation:
        """The same with more hints."""
        return replace(self, hints=(*self.hints, *hints))

    def of_metric(self, metric: str) -> tuple[Place, ...]:
        """The places that explain `metric`."""
        return tuple(place for place in self.places if metric in place.metrics)

    def to_pipe(self) -> dict[str, Any]:
        """Its fields, as JSON can carry them."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, **{name: [place.to_pipe() for place in getattr(self, name)] for name in ("places", "lines")}}

    @classmethod
    def from_pipe(cls, fields: Mapping[str, Any]) -> Explanation:
        """From `to_pipe`."""
        places = {name: tuple(map(Place.from_pipe, fields[name])) for name in ("places", "lines")}
        return cls(**{**fields, **places, "hints": tuple(fields["hints"])})


def _is_python(frame: str) -> bool:
    return ".py:" in frame


def _telling(frames: Sequence[str]) -> list[str]:
    """The frames that have names of their own, and the innermost; others are told as left out."""
    shown: list[str] = []
    for number, frame in enumerate(frames):
        if not number or not frame.startswith(NEAR):
            shown.append(frame)
        elif shown[-1] != LEFT_OUT:
            shown.append(LEFT_OUT)
    return shown


def largest(places: Iterable[Place]) -> list[Place]:
    """The largest first, and no more than are worth a look."""
    return sorted(places, key=lambda place: (-exact(place.size), -exact(place.rate), place.text))[:MOST]


def counted(number: float, one: str, many: str = "") -> str:
    """``1 block``, ``12 blocks``, ``0.02 blocks``."""
    return f"{figure(number)} {one if number == 1 else many or one + 's'}"


def figure(number: float) -> str:
    """Grouped by plain spaces; of what is no whole number three digits, or all before the point."""
    value = exact(number)
    return count_text(round(value)) if value == int(value) or value >= 999.5 else f"{value:.3g}"


def exact(number: float) -> float:
    """Without what only division has put behind the point."""
    return round(number) if abs(number - round(number)) < 1e-6 else round(number, 4)
