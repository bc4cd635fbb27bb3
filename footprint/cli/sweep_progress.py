"""How far a sweep is: a bar on a terminal, a line a minute in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from footprint.cli.terminal import note

if TYPE_CHECKING:
    from footprint.sweep.conduct import Listener, Standing
    from footprint.sweep.plan import SweepPlan

LOG_EVERY = 60.0
"""Seconds between two lines in a log."""


@contextmanager
def following(plan: SweepPlan, folder: Path) -> Iterator[Listener]:
    """What is to be called with a sweep's standing; Ctrl-C is told with what is kept."""
    last: list[Standing] = []
    shown = _bar if sys.stderr.isatty() else _log
    try:
        with shown(plan) as show:

            def tell(standing: Standing) -> None:
                last[:] = [standing]
                show(standing)

            yield tell
    except KeyboardInterrupt:
        done = last[0].done if last else 0
        note(f"{done} of {plan.points} points are kept in {folder}; the same command with --resume plays the rest")
        raise


@contextmanager
def _bar(plan: SweepPlan) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    clock = Clock()
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task(plan.name, total=plan.points, words="")

        def show(standing: Standing) -> None:
            progress.update(task, completed=standing.done + standing.failed, words=words(standing, clock))

        yield show


@contextmanager
def _log(plan: SweepPlan) -> Iterator[Listener]:
    clock, told = Clock(), [time.monotonic()]

    def show(standing: Standing) -> None:
        if time.monotonic() - told[0] >= LOG_EVERY:
            told[0] = time.monotonic()
            note(f"{plan.name}: {words(standing, clock)}")

    yield show


class Clock:
    """How long the rest will take, if it goes on as it went so far."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def left(self, standing: Standing) -> float | None:
        """Seconds; None before the first point."""
        ended = standing.done - standing.reused + standing.failed
        rest = standing.total - standing.done - standing.failed
        return (time.monotonic() - self._started) / ended * rest if ended else None


def words(standing: Standing, clock: Clock) -> str:
    """``12 of 500 done, 2 running, 0 failed, 3 min left``; or which machine --find tries."""
    if standing.looking:
        return f"looking for the largest machine: {standing.looking}"
    left = clock.left(standing)
    rest = "" if left is None else f", {duration(left)} left"
    return f"{standing.done} of {standing.total} done, {standing.running} running, {standing.failed} failed{rest}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
