"""What a sweep found, for people: how each metric grows, what the laws predict, what fits a limit, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footprint.cli.table import Column, print_table
from footprint.cli.terminal import say, say_wrapped

if TYPE_CHECKING:
    from footprint.recording.sweep import Fit, Sweep

MOST_FAILED = 20
_COLUMNS = (
    Column("metric", "name"),
    Column("rules", "name"),
    Column("with", "prose", extra=2),
    Column("from", "figure", extra=1),
    Column("to", "figure", extra=1),
    Column("exponent"),
    Column("95 %", "name", extra=1),
    Column("law", "prose"),
)
_PREDICTED = (
    Column("metric", "name"),
    Column("rules", "name"),
    Column("with", "prose", extra=2),
    Column("for", "name"),
    Column("predicted"),
    Column("95 %", "name", extra=1),
)


def print_sweep(sweep: Sweep) -> None:
    """Print the laws over each axis, then predictions, what was found, and the points that failed."""
    from footprint.verdict.law_text import growth_sentence

    had, failed = len(sweep.points), len(sweep.failed)
    say_wrapped(f"{sweep.scenario}: {had} of {had + failed} points" + (f", {failed} failed" if failed else ""))
    if sentence := growth_sentence(sweep):
        say_wrapped(sentence)
    for over in dict.fromkeys(fit.over for fit in sweep.fits):
        say()
        _print_laws([fit for fit in sweep.fits if fit.over == over], over)
    if not sweep.fits:
        say_wrapped("no law: it takes three values of an axis with numbers, all other axes being equal")
    _print_predictions(sweep)
    _print_found(sweep)
    if failed:
        say()
        for point in sweep.failed[:MOST_FAILED]:
            asked = " ".join(f"{name}={point.params[name]}" for name in sweep.axes if name in point.params)
            say_wrapped(f"failed: {asked} {point.rules}: {point.reason} ({point.attempts} attempts)", colour="red")
        if failed > MOST_FAILED:
            say(f"… and {failed - MOST_FAILED} more (--json has all)")


def _print_laws(fits: Sequence[Fit], over: str) -> None:
    from footprint.gate.gate_verdict import figure
    from footprint.units import count_text
    from footprint.verdict.law_text import interval_text, law_text, with_text

    rows = [
        (
            fit.metric, fit.rules, with_text(fit.at), figure(fit.metric, fit.points[0][1]),
            figure(fit.metric, fit.points[-1][1]), f"{fit.exponent:.2f}", interval_text(fit), law_text(fit),
        )
        for fit in fits
    ]  # fmt: skip
    shown = [n for n in range(len(_COLUMNS)) if n != 2 or any(row[2] for row in rows)]
    ends = [fits[0].points[0][0], fits[0].points[-1][0]]
    title = f"over {over}, from {count_text(ends[0])} to {count_text(ends[1])}"
    print_table([title], [_COLUMNS[n] for n in shown], [[row[n] for n in shown] for row in rows])


def _print_predictions(sweep: Sweep) -> None:
    from footprint.verdict.law_text import band_text, figure_of, reach_warnings, with_text

    rows = [
        (
            fit.metric, fit.rules, with_text(fit.at), f"{fit.over}={guess.n:g}", figure_of(fit.metric, guess.value),
            band_text(fit, guess),
        )
        for fit in sweep.fits
        for guess in fit.predictions
    ]  # fmt: skip
    if rows:
        say()
        shown = [n for n in range(len(_PREDICTED)) if n != 2 or any(row[2] for row in rows)]
        print_table(["predicted"], [_PREDICTED[n] for n in shown], [[row[n] for n in shown] for row in rows])
    for warning in reach_warnings(sweep):
        say_wrapped(warning, colour="yellow")


def _print_found(sweep: Sweep) -> None:
    from footprint.verdict.law_text import largest_words

    if sweep.find:
        say()
    for row in sweep.find:
        say_wrapped(largest_words(row))
