"""The map curve: what the n-th map of an engine costs, and by which law that grows."""

from __future__ import annotations

from footprint.recording.model import Recording, Run, Sample
from footprint.report.canvas import COLUMN, WIDTH
from footprint.report.formatting import count, listed, size
from footprint.report.log_log import GrowthLine, log_log
from footprint.report.section import Exhibit, Picture, Section, Table, TableColumn

_SCALE = {"unicorn.map.seconds": 1e6}
"""Drawn in microseconds: a logarithmic scale begins at 1."""
TIME, ALL, BYTES = "unicorn.map.seconds", "unicorn.maps.seconds", "unicorn.maps.bytes"


def map_curve(recording: Recording) -> Section | None:
    """The section; None where no engine mapped anything."""
    runs = [run for run in recording.runs if _points(run)]
    if not runs:
        return None
    run = runs[0]
    pictures = (
        _picture(run, TIME, "Time of the n-th map", "The median around it. Both scales are logarithmic."),
        _picture(run, BYTES, "Memory that all maps up to it took", "Resident, of one engine."),
    )
    return Section("The n-th map", "map-curve", _lead(run), (Exhibit(pictures, tables=(_table(run),)),))


def _points(run: Run) -> list[Sample]:
    return [sample for sample in run.samples if sample.mark == "mapped" and TIME in sample.metrics]


def _lead(run: Run) -> str:
    last = run.samples[-1].metrics
    said = "Every map makes the engine draw and sort all of its memory again, so each costs more than the one before."
    if "unicorn.exponent" in last:
        said += (
            f" The time of the n-th map grows as n to the {last['unicorn.exponent']:.2f} (95 % interval "
            f"{last['unicorn.exponent.low']:.2f} to {last['unicorn.exponent.high']:.2f})."
        )
    if "unicorn.leak.bytes" in last:
        said += f" Every engine that is dropped leaves {size(last['unicorn.leak.bytes'])} of C heap behind."
    return said


def _picture(run: Run, name: str, title: str, note: str) -> Picture:
    points = [
        (float(sample.cycle), sample.metrics[name] * _SCALE.get(name, 1))
        for sample in _points(run)
        if sample.metrics[name] > 0
    ]
    said = listed(f"n = {count(n)}: {_words(name, value / _SCALE.get(name, 1))}" for n, value in points)
    line = GrowthLine(run.rules, tuple(points), tuple(points))

    def draw(width: float) -> str:
        return log_log(
            [line],
            f"{title}. {said}.",
            "map",
            lambda value: _words(name, value / _SCALE.get(name, 1)),
            base=32 if name == BYTES else 10,
            width=width,
        )

    return Picture(title, draw(WIDTH), note, draw(COLUMN), draw=draw)


def _words(name: str, value: float) -> str:
    return size(value) if name == BYTES else f"{count(round(1e6 * value))}\N{NARROW NO-BREAK SPACE}µs"


def _table(run: Run) -> Table:
    rows = tuple(
        (
            count(sample.cycle),
            _words(TIME, sample.metrics[TIME]),
            f"{1000 * sample.metrics[ALL]:.1f} ms",
            _words(BYTES, sample.metrics[BYTES]),
        )
        for sample in _points(run)
    )
    heads = ("n", "the n-th map", "all maps up to it", "memory of all")
    return Table("The curve", tuple(TableColumn(head, number=True) for head in heads), rows, folded=False)
