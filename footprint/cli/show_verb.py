"""``footprint show``: a recording as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from footprint.cli.options import console, json_option, print_json, print_table

if TYPE_CHECKING:
    from footprint.recording.model import Recording

SUMMARY = (
    "flatviews.created",
    "flatviews.alive",
    "dispatches.created",
    "modelled.bytes.peak",
    "modelled.resident.peak",
)
"""The metrics that say most, in the short table."""
STATE_SUMMARY = ("flatviews.alive", "flatviews.empty", "flat_ranges", "sections", "nodes", "modelled.bytes")
"""The same where only what exists was recorded."""
GUESTS_SUMMARY = ("guests", "process.rss", "process.uss", "process.pss", "guests.shared", "guests.rss", "guests.pss")
"""The same where guests ran side by side."""
WIDTH_FOR_WORDS = 130
"""Columns that a terminal needs for the words beside the figures."""


@click.command("show")
@click.argument("recording")
@click.option("--mark", help="Show this mark. Default: the last 'built', or the last mark.")
@click.option("--all", "everything", is_flag=True, help="Show every metric.")
@json_option
def command(recording: str, mark: str | None, *, everything: bool, as_json: bool) -> None:
    """Show RECORDING (a file, or a folder with a recording.json) as a table.

    \b
    footprint show reports/power8
    footprint show reports/power8 --all --mark destroyed
    """
    from footprint.errors import UnknownNameError
    from footprint.recording.files import read_recording

    found = read_recording(recording)
    marks = list(dict.fromkeys(sample.mark for run in found.runs for sample in run.samples))
    if mark is not None and mark not in marks:
        raise UnknownNameError("mark", mark, marks)
    if as_json:
        print_json(found)
    else:
        summarize(found, mark=mark, everything=everything)


def summarize(recording: Recording, *, mark: str | None = None, everything: bool = False) -> None:
    """Print the recording's figures at `mark`: a row a rule set, or a row a metric for all of them."""
    rows = [(run, run.sample(mark)) for run in recording.runs]
    shown = [(run, sample.metrics) for run, sample in rows if sample is not None]
    names = list(dict.fromkeys(name for _, metrics in shown for name in metrics))
    at = next((sample.mark for _, sample in rows if sample is not None), "no mark")
    params = ", ".join(f"{name}={value}" for name, value in recording.params.items())
    title = f"{recording.scenario} ({params}) at “{at}”, by the {recording.backend}"
    if everything:
        columns = ["metric", *(run.rules for run, _ in shown)]
        cells = [[name, *(_figure(name, metrics.get(name)) for _, metrics in shown)] for name in names]
        print_table(title, columns, cells, words=("metric",))
        return
    telling = SUMMARY if "flatviews.created" in names else STATE_SUMMARY
    summary = [name for name in (GUESTS_SUMMARY if "guests" in names else telling) if name in names]
    room = console().width >= WIDTH_FOR_WORDS
    columns = ["rules", *summary, *(["what it is"] if room else [])]
    table = [
        [run.rules, *(_figure(name, metrics.get(name)) for name in summary), *([run.what] if room else [])]
        for run, metrics in shown
    ]
    print_table(title, columns, table, words=("rules", "what it is"))
    _print_growth(recording)


def _print_growth(recording: Recording) -> None:
    """For a recording of cycles: what grows from one to the next, and whether that is a leak."""
    from footprint.verdict.scenario_growth import growths

    judged = growths(recording)
    for one in judged:
        if one.verdict != "clean":
            interval = f"95 % {_figure(one.metric, one.low)} to {_figure(one.metric, one.high)}"
            click.echo(
                f"{one.verdict}: {one.metric} grows by {_figure(one.metric, one.per_cycle)} a cycle ({interval}) "
                f"over {one.cycles} cycles under {one.rules}"
            )
        if one.is_wanted:
            click.echo(
                f"{one.rules}: {one.metric} grows by {_figure(one.metric, one.per_cycle)} a {one.adds}, on purpose"
            )
    if judged and not any(one.verdict != "clean" or one.is_wanted for one in judged):
        click.echo(f"clean: nothing grows over {judged[0].cycles} cycles")


def _figure(name: str, value: float | None) -> str:
    from footprint.recording.metrics import METRICS
    from footprint.units import bytes_text, count_text

    if value is None:
        return "–"
    known = METRICS.get(name)
    return bytes_text(value) if known is not None and known.unit == "bytes" else count_text(value)
