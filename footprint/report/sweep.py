"""The page of a sweep: how each metric grows along each axis, on logarithmic scales, with the laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from footprint.recording.metrics import METRICS
from footprint.recording.sweep import Fit, Sweep
from footprint.report.canvas import COLUMN, WIDTH
from footprint.report.formatting import figure, listed, plural
from footprint.report.log_log import GrowthLine, log_log
from footprint.report.look import PageLook
from footprint.report.page import page
from footprint.report.section import Exhibit, Head, Picture, RecordingPart, Section, Table, TableColumn
from footprint.verdict.law_text import (
    band_text,
    figure_of,
    growth_sentence,
    interval_text,
    largest_words,
    law_text,
    reach_warnings,
    with_text,
)

MOST_LINES = 12
"""Lines of one picture; the table has the others."""
_STEPS = 24
_READING = "Squares were played, lines are the laws through them; dashed is predicted. Both scales are logarithmic."


def render_sweeps(sweeps: Sequence[Sweep], *, title: str = "", look: PageLook | None = None) -> str:
    """The HTML page of `sweeps`; it asks for nothing but itself. `title` heads it; else the scenarios do."""
    parts = tuple(_part(n, sweep) for n, sweep in enumerate(sweeps, 1))
    named = "Growth: " + listed(dict.fromkeys(sweep.scenario for sweep in sweeps))
    return page(parts, title or named, source="a sweep" if len(sweeps) == 1 else "sweeps", look=look)


def _part(n: int, sweep: Sweep) -> RecordingPart:
    axes = tuple((name, f"{len(values)} values, {values[0]} to {values[-1]}") for name, values in sweep.axes.items())
    had = len(sweep.points)
    counted = f"{plural(had, 'point')} under {plural(len(sweep.rules), 'rule set')}"
    counted += f"; {plural(len(sweep.failed), 'point')} failed." if sweep.failed else "."
    sentence = growth_sentence(sweep)
    answer = f"{sentence} ({counted[:-1]})." if sentence else counted
    notes = tuple(largest_words(row) + "." for row in sweep.find)
    notes += tuple(f"Predicted: {warning}." for warning in reach_warnings(sweep))
    environment = tuple((name, str(value)) for name, value in sweep.environment.items())
    question = f"How does the cost of {Path(sweep.scenario).name} grow?"
    sections = growth_sections(sweep)
    head = Head(sweep.scenario, question, answer, notes, axes, environment, shown=_first(sections))
    return RecordingPart(f"r{n}", sweep.scenario, head, sections)


def _first(sections: Sequence[Section]) -> Exhibit | None:
    """The pictures of the first two metrics: what the answer is about, and what goes with it."""
    pictures = [picture for section in sections for exhibit in section.exhibits for picture in exhibit.pictures]
    return Exhibit(tuple(replace(picture, note=_READING) for picture in pictures[:2])) if pictures else None


def growth_sections(sweep: Sweep) -> tuple[Section, ...]:
    """A section for each axis along which there are laws, and one of the points that failed."""
    sections = [_section(sweep, over) for over in dict.fromkeys(fit.over for fit in sweep.fits)]
    if sweep.failed:
        sections.append(_failures(sweep))
    return tuple(sections)


def _section(sweep: Sweep, over: str) -> Section:
    fits = [fit for fit in sweep.fits if fit.over == over]
    lead = (
        f"Squares are points that were played, lines the laws through them. Both scales are logarithmic: what grows "
        f"with the square of {over} rises twice as steeply as what grows with {over}."
    )
    exhibits = [
        _exhibit(metric, over, [fit for fit in fits if fit.metric == metric])
        for metric in dict.fromkeys(fit.metric for fit in fits)
    ]
    return Section(f"Growth with {over}", f"growth-{over}", lead, tuple(exhibits))


def _exhibit(metric: str, over: str, fits: Sequence[Fit]) -> Exhibit:
    drawn = [_growth(fit) for fit in fits[:MOST_LINES]]
    said = "; ".join(f"{fit.rules} {law_text(fit)}" for fit in fits[:MOST_LINES])
    # Bytes have a round number at every fifth power of two: 32 MiB, 1 GiB.
    base = 32 if metric in METRICS and METRICS[metric].unit == "bytes" else 10
    narrow, wide = (
        log_log(
            drawn, f"{metric} over {over}. {said}.", over, lambda value: figure_of(metric, value), base=base,
            width=width,
        )
        for width in (WIDTH, COLUMN)
    )  # fmt: skip
    note = f"The first {MOST_LINES} of {len(fits)} lines." if len(fits) > MOST_LINES else ""
    picture = Picture(f"{metric} over {over}", narrow, note, wide)
    predicted = [_predictions(metric, fits)] if any(fit.predictions for fit in fits) else []
    return Exhibit((picture,), tables=(_laws(metric, fits), *predicted))


def _growth(fit: Fit) -> GrowthLine:
    points = tuple((n, float(value)) for n, value in fit.points)
    least, most = max(points[0][0], 1.0), points[-1][0]
    beyond = [guess.n for guess in fit.predictions if guess.n > most]
    curve = tuple((n, fit.value(n)) for n in _between(least, most))
    ahead = tuple((n, fit.value(n)) for n in _between(most, max(beyond))) if beyond else ()
    return GrowthLine(_name(fit), points, curve, ahead)


def _between(low: float, high: float) -> list[float]:
    """Places at equal distances on a logarithmic scale."""
    return [low * (max(high, low) / low) ** (step / _STEPS) for step in range(_STEPS + 1)]


def _name(fit: Fit) -> str:
    return " ".join(word for word in (fit.rules, with_text(fit.at)) if word)


def _laws(metric: str, fits: Sequence[Fit]) -> Table:
    columns = (
        TableColumn("rules"), TableColumn("from", number=True), TableColumn("to", number=True),
        TableColumn("exponent", number=True), TableColumn("95 %"), TableColumn("law"),
    )  # fmt: skip
    rows = tuple(
        (
            _name(fit), figure(metric, fit.points[0][1]), figure(metric, fit.points[-1][1]), f"{fit.exponent:.2f}",
            interval_text(fit), law_text(fit),
        )
        for fit in fits
    )  # fmt: skip
    return Table(f"Laws of {metric}", columns, rows)


def _predictions(metric: str, fits: Sequence[Fit]) -> Table:
    columns = (TableColumn("rules"), TableColumn("for"), TableColumn("predicted", number=True), TableColumn("95 %"))
    rows = tuple(
        (_name(fit), f"{fit.over}={guess.n:g}", figure_of(metric, guess.value), band_text(fit, guess))
        for fit in fits
        for guess in fit.predictions
    )
    return Table(f"Predictions of {metric}", columns, rows)


def _failures(sweep: Sweep) -> Section:
    columns = (
        TableColumn("machine"),
        TableColumn("rules"),
        TableColumn("reason"),
        TableColumn("attempts", number=True),
    )
    rows = tuple(
        (
            with_text({name: point.params[name] for name in sweep.axes if name in point.params}) or "–",
            point.rules, point.reason, str(point.attempts),
        )
        for point in sweep.failed
    )  # fmt: skip
    table = Table("Points that failed", columns, rows, folded=False)
    return Section(
        "Failed", "failed", "These points could not be had, also not the second time.", (Exhibit(tables=(table,)),)
    )
