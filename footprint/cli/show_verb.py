"""``footprint show``: a recording as a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from footprint.cli.options import DEFAULT_MARK, json_option, rules_option
from footprint.cli.show_picture import NARROWEST, print_bars, print_course, print_head, print_line, print_owners
from footprint.cli.table import Column, metric_head, print_blocks, print_table, rules_head
from footprint.cli.terminal import is_terminal, note, print_json, say, say_wrapped, width

if TYPE_CHECKING:
    from footprint.recording.model import Recording, Run, Sample

SUMMARY = (
    "flatviews.created",
    "flatviews.alive",
    "dispatches.created",
    "modelled.bytes.peak",
    "modelled.resident.peak",
    "process.rss.peak",
)
"""The metrics that say most, in the short table."""
STATE_SUMMARY = (
    "flatviews.alive",
    "process.rss.peak",
    "flatviews.empty",
    "flat_ranges",
    "sections",
    "nodes",
    "modelled.bytes",
)
"""The same where only what exists was recorded."""
GUESTS_SUMMARY = ("guests", "process.rss", "process.uss", "process.pss", "guests.shared", "guests.rss", "guests.pss")
"""The same where guests ran side by side."""
MOST_LEFT = 8
"""Names of what is left that are printed."""
MOST_SHOWN = 6
"""Metrics that the short table has where it knows none of the recorded ones."""


@click.command("show")
@click.argument("word", metavar="RECORDING")
@click.option("--mark", metavar="NAME", help=f"Show this mark. Default: {DEFAULT_MARK}.")
@rules_option("Show only the runs under these rule sets. Default: every run.")
@click.option("--all", "everything", is_flag=True, help="Show every metric.")
@json_option
def command(word: str, mark: str | None, rules: tuple[str, ...], *, everything: bool, as_json: bool) -> None:
    """Show a recording as a table.

    RECORDING is a file, a folder with a recording.json, NAME for reports/NAME, or a capture (which is first
    recorded on the model): also a text with the answer to `info mtree` in it, or - for standard input.

    \b
    footprint show power8
    footprint show power8 -r v2.10.0 -r v7.2.0 --all
    footprint show reports/power8 --mark destroyed
    """
    from msgspec.structs import replace

    from footprint.errors import UnknownNameError
    from footprint.record.find import find_recording

    recording = find_recording(word, rules)
    recording = replace(recording, runs=recording.under(rules))
    if mark is not None and mark not in recording.marks:
        raise UnknownNameError("mark", mark, recording.marks)
    if as_json:
        print_json(recording)
    else:
        summarize(recording, mark=mark, everything=everything)


def summarize(recording: Recording, *, mark: str | None = None, everything: bool = False) -> None:
    """Print the recording's figures at `mark`: a row a rule set, or a row a metric for all of them."""
    drawn = mark is None and not everything and is_terminal() and (width() or 0) >= NARROWEST and bool(recording.runs)
    if drawn:
        print_head(recording)
        say()
    elif recording.answer and mark is None:
        say_wrapped(recording.answer, hang="")
        say()
    read = [(run, sample) for run in recording.runs if (sample := run.sample(mark)) is not None]
    for run in recording.runs:
        if run.sample(mark) is None:
            note(f"nothing was recorded under {run.rules}" + (f" at the mark {mark!r}" if mark else ""))
    if not read:
        note(f"nothing to show: {recording.scenario} has no runs" if not recording.runs else "nothing to show")
    elif everything:
        _print_everything(recording, read)
    elif drawn and "guests" not in _names(read):
        print_bars(_titles(recording, read), read, _figure)
        print_owners(recording)
        print_course(recording)
    else:
        _print_summary(recording, read)
    _print_growth(recording, drawn=drawn)
    if mark in (None, "destroyed"):
        _print_remaining(recording)
    for sentence in recording.notes:
        if sentence.startswith(("Repaired: ", "Guessed: ", "Not told: ")):
            note(sentence)


def _print_everything(recording: Recording, read: Sequence[tuple[Run, Sample]]) -> None:
    marks = _marks(read)
    heads = [rules_head(run.rules) + (f"\nat {_mark(sample)}" if len(marks) > 1 else "") for run, sample in read]
    columns = [Column("metric", "name"), *map(Column, heads)]
    print_blocks(
        _titles(recording, read),
        columns,
        [[name, *(_figure(name, sample.metrics.get(name)) for _, sample in read)] for name in _names(read)],
    )


