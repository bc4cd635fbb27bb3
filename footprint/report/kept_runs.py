"""The page of a history: each series drawn over its runs, with the commits of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from footprint.history.series import KeptValue, SeriesKey
from footprint.history.steps import Stepped, ValueStep, changes_sentence, latest_step
from footprint.recording.metrics import Metric
from footprint.report.canvas import ACCENT, BROAD, COLUMN, INK, LETTER, LINE, MUTED, WIDTH, Canvas
from footprint.report.formatting import breadth, figure, plural, signed
from footprint.report.lines import Scale
from footprint.report.page import page
from footprint.report.section import Exhibit, Head, Picture, RecordingPart, Section, Table, TableColumn

_TOP, _HEIGHT, _FOOT = 16.0, 120.0, 22.0
_SHORT = 12


def render_history(metric: Metric, stepped: Sequence[Stepped]) -> str:
    """The HTML page of a metric's series; it asks for nothing but itself."""
    groups: dict[tuple[str, str, str, str], list[Stepped]] = {}
    for each in stepped:
        key = each[0]
        groups.setdefault((key.scenario, key.mark, key.backend, key.params), []).append(each)
    sections = tuple(_section(metric, n, *group) for n, group in enumerate(groups.items(), 1))
    question = f"Where did {metric.name} change ({metric.what})?"
    answer = changes_sentence(metric, stepped, lambda value: figure(metric.name, value))
    head = Head("", question, answer, shown=_first(metric, stepped))
    return page((RecordingPart("r1", metric.name, head, sections),), metric.name, source="a history of kept runs")


def _first(metric: Metric, stepped: Sequence[Stepped]) -> Exhibit | None:
    """The series that stepped last, or the longest, across the page."""
    if not stepped:
        return None
    latest = latest_step(stepped)
    series = latest[0] if latest else max(stepped, key=lambda each: len(each[1]))
    return Exhibit((_picture(metric, *series, title=f"{series[0].scenario} under {series[0].rules}: ", broad=BROAD),))


def _section(metric: Metric, n: int, common: tuple[str, str, str, str], series: Sequence[Stepped]) -> Section:
    scenario, mark, backend, params = common
    where = {"model": "the model", "qemu": "a real QEMU"}.get(backend, backend)
    settings = ", ".join(f"{name}={value}" for name, value in msgspec.json.decode(params, type=dict[str, Any]).items())
    lead = f"At the mark “{mark}”, on {where}{f' ({settings})' if settings else ''}."
    exhibits = tuple(_exhibit(metric, *each) for each in series)
    return Section(f"{scenario} ({mark})", f"series-{n}", lead, exhibits)


def _exhibit(metric: Metric, key: SeriesKey, points: Sequence[KeptValue], steps: Sequence[ValueStep]) -> Exhibit:
    tables = ([_steps(metric, points, steps)] if steps else []) + [_runs(metric, points, _numbers(steps))]
    return Exhibit((_picture(metric, key, points, steps),), tables=tuple(tables), title=key.rules)


def _numbers(steps: Sequence[ValueStep]) -> dict[int, int]:
    """The number of each step, by its run."""
    return {step.index: n for n, step in enumerate(steps, 1)}


def _picture(
    metric: Metric, key: SeriesKey, points: Sequence[KeptValue], steps: Sequence[ValueStep], *, title: str = "",
    broad: float = COLUMN,
) -> Picture:  # fmt: skip
    """The values of a series over its runs; `title` goes before what is drawn."""
    values = [point.value for point in points]
    drawn = f"{metric.name} over {plural(len(points), 'run')}"
    label = f"{drawn} under {key.rules}: from {figure(metric.name, min(values))} to {figure(metric.name, max(values))}."
    note = "Numbers are those of the steps, in the table." if steps else ""
    narrow, wide = (_drawn(metric, points, _numbers(steps), label, width) for width in (WIDTH, broad))
    return Picture(f"{title}{drawn}", narrow, note, wide, spans=broad > COLUMN)


def _drawn(
    metric: Metric, points: Sequence[KeptValue], numbers: Mapping[int, int], label: str, width: float
) -> str:  # fmt: skip
    """The values run by run, from zero, with the number of each step above it."""
    is_bytes = metric.unit == "bytes"
    scale = Scale(lambda value: figure(metric.name, value), 1024 if is_bytes else 1000)
    most = max([float(point.value) for point in points]) or 1.0
    ticks = [tick for tick in scale.ticks(most) if is_bytes or metric.unit == "seconds" or tick == int(tick)]
    left = max(breadth(scale.text(tick)) for tick in ticks) * LETTER + 6
    right, bottom = width - 8.0, _TOP + _HEIGHT
    sheet = Canvas(bottom + _FOOT, width)

    def x(n: int) -> float:
        return left + (right - left) * n / len(points)

    def y(value: float) -> float:
        return bottom - _HEIGHT * scale.height(value) / scale.height(most)

    for tick in ticks:
        sheet.line((left, right), (y(tick), y(tick)), LINE, 0.8)
        sheet.text(left - 6, y(tick), scale.text(tick), MUTED, align="right")
    corners = [(place, y(point.value)) for n, point in enumerate(points) for place in (x(n), x(n + 1))]
    sheet.line([corner[0] for corner in corners], [corner[1] for corner in corners], ACCENT, 1.8)
    for n, number in numbers.items():
        sheet.text(x(n) + 2, max(8.0, y(points[n].value) - 8), str(number), INK)
    sheet.text(left, bottom + 13, points[0].recorded[:10], MUTED)
    if points[-1].recorded[:10] != points[0].recorded[:10]:
        sheet.text(right, bottom + 13, points[-1].recorded[:10], MUTED, align="right")
    return sheet.svg(label)


def _steps(metric: Metric, points: Sequence[KeptValue], steps: Sequence[ValueStep]) -> Table:
    columns = (
        TableColumn("step"),
        *(TableColumn(label, number=True) for label in ("before", "after", "change")),
        *(TableColumn(label) for label in ("commit", "branch", "commit of the run before")),
    )
    rows = tuple(
        (
            str(n),
            figure(metric.name, step.before),
            figure(metric.name, step.after),
            signed(metric.name, step.after - step.before),
            points[step.index].commit[:_SHORT] or "none",
            points[step.index].branch,
            points[step.previous].commit[:_SHORT] or "none",
        )
        for n, step in enumerate(steps, 1)
    )
    return Table("Steps", columns, rows, folded=False)


def _runs(metric: Metric, points: Sequence[KeptValue], numbers: Mapping[int, int]) -> Table:
    columns = (
        TableColumn("recorded (UTC)"),
        TableColumn("value", number=True),
        *(TableColumn(label) for label in ("step", "commit", "branch", "machine", "footprint")),
    )
    rows = tuple(
        (
            point.recorded[:16].replace("T", " "), figure(metric.name, point.value), str(numbers.get(n, "")),
            point.commit[:_SHORT], point.branch, point.machine, point.footprint,
        )
        for n, point in enumerate(points)
    )  # fmt: skip
    return Table(plural(len(points), "run"), columns, rows)
