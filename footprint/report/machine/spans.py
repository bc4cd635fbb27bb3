"""What a view shows, as numbers: its ranges, and bands of them that a picture has room for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from footprint.recording.model import View
from footprint.report.formatting import size

WHOLE = 1 << 64
_LONGEST = 60
_FEW = 2
"""So many neighbours are drawn one by one: folding them would save nothing."""
_TINY = (0, 1 << 8, 1 << 12, 1 << 16, 1 << 20, 1 << 24, 1 << 32, WHOLE)
"""What is tiny depends on how much there is to draw: each of these is tried in turn."""
NARROW = "\N{NARROW NO-BREAK SPACE}"
"""Stands between the groups of an address."""


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) shows the region `name` from `offset` on."""

    start: int
    end: int
    name: str
    kind: str
    offset: int

    @property
    def size(self) -> int:
        """How many addresses it covers."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbours of one kind, drawn as one; most often a single span."""

    spans: tuple[Span, ...]

    @property
    def start(self) -> int:
        """Where the first span starts."""
        return self.spans[0].start

    @property
    def end(self) -> int:
        """Where the last span ends."""
        return self.spans[-1].end


def short(name: str) -> str:
    """A name of a bounded length: a page has room for many, but not for one without end."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def spans(view: View) -> tuple[Span, ...]:
    """The recorded ranges of `view` in ascending order, without those that are no ranges."""
    shown = []
    for line in view.ranges:
        try:
            start, end, offset = (int(text, 16) for text in (line.start, line.end, line.offset))
        except ValueError:
            continue
        if 0 <= start < end <= WHOLE:
            shown.append(Span(start, end, short(line.name), line.kind.removeprefix("nv-")[:12], offset))
    return tuple(sorted(shown, key=lambda span: (span.start, span.end)))


def bands(every: Sequence[Span], most: int) -> tuple[Band, ...]:
    """`every` span in its band, with tiny neighbours folded until there are `most` bands and gaps, if they can be."""
    folded: tuple[Band, ...] = ()
    for tiny in _TINY:
        folded = _folded(every, tiny)
        gaps = sum(band.end < above.start for band, above in pairwise(folded))
        if len(folded) + gaps <= most:
            break
    return folded


def _folded(every: Sequence[Span], tiny: int) -> tuple[Band, ...]:
    """Runs of spans of one kind, none larger than `tiny` and no further apart."""
    number, numbers = 0, []
    for before, span in pairwise((None, *every)):
        joined = (
            before is not None
            and span is not None
            and before.kind == span.kind
            and max(before.size, span.size, span.start - before.end) <= tiny
        )
        number += not joined
        numbers.append(number)
    runs = [tuple(every[n] for n in run) for _, run in groupby(range(len(every)), key=numbers.__getitem__)]
    return tuple(band for run in runs for band in ([Band(run)] if len(run) > _FEW else [Band((span,)) for span in run]))


def extent(n: int) -> str:
    """`n` bytes with a binary unit, without decimals where it is a whole number of units."""
    unit = 1 << min(n.bit_length() - 1, 60) // 10 * 10 if n > 0 else 1
    return re.sub(r"\.0+", "", size(n)) if n % unit == 0 else size(n)


def address(n: int) -> str:
    """`n` in hex, in groups of four digits that no line break parts."""
    digits = f"{n:x}"
    first = len(digits) % 4
    groups = [digits[:first]] * bool(first) + [digits[at : at + 4] for at in range(first, len(digits), 4)]
    return "0x" + NARROW.join(groups)
