"""``footprint compare``: where two recordings differ, metric by metric."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.options import json_option, note, print_json, print_table

if TYPE_CHECKING:
    from footprint.gate.compare import Comparison, Line


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--rules-a", metavar="NAME", help="This run of A. Default: runs under the same rules, or the only one.")
@click.option("--rules-b", metavar="NAME", help="This run of B.")
@click.option("--all", "everything", is_flag=True, help="Show what is equal too.")
@json_option
def command(
    first: str, second: str, rules_a: str | None, rules_b: str | None, *, everything: bool, as_json: bool
) -> None:
    """Compare recordings A and B (files, or folders with a recording.json).

    Counts that both have must be equal, at every mark that both have: a model beside a real QEMU, or one
    binary before and after a change. Memory of processes is shown, not judged. Exits 0 when all counts are
    equal, 1 when one differs, 2 when the two cannot be compared.

    \b
    footprint run power8 -r v7.2.0 -o reports/model
    footprint run power8 -b qemu -o reports/real
    footprint compare reports/model reports/real
    """
    from footprint.gate.compare import compare
    from footprint.recording.files import read_recording

    found = compare(read_recording(first), read_recording(second), (rules_a, rules_b))
    equal = not any(comparison.differing for comparison in found)
    if as_json:
        print_json({"equal": equal, "comparisons": [_document(comparison) for comparison in found]})
    else:
        for sentence in found[0].notes:
            note(f"note: {sentence}")
        for comparison in found:
            _print(comparison, everything=everything)
    sys.exit(0 if equal else 1)


def _document(comparison: Comparison) -> dict[str, Any]:
    lines = [{**asdict(line), "change": line.change, "percent": line.percent} for line in comparison.lines]
    return {**asdict(comparison), "lines": lines, "differing": len(comparison.differing)}


def _print(comparison: Comparison, *, everything: bool) -> None:
    for sentence in comparison.views:
        click.echo(sentence)
    judged = [line for line in comparison.lines if line.judged]
    shown = [line for line in comparison.lines if everything or not line.is_equal]
    title = f"{comparison.first} → {comparison.second}"
    if shown:
        columns = ["metric", "mark", "A", "B", "change", ""]
        print_table(title, columns, [_row(line) for line in shown], words=("metric", "mark", ""))
    differing = len(comparison.differing)
    verdict = f"{differing} of {len(judged)} counts differ" if differing else f"all {len(judged)} counts are equal"
    click.echo(f"{title}: {verdict}")
    for name, only in ((comparison.first, comparison.only_first), (comparison.second, comparison.only_second)):
        if only and everything:
            click.echo(f"only in {name}: {', '.join(only)}")


def _row(line: Line) -> list[str]:
    from footprint.recording.metrics import METRICS
    from footprint.units import bytes_text, count_text

    known = METRICS.get(line.metric)
    text = bytes_text if known is not None and known.unit == "bytes" else count_text
    mark = f"{line.mark} {line.cycle}" if line.cycle else line.mark
    share = "" if line.percent is None else f" ({line.percent:+.1f} %)"
    sign = "+" if line.change > 0 else ""
    word = "measured" if not line.judged else "equal" if line.is_equal else "DIFFERS"
    return [
        line.metric,
        mark,
        text(line.first),
        text(line.second),
        f"{sign}{text(line.change)}{share}".replace("-", "−"),
        word,
    ]
