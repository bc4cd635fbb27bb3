"""Leaks: what is left when the machine is gone, and what grows from cycle to cycle."""

from __future__ import annotations

from collections.abc import Iterator

from footprint.recording.model import Number, Recording
from footprint.report.formatting import count, figure, listed, plural, signed, size, value
from footprint.report.leak_page.growth_pictures import KEYS, growth_pictures
from footprint.report.section import Exhibit, Section, Table, TableColumn
from footprint.verdict.leftovers import Remains, remains
from footprint.verdict.scenario_growth import Growth, growths
from footprint.verdict.verdict import Answer


def leaks(recording: Recording) -> Section | None:
    """The section; None if nothing was destroyed and no mark came twice."""
    destroyed = [rest for run in recording.runs if (rest := remains(run))]
    judged = growths(recording)
    growing = [growth for growth in judged if growth.verdict != Answer.CLEAN or growth.is_wanted]
    cycled = bool(judged)
    if not destroyed and not cycled:
        return None
    said = [*_of_remains(destroyed), *_of_arrays(recording), *_of_growth(growing, cycled)]
    tables = [*([_left(destroyed)] if destroyed else []), *([_grown(growing)] if growing else [])]
    pictures = growth_pictures(recording, growing)
    return Section(
        "Leaks", "leaks", " ".join(said), (Exhibit(pictures, KEYS if pictures else (), tables=tuple(tables)),)
    )


def _of_remains(destroyed: list[Remains]) -> Iterator[str]:
    """What is left, in sentences."""
    if not destroyed:
        return
    leaked = [rest.rules for rest in destroyed if rest.leaked]
    empty = [rest for rest in destroyed if rest.empty_view]
    yield "After the machine was destroyed and a last grace period, "
    if leaked:
        yield f"{listed(leaked)} left something behind that should have been freed."
    elif not empty:
        yield f"nothing is left, in {plural(len(destroyed), 'run')} of {count(len(destroyed))}."
    else:
        yield "nothing is left" + (
            " but the one empty view." if len(destroyed) == len(empty) else ", or only the one empty view."
        )
    if empty:
        sizes = listed(sorted({size(_bytes(rest)) for rest in empty}))
        yield (
            f"The empty view ({sizes} with its dispatch) is made once, shared by all spaces that show nothing, "
            f"and never freed by QEMU: it is no leak. It is all that is left in {plural(len(empty), 'run')} "
            f"of {count(len(destroyed))}."
        )


def _of_arrays(recording: Recording) -> Iterator[str]:
    """What tracemalloc saw of the radix tables after the end, if it was asked: a witness from outside the model."""
    read = [n for run in recording.runs if (n := value(run, "traced.numpy", "destroyed")) is not None]
    if read and not any(read):
        yield f"tracemalloc agrees: no byte of array data is left, in {plural(len(read), 'run')} of {count(len(read))}."
    elif read:
        yield f"tracemalloc finds up to {size(max(read))} of array data left."


def _bytes(rest: Remains) -> Number:
    return dict(rest.left).get("modelled.bytes", 0)


def _left(destroyed: list[Remains]) -> Table:
    words = [
        "left behind" if rest.leaked else "the one empty view" if rest.empty_view else "nothing" for rest in destroyed
    ]
    rows = tuple(
        (rest.rules, word, "; ".join(f"{name} {figure(name, n)}" for name, n in rest.left) or "every count is 0")
        for rest, word in zip(destroyed, words, strict=True)
    )
    marks = {(n, 1): "bad" if rest.leaked else "good" for n, rest in enumerate(destroyed)}
    columns = (TableColumn("rule set"), TableColumn("what is left"), TableColumn("counts that are not 0"))
    return Table("What is left at the mark destroyed", columns, rows, marks, folded=False)


def _of_growth(growing: list[Growth], cycled: bool) -> Iterator[str]:
    """Whether the cycles leave anything behind, in a sentence."""
    leaking = list(dict.fromkeys(growth.rules for growth in growing if growth.verdict == Answer.LEAK))
    if adds := next((growth.adds for growth in growing if growth.is_wanted), ""):
        rules = list(dict.fromkeys(growth.rules for growth in growing))
        yield f"Every {adds} adds to what exists under {listed(rules)}, on purpose: it is no leak."
    elif leaking:
        yield f"From cycle to cycle, what exists grows under {listed(leaking)}: a leak."
    elif growing:
        yield "From cycle to cycle something seems to grow; more cycles would tell (-s cycles=…)."
    elif cycled:
        yield "From cycle to cycle nothing grows."


def _grown(growing: list[Growth]) -> Table:
    numbers = ("cycles", "per cycle", "95 % from", "to")
    columns = (
        *(TableColumn(label) for label in ("rule set", "figure", "mark")),
        *(TableColumn(label, number=True) for label in numbers),
        TableColumn("verdict"),
    )
    rows = tuple(
        (
            growth.rules,
            growth.metric,
            growth.mark,
            count(growth.cycles),
            *(signed(growth.metric, value) for value in (growth.per_cycle, growth.low, growth.high)),
            "on purpose" if growth.is_wanted else growth.verdict,
        )
        for growth in growing
    )
    marks = {(n, 7): "bad" if growth.verdict == Answer.LEAK else "" for n, growth in enumerate(growing)}
    return Table("What grows from cycle to cycle", columns, rows, marks, folded=False)
