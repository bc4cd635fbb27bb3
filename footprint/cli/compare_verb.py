"""``footprint compare``: where two recordings differ, metric by metric."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.options import json_option
from footprint.cli.table import Column, print_table
from footprint.cli.terminal import note, print_json, say, say_wrapped

if TYPE_CHECKING:
    from footprint.gate.compare import Comparison, MetricPair

MOST_MARKS = 4
"""Marks that a verdict names one by one."""


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--rules-a",
    metavar="NAME",
    help="Compare this run of A. Default: runs under rules that both have, or the only one.",
)
@click.option("--rules-b", metavar="NAME", help="Compare this run of B.")
@click.option("--all", "everything", is_flag=True, help="Show equal metrics, too.")
@json_option
def command(
    first: str, second: str, rules_a: str | None, rules_b: str | None, *, everything: bool, as_json: bool
) -> None:
    """Compare recordings A and B: the model and a real QEMU, or one binary before and after a change.

    A and B are files, folders with a recording.json, NAME for reports/NAME, or captures. Counts that both have
    must be equal at every mark that both have. Process memory is shown, not judged. Exits 0 when all counts are
    equal, 1 when one differs, and 2 when the two cannot be compared.

    \b
    footprint run power8 -r v7.2.0 -o reports/model
    footprint run power8 -b qemu -o reports/real
    footprint compare model real
    """
    from footprint.gate.compare import compare
    from footprint.record.find import find_recording

    comparisons = compare(find_recording(first), find_recording(second), (rules_a, rules_b))
    equal = not any(comparison.differing for comparison in comparisons)
    if as_json:
        print_json({"equal": equal, "comparisons": [_document(comparison) for comparison in comparisons]})
    else:
        for sentence in comparisons[0].notes:
            note(f"note: {sentence}")
        for comparison in comparisons:
            _print(comparison, everything=everything)
    click.get_current_context().exit(0 if equal else 1)


def _document(comparison: Comparison) -> dict[str, Any]:
    lines = [{**asdict(line), "change": line.change, "percent": line.percent} for line in comparison.lines]
    return {**asdict(comparison), "lines": lines, "differing": len(comparison.differing)}


def _print(comparison: Comparison, *, everything: bool) -> None:
    for sentence in comparison.views:
        say_wrapped(sentence)
    judged = [line for line in comparison.lines if line.judged]
    shown = [line for line in comparison.lines if everything or not line.is_equal]
    title = f"{comparison.first} → {comparison.second}"
    if shown:
        print_table(title, _COLUMNS, [_row(line) for line in shown])
        say()
    differing = len(comparison.differing)
    verdict = f"{differing} of {len(judged)} counts differ" if differing else f"all {len(judged)} counts are equal"
    marks = dict.fromkeys(_mark(line) for line in judged)
    say_wrapped(f"{title}: {verdict} (at {_marks(list(marks))})")
    for name, only in ((comparison.first, comparison.only_first), (comparison.second, comparison.only_second)):
        if only and everything:
            say_wrapped(f"only in {name}: {', '.join(only)}")


_COLUMNS = (
    Column("metric", "name"),
    Column("mark", "name"),
    Column("A"),
    Column("B"),
    Column("change"),
    Column("in %", extra=1),
    Column("", "name"),
)


def _mark(line: MetricPair) -> str:
    return f"{line.mark} {line.cycle}" if line.cycle else line.mark


def _marks(marks: list[str]) -> str:
    """The marks, the first and the last of many."""
    return ", ".join(marks) if len(marks) <= MOST_MARKS else f"{len(marks)} marks from {marks[0]} to {marks[-1]}"


def _row(line: MetricPair) -> list[str]:
    from footprint.recording.metrics import METRICS
    from footprint.units import bytes_text, count_text

    known = METRICS.get(line.metric)
    text = bytes_text if known is not None and known.unit == "bytes" else count_text
    sign = "+" if line.change > 0 else ""
    word = "equal" if line.is_equal else "DIFFERS"
    if not line.judged:
        word = "what-if" if line.is_count else "measured"
    return [
        line.metric,
        _mark(line),
        text(line.first),
        text(line.second),
        f"{sign}{text(line.change)}".replace("-", "−"),
        "" if line.percent is None else f"{line.percent:+.1f}".replace("-", "−"),
        word,
    ]