def _print_summary(recording: Recording, read: Sequence[tuple[Run, Sample]]) -> None:
    names, marks = _names(read), _marks(read)
    telling = SUMMARY if "flatviews.created" in names else STATE_SUMMARY
    wanted = recording.telling or (GUESTS_SUMMARY if "guests" in names else telling)
    summary = [name for name in wanted if name in names] or names[:MOST_SHOWN]
    columns = [Column("rules", "name"), *(Column(metric_head(name)) for name in summary)]
    rows = [[run.rules, *(_figure(name, sample.metrics.get(name)) for name in summary)] for run, sample in read]
    if len(marks) > 1:
        columns.insert(1, Column("mark", "name"))
        for row, (_, sample) in zip(rows, read, strict=True):
            row.insert(1, _mark(sample))
    if any(run.what for run, _ in read):
        columns.append(Column("what it is", "prose", extra=1))
        for row, (run, _) in zip(rows, read, strict=True):
            row.append(run.what)
    print_table(_titles(recording, read), columns, rows)


def _names(read: Sequence[tuple[Run, Sample]]) -> list[str]:
    return list(dict.fromkeys(name for _, sample in read for name in sample.metrics))


def _marks(read: Sequence[tuple[Run, Sample]]) -> list[str]:
    return list(dict.fromkeys(_mark(sample) for _, sample in read))


def _mark(sample: Sample) -> str:
    return f"{sample.mark} {sample.cycle}" if sample.cycle else sample.mark


def _titles(recording: Recording, read: Sequence[tuple[Run, Sample]]) -> list[str]:
    """The scenario with what ran it and the mark where all figures were read; its parameters."""
    marks = _marks(read)
    at = f", read at “{marks[0]}”" if len(marks) == 1 else ""
    backend = {
        "model": "the model",
        "qemu": "a real QEMU",
        "processes": "real processes",
        "unicorn": "real engines",
    }.get(recording.backend, recording.backend)
    params = ", ".join(f"{name}={value}" for name, value in recording.params.items())
    return [f"{recording.scenario} on {backend}{at}", *([params] if params else [])]


def _print_remaining(recording: Recording) -> None:
    """What a destroyed machine left, by name, where it left more than the one empty view."""
    for run in recording.runs:
        left = [row for row in run.remaining if row.kind != "empty view"]
        if left:
            say()
            say(f"left under {run.rules}, {sum(row.count for row in left)} objects:")
        for row in left[:MOST_LEFT]:
            times = f"{row.count} × " if row.count > 1 else ""
            say_wrapped(f"    {times}{row.kind} {row.name} of {row.owner}, held by {row.holder}", hang=" " * 6)
        if len(left) > MOST_LEFT:
            say(f"    and {len(left) - MOST_LEFT} more names: the page has them all")


def _print_growth(recording: Recording, *, drawn: bool) -> None:
    """For a recording of cycles: what grows from one to the next, and whether that is a leak."""
    from footprint.verdict.scenario_growth import growths, readings

    judged = growths(recording)
    wanted = [growth for growth in judged if growth.is_wanted]
    if judged:
        say()
    for growth in judged:
        if growth.verdict != "clean":
            low, high = _figure(growth.metric, growth.low), _figure(growth.metric, growth.high)
            interval = "exact" if growth.low == growth.high else f"95 % interval {low} to {high}"
            say_wrapped(
                f"{growth.verdict}: {growth.metric} grows by {_figure(growth.metric, growth.per_cycle)} a cycle "
                f"({interval}) over {growth.cycles} cycles at {growth.mark} under {growth.rules}"
            )
            run = recording.run(growth.rules)
            if drawn and run is not None:
                first, second = readings(run, growth)
                print_line([*first.values[:-1], *second.values])
    for rules, of_run in groupby(wanted, key=lambda growth: growth.rules):
        amounts = [f"{growth.metric} +{_figure(growth.metric, growth.per_cycle)}" for growth in of_run]
        say_wrapped(f"{rules}: each {recording.accumulates} adds on purpose: {', '.join(amounts)}")
    if judged and not wanted and all(growth.verdict == "clean" for growth in judged):
        say_wrapped(f"clean: nothing grows over {judged[0].cycles} cycles at {judged[0].mark}")


def _figure(name: str, value: float | None) -> str:
    from footprint.recording.metrics import unit_of
    from footprint.units import bytes_text, count_text

    if value is None:
        return "–"
    unit = unit_of(name)
    if unit == "bytes":
        return bytes_text(value)
    return f"{value:.3g} s" if unit == "seconds" else count_text(value)
