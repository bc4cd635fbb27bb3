"""Leaks: what is left when the machine is gone, and what grows from cycle to cycle."""

from __future__ import annotations

from collections.abc import Iterator

from footprint.recording.model import Number, Recording
from footprint.report.formatting import count, figure, listed, plural, signed, size, value
from footprint.report.section import Column, Exhibit, Section, Table
from footprint.verdict.leftovers import Remains, remains
from footprint.verdict.scenario_growth import Growth, growths
from footprint.verdict.verdict import Answer


def leaks(recording: Recording) -> Section | None:
    """The section; None if nothing was destroyed and no mark came twice."""
    found = [one for run in recording.runs if (one := remains(run))]
    judged = growths(recording)
    growing = [growth for growth in judged if growth.verdict != Answer.CLEAN or growth.is_wanted]
    cycled = bool(judged)
    if not found and not cycled:
        return None
    said = [*_of_remains(found), *_of_arrays(recording), *_of_growth(growing, cycled)]
    tables = [*([_left(found)] if found else []), *([_grown(growing)] if growing else [])]
    return Section("Leaks", "leaks", " ".join(said), (Exhibit(tables=tuple(tables)),))


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
        *(Column(label) for label in ("rule set", "figure", "mark")),
        *(Column(label, number=True) for label in numbers),
        Column("verdict"),
    )
    rows = tuple(
        (
            one.rules,
            one.metric,
            one.mark,
            count(one.cycles),
            *(signed(one.metric, value) for value in (one.per_cycle, one.low, one.high)),
            "on purpose" if one.is_wanted else one.verdict,
        )
        for one in growing
    )
    marks = {(n, 7): "bad" if one.verdict == Answer.LEAK else "" for n, one in enumerate(growing)}
    return Table("What grows from cycle to cycle", columns, rows, marks, folded=False)
