"""What a place is, as it goes from the measured process to the report: one JSON object, made here only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from footprint.units import count_text

Place = dict[str, Any]
"""``metrics`` that it explains, ``kind``, ``text`` (one line), ``per_cycle`` in ``unit``, ``frames`` (innermost first),
and ``bytes`` per cycle, as far as known: the largest come first."""

OVERHEAD = 16
"""Bytes that glibc adds to a block, at most."""
STEADY = 0.5
"""Of a unit per cycle: what leaks on every path of a cycle leaves more than that."""
MOST = 12
"""Places of a kind that are told."""
SHOWN_FRAMES = 5
LEAST_LUMPS = 3
"""Of what came in the second reading only: fewer say nothing about a cycle."""


class Growth:
    """Numbers by key, read three times: at the start, after n cycles, and after 2n more."""

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles
        self._read: list[Mapping[Any, float]] = []

    def add(self, numbers: Mapping[Any, float]) -> None:
        """The next reading."""
        self._read.append(numbers)

    def of(self, key: Any) -> float:
        """What it grew by per cycle; what was made once, and not by the cycles, cancels out."""
        start, middle, end = (one.get(key, 0) for one in self._read)
        first, second = middle - start, end - middle
        if second <= 0:
            return 0.0
        if first > 0:
            if second <= first:  # as much in n cycles as in 2n: it came with the reading
                return 0.0
            rate = (second - first) / self._cycles
            return rate if rate == int(rate) else second / (2 * self._cycles)
        return (end - start) / (3 * self._cycles) if second >= LEAST_LUMPS else 0.0

    def grown(self) -> dict[Any, float]:
        """All that grew."""
        return {key: rate for key in self._read[-1] if (rate := self.of(key)) > 0}


def place(
    kind: str, metrics: Iterable[str], amount: str, where: str, per_cycle: float, unit: str, *,
    size: float = 0.0, frames: Sequence[str] = (),
) -> Place:  # fmt: skip
    """A place; its text is what one cycle leaves, and where, two spaces apart."""
    return {
        "metrics": list(metrics),
        "kind": kind,
        "text": f"{amount} a cycle  {where}",
        "per_cycle": exact(per_cycle),
        "unit": unit,
        "frames": list(frames),
        "bytes": exact(size),
    }


def counted(number: float, one: str, many: str = "") -> str:
    """``1 block``, ``12 blocks``, ``0.02 blocks``."""
    return f"{figure(number)} {one if number == 1 else many or one + 's'}"


def figure(number: float) -> str:
    """Grouped by plain spaces; of what is no whole number three digits."""
    value = exact(number)
    return count_text(value) if value == int(value) or value >= 1000 else f"{value:.3g}"


def exact(number: float) -> float:
    """Without what only division has put behind the point."""
    return round(number) if abs(number - round(number)) < 1e-6 else round(number, 4)


def arrows(frames: Sequence[str]) -> str:
    """The first frames, the innermost before its callers."""
    return " ← ".join(frames[:SHOWN_FRAMES])


def largest(places: Iterable[Place]) -> list[Place]:
    """The largest first, and no more than are worth a look."""
    return sorted(places, key=lambda one: (-one["bytes"], -one["per_cycle"], one["text"]))[:MOST]


Run = Callable[[int], object]
"""Runs so many cycles, and collects."""
