"""Leaks: what is left when the machine is gone, and what grows from cycle to cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from footprint.recording.metrics import METRICS
from footprint.recording.model import Number, Recording, Run, Sample
from footprint.report.section import Column, Exhibit, Section, Table
from footprint.report.words import count, figure, listed, plural, signed, size, value

_OF_THE_EMPTY_VIEW = {"flatviews.allocated", "modelled.bytes", "modelled.resident"}
"""What one view, that no address space uses, can be seen in."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What `rules` left at ``destroyed``: every count of what exists that is not 0.

    `empty_view`: it is the one empty view, which QEMU makes once and never frees, and nothing else.
    """

    rules: str
    left: tuple[tuple[str, Number], ...]
    empty_view: bool

    @property
    def leaked(self) -> bool:
        """Something is left that QEMU would have freed."""
        return bool(self.left) and not self.empty_view


def remains(run: Run) -> Remains | None:
    """What `run` left; None if it was not destroyed, or its counts were not read."""
    sample = run.sample("destroyed")
    if sample is None or not any(name in sample.metrics for name in _gauges()):
        return None
    left = tuple((name, n) for name in _gauges() if (n := sample.metrics.get(name, 0)))
    has_one = run.features.get("empty_view") in ("on", "posted") and dict(left).get("flatviews.allocated") == 1
    return Remains(run.rules, left, has_one and {name for name, _ in left} <= _OF_THE_EMPTY_VIEW)


def leaks(recording: Recording) -> Section | None:
    """The section; None if nothing was destroyed and no mark came twice."""
    found = [one for run in recording.runs if (one := remains(run))]
    growing = tuple(row for run in recording.runs for row in _growth(run))
    cycled = any(_cycled(run) for run in recording.runs)
    if not found and not cycled:
        return None
    said = [*_of_remains(found), *_of_arrays(recording), *_of_growth(growing, cycled)]
    tables = [*([_left(found)] if found else []), *([_grown(growing)] if growing else [])]
    return Section("Leaks", "leaks", " ".join(said), (Exhibit(tables=tuple(tables)),))


def _gauges() -> list[str]:
    return [name for name, row in METRICS.items() if row.gauge and row.kind == "modelled"]


def _of_remains(found: list[Remains]) -> Iterator[str]:
    """What is left, in sentences."""
    if not found:
        return
    leaked = [one.rules for one in found if one.leaked]
    empty = [one for one in found if one.empty_view]
    yield "After the machine was destroyed and a last grace period, "
    if leaked:
        yield f"{listed(leaked)} left something behind that should have been freed."
    elif not empty:
        yield f"nothing is left, in {plural(len(found), 'run')} of {count(len(found))}."
    else:
        yield "nothing is left" + (
            " but the one empty view." if len(found) == len(empty) else ", or only the one empty view."
        )
    if empty:
        sizes = listed(sorted({size(_bytes(one)) for one in empty}))
        yield (
            f"The empty view ({sizes} with its dispatch) is made once, shared by all spaces that show nothing, "
            f"and never freed by QEMU: it is no leak. It is all that is left in {plural(len(empty), 'run')} "
            f"of {count(len(found))}."
        )


def _of_arrays(recording: Recording) -> Iterator[str]:
    """What tracemalloc saw of the radix tables after the end, if it was asked: a witness from outside the model."""
    read = [n for run in recording.runs if (n := value(run, "traced.numpy", "destroyed")) is not None]
    if read and not any(read):
        yield f"tracemalloc agrees: no byte of array data is left, in {plural(len(read), 'run')} of {count(len(read))}."
    elif read:
        yield f"tracemalloc finds up to {size(max(read))} of array data left."


def _bytes(one: Remains) -> Number:
    return dict(one.left).get("modelled.bytes", 0)


def _left(found: list[Remains]) -> Table:
    words = ["left behind" if one.leaked else "the one empty view" if one.empty_view else "nothing" for one in found]
    rows = tuple(
        (one.rules, word, "; ".join(f"{name} {figure(name, n)}" for name, n in one.left) or "every count is 0")
        for one, word in zip(found, words, strict=True)
    )
    marks = {(n, 1): "bad" if one.leaked else "good" for n, one in enumerate(found)}
    columns = (Column("rule set"), Column("what is left"), Column("counts that are not 0"))
    return Table("What is left at the mark destroyed", columns, rows, marks, folded=False)


def _cycled(run: Run) -> list[tuple[Sample, Sample]]:
    """The first and the last sample of every mark that came in more than one cycle."""
    marks: dict[str, list[Sample]] = {}
    for sample in run.samples:
        marks.setdefault(sample.mark, []).append(sample)
    return [(same[0], same[-1]) for same in marks.values() if same[-1].cycle > same[0].cycle]


def _growth(run: Run) -> Iterator[tuple[str, ...]]:
    """A row for every count of what exists that a mark's last cycle has more of than its first."""
    for first, last in _cycled(run):
        for name in _gauges():
            before, after = first.metrics.get(name, 0), last.metrics.get(name, 0)
            if after > before:
                per_cycle = (after - before) / (last.cycle - first.cycle)
                figures = (figure(name, before), figure(name, after), signed(name, per_cycle))
                yield run.rules, name, last.mark, *figures


def _of_growth(growing: tuple[tuple[str, ...], ...], cycled: bool) -> Iterator[str]:
    if growing:
        rules = listed(dict.fromkeys(row[0] for row in growing))
        yield f"From cycle to cycle, counts of what exists grow under {rules}."
    elif cycled:
        yield "From cycle to cycle, no count of what exists grows."


def _grown(growing: tuple[tuple[str, ...], ...]) -> Table:
    numbers = ("first cycle", "last cycle", "per cycle")
    columns = (Column("rule set"), Column("figure"), Column("mark"), *(Column(label, number=True) for label in numbers))
    marks = {(n, 5): "bad" for n in range(len(growing))}
    return Table("What grows from cycle to cycle", columns, growing, marks, folded=False)
