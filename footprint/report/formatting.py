"""Figures and lists as people read them on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from footprint.recording.metrics import unit_of
from footprint.recording.model import Number, Recording, Run
from footprint.units import bytes_text, count_text

NOTHING = "–"
WHAT_IF = ","
"""What the name of a rule set has that no QEMU was: ``v7.2.0,empty_view=off``."""
_NARROW = "\N{NARROW NO-BREAK SPACE}"
_IN_A_FIGURE = re.compile(r"(?<=\d) (?=\d{3}\b|(?:[KMGTPE]i)?B\b|[nµm]?s\b|%|times\b)")
"""A blank between groups of three digits, or before what is counted: bytes, seconds, per cent, times."""


def count(n: float) -> str:
    """`n` in groups of three digits that no line break parts."""
    return count_text(n).replace(" ", _NARROW)


def size(n: float) -> str:
    """`n` bytes with a binary unit, in one piece."""
    return bytes_text(n).replace(" ", _NARROW)


def unbroken(sentence: str) -> str:
    """`sentence` with its figures, ``280 379`` and ``13.3 GiB``, in one piece each."""
    return _IN_A_FIGURE.sub(_NARROW, sentence)


def figure(name: str, n: Number | None) -> str:
    """The value `n` of the metric `name` with its unit where that is bytes or seconds."""
    if n is None:
        return NOTHING
    unit = unit_of(name)
    if unit == "bytes":
        return size(n)
    return f"{n:.3g}{_NARROW}s" if unit == "seconds" else count(n)


def percent(part: float, whole: float) -> str:
    """`part` of `whole` in per cent; nothing of nothing is no figure."""
    return f"{100 * part / whole:.1f}{_NARROW}%" if whole else NOTHING


def signed(name: str, n: float) -> str:
    """A difference with its sign."""
    return ("+" if n > 0 else "−" if n < 0 else "±") + figure(name, abs(n))


def listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def names_of(rules: Sequence[str], among: Sequence[str]) -> str:
    """Rule sets that come out alike, as one name: ``v2.11.0 to v8.2.0`` where they are neighbours `among` all."""
    names = sorted(dict.fromkeys(rules), key=among.index)
    if len(names) == 1:
        return names[0]
    places = sorted(among.index(name) for name in names)
    if places == list(range(places[0], places[-1] + 1)):
        return f"{names[0]} to {names[-1]}"
    return f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} and {len(names) - 1} like it"


def plural(n: int, singular: str) -> str:
    """``1 view``, ``2 views``."""
    return f"{count(n)} {singular if n == 1 else singular + 's'}"


def breadth(text: str) -> float:
    """The room that `text` takes, in digits: a guess that is seldom too small, in any usual font."""
    return sum(1.8 if east_asian_width(letter) in "WF" else 1.6 if letter in "mwMW@%…" else 1 for letter in text)


def cut(text: str, most: float = 20) -> str:
    """`text` as a picture has room for it; its table has all of it."""
    if len(text) <= most and breadth(text) <= most:
        return text
    text = text[: max(int(most), 0)]
    return f"{text[: next((n for n in range(len(text), 0, -1) if breadth(text[:n]) <= most - 1.6), 0)]}…"


def value(run: Run, name: str, mark: str | None = None) -> Number | None:
    """The metric `name` of `run` at `mark`, by default where a run is judged; None if it was not read."""
    sample = run.sample(mark)
    return sample.metrics.get(name) if sample else None


def judged_at(recording: Recording) -> str:
    """Where its figures were read unless a mark is named: ``at “booted”``; empty where nothing was."""
    marks = dict.fromkeys(sample.mark for run in recording.runs if (sample := run.sample()) is not None)
    return f"at {listed(f'“{mark}”' for mark in marks)}" if marks else ""


def has_course(recording: Recording) -> bool:
    """Whether the recording tells what happened; of a captured machine it only tells what exists."""
    return any(value(run, "flatviews.created") is not None for run in recording.runs) or not any(
        value(run, "flatviews.alive") is not None for run in recording.runs
    )
