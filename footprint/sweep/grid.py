"""The grid: which values each axis has, and which of their combinations are played."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import RequestError

FILE, QEMU = "file", "qemu"
"""Axes that are no parameters: the captures to play, and the QEMU binaries to run."""
MOST_VALUES = 100_000
MOST_POINTS = 1_000_000
_RANGE = re.compile(r"(\d+)\.\.(\d+)(?:\*(\d+))?")


@dataclass(frozen=True, slots=True)
class Axis:
    """A name, and its values as they were written."""

    name: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Axis:
        """``nics=16,32,64``, ``nics=1..255``, ``nics=16..4096*2``; raises RequestError.

        Files may be named by a pattern.
        """
        name, equals, listed = text.partition("=")
        if not equals or not name or not listed:
            raise RequestError(f"-g {text!r} is not NAME=V1,V2,…, as in -g nics=16,32,64 or -g nics=16..4096*2")
        values = [value for word in listed.split(",") for value in _values(name, word.strip(), text)]
        twice = next((value for value in values if values.count(value) > 1), None) if len(values) < 1000 else None
        if twice is not None:
            raise RequestError(f"-g {name}: {twice!r} is there twice")
        return cls(name, tuple(values))


def _values(name: str, word: str, text: str) -> Sequence[str]:
    if not word:
        raise RequestError(f"-g {text!r} has an empty value")
    if name in (FILE, QEMU):
        if not any(letter in word for letter in "*?["):
            return [word]
        path = Path(word)
        matches = sorted(map(str, Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))))
        if not matches:
            raise RequestError(f"-g {name}: no file matches {word!r}")
        return matches
    matched = _RANGE.fullmatch(word)
    if matched is None:
        return [word]
    first, last, factor = int(matched[1]), int(matched[2]), int(matched[3] or 0)
    if first > last or factor == 1 or (factor and not first):
        raise RequestError(f"-g {name}: {word!r} is no range; valid: FIRST..LAST and FIRST..LAST*FACTOR, upwards")
    if not factor:
        if last - first >= MOST_VALUES:
            raise RequestError(f"-g {name}: {word!r} has more than {MOST_VALUES} values")
        return [str(n) for n in range(first, last + 1)]
    steps = range(int(math.log(last / first, factor) + 1e-9) + 1)
    return [str(first * factor**step) for step in steps]


def axes_of(texts: Sequence[str]) -> tuple[Axis, ...]:
    """The axes that ``-g`` names; raises RequestError, also for one that is named twice."""
    axes = tuple(map(Axis.parse, texts))
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise RequestError(f"-g {name} is given twice; one axis has all its values: -g {name}=V1,V2,…")
    return axes


def combinations(
    axes: Sequence[Axis], *, zipped: bool = False, sample: int | None = None, seed: int = 0
) -> Iterator[Mapping[str, str]]:
    """What is played: every combination, in step (`zipped`), or a random `sample`, the same for the same `seed`.

    Raises RequestError for axes in step that are not equally long, and for more points than anybody waits for.
    """
    lengths = {axis.name: len(axis.values) for axis in axes}
    if zipped:
        if len(set(lengths.values())) > 1:
            counted = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise RequestError(f"--zip goes through all axes in step, so they need equally many values: {counted}")
        chosen: Sequence[int] = range(next(iter(lengths.values()), 1))
        return ({axis.name: axis.values[n] for axis in axes} for n in chosen)
    total = math.prod(lengths.values())
    chosen = range(total)
    if sample is not None and sample < total:
        chosen = sorted(random.Random(seed).sample(chosen, sample))
    if len(chosen) > MOST_POINTS:
        raise RequestError(f"the grid has {total} machines, at most {MOST_POINTS} are played; --sample N takes some")
    return (_combination(axes, number) for number in chosen)


def _combination(axes: Sequence[Axis], number: int) -> Mapping[str, str]:
    """The combination of that number; the last axis runs fastest."""
    values: dict[str, str] = {}
    for axis in reversed(axes):
        number, place = divmod(number, len(axis.values))
        values[axis.name] = axis.values[place]
    return {axis.name: values[axis.name] for axis in axes}
