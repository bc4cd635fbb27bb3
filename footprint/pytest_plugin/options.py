"""How a test wants to be measured: the arguments of the marker and of the fixture, checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from footprint.errors import RequestError, UnknownNameError
from footprint.leaks.measure import Options
from footprint.leaks.plan import Plan

NAMES = ("cycles", "metrics", "seconds")


def of_marker(mark: pytest.Mark) -> Options:
    """What the marker asks for; raises RequestError with one sentence."""
    if mark.args:
        raise RequestError(f"{mark.name} takes its arguments by name: {', '.join(f'{name}=' for name in NAMES)}")
    for name in mark.kwargs:
        if name not in NAMES:
            raise UnknownNameError(f"argument of {mark.name}", name, NAMES)
    return options(**mark.kwargs)


def options(cycles: int | None = None, metrics: str | Iterable[str] | None = None, seconds: float = 60) -> Options:
    """Options for `cycles` in all, `metrics` (names, or one text with commas) and `seconds`; raises RequestError."""
    if cycles is not None and (not isinstance(cycles, int) or isinstance(cycles, bool)):
        raise RequestError(f"cycles={cycles!r} is not a whole number")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds >= 1:
        raise RequestError(f"seconds={seconds!r} is not a number from 1")
    try:
        return Options(Plan(cycles, _names(metrics)), seconds).checked()
    except RequestError as error:
        raise RequestError(str(error).removeprefix("--")) from None


def _names(metrics: Any) -> tuple[str, ...] | None:
    if metrics is None:
        return None
    if isinstance(metrics, str):
        metrics = [name.strip() for name in metrics.split(",") if name.strip()]
    if not isinstance(metrics, Iterable) or not (names := tuple(metrics)):
        raise RequestError(f"metrics={metrics!r} names no metric")
    return names
