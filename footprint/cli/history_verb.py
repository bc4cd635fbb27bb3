"""``footprint history``: what became of a metric over the runs that were kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.options import DEFAULT_MARK, force_option, json_option, rules_option
from footprint.cli.terminal import note, print_json, say, say_wrapped, speaks, width

if TYPE_CHECKING:
    from footprint.history.series import KeptValue, SeriesKey
    from footprint.history.steps import Stepped, ValueStep
    from footprint.recording.metrics import Metric

COLUMNS = 80
"""What a drawing takes where the output is no terminal."""
SHORT_HASH = 12
CSV_HEAD = (
    "recorded", "value", "scenario", "params", "rules", "backend", "mark", "commit", "branch", "machine", "footprint",
    "step",
)  # fmt: skip


@click.command("history")
@click.argument("name", metavar="METRIC")
@click.option("--scenario", metavar="NAME", default="", help="Only runs of this scenario.")
@rules_option("Only these rule sets, named as in `run`.")
@click.option("--branch", metavar="NAME", default="", help="Only runs made on this git branch.")
@click.option("--mark", metavar="NAME", default="", help=f"The values at this mark. Default: {DEFAULT_MARK}.")
@click.option(
    "--since", metavar="WHEN", help="Only runs since a date (2026-11-25), a time (UTC) or an age (36h, 7d, 2w)."
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print one line of comma-separated values for each run.")
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write a page (HTML) instead.")
@force_option
def command(
    name: str, scenario: str, rules: tuple[str, ...], branch: str, mark: str, since: str | None,
    out: Path | None, *, as_json: bool, as_csv: bool, force: bool,
) -> None:  # fmt: skip
    """Draw METRIC over the runs that were kept, and name the commits at which it changed.

    Every `footprint run` is kept in reports/history.db in the current folder, or in the file that FOOTPRINT_HISTORY
    names. A series is one scenario with the same parameters, rule set, backend and mark.

    A step of an exact metric is any other value than in the last run on the same branch. A step of a measured one
    is a shift of the median, on one machine, by more than three times the noise, in five runs or more.

    \b
    footprint history flatviews.alive
    footprint history flatviews.created --scenario power8 -r v7.2.0 --since 4w
    footprint history process.rss --json
    footprint history flatviews.alive -o history.html
    """
    from datetime import UTC, datetime

    from footprint.errors import RequestError
    from footprint.history.keep import history_file
    from footprint.history.series import Selection, read
    from footprint.history.since import moment
    from footprint.history.steps import changes_sentence, steps
    from footprint.recording.files import writable
    from footprint.recording.metrics import metric
    from footprint.recording.model import ALL_RULES

    if as_json + as_csv + (out is not None) > 1:
        raise RequestError("--json, --csv and -o do not go together: each is a form of the whole answer")
    row = metric(name)
    start = "" if since is None else moment(since, datetime.now(UTC))
    series = read(
        history_file(), Selection(row.name, scenario, () if ALL_RULES in rules else rules, branch, mark, start)
    )
    stepped = [(key, points, steps(points, row)) for key, points in series.items()]
    if out is not None:
        _write_page(writable(out, force=force), row, stepped)
    elif as_json:
        print_json(_document(row, stepped))
    elif as_csv:
        for line in _csv_lines(stepped):
            say(line)
    else:
        say_wrapped(changes_sentence(row, stepped, lambda value: _figure(value, row)))
        heads = dict.fromkeys(_head(key) for key, _, _ in stepped)
        for head in heads:
            say()
            say_wrapped(head)
            for key, points, changes in stepped:
                if _head(key) == head:
                    _draw(key.rules, points, changes, row)


def _write_page(path: Path, row: Metric, stepped: Sequence[Stepped]) -> None:
    from footprint.recording.files import write_text
    from footprint.report.kept_runs import render_history

    write_text(path, render_history(row, stepped))
    note(f"wrote {path}")


def _head(key: SeriesKey) -> str:
    """What series have in common that differ in their rule sets."""
    return f"{key.scenario} at “{key.mark}”, {_backend(key.backend)}{_params(key.params)}"


def _draw(rules: str, points: Sequence[KeptValue], changes: Sequence[ValueStep], row: Metric) -> None:
    """A series: its values as one line between the first and the last, and its steps; a still one is a sentence."""
    from footprint.cli.sparkline import BLOCKS, DIGITS, sparkline, step_line

    say_wrapped(f"{rules}: {_extent(points, row)}", indent="  ")
    values = [point.value for point in points]
    if min(values) == max(values):
        return
    first, last = (_figure(value, row) for value in (values[0], values[-1]))
    columns = max(8, (width() or COLUMNS) - len(first) - len(last) - 6)
    ramp = BLOCKS if speaks(BLOCKS) else DIGITS
    say(f"    {first} {sparkline(values, columns, ramp)} {last}")
    if changes:
        numbers = {step.index: number for number, step in enumerate(changes, 1)}
        say(" " * (len(first) + 5) + step_line(numbers, values, columns))
    for number, step in enumerate(changes, 1):
        say_wrapped(f"{number}  {_sentence(step, points, row)}", indent="    ", hang="       ")


def _extent(points: Sequence[KeptValue], row: Metric) -> str:
    values = [point.value for point in points]
    low, high = _figure(min(values), row), _figure(max(values), row)
    runs = "1 run" if len(points) == 1 else f"{len(points)} runs"
    range_ = f"always {low}" if low == high else f"from {low} to {high}"
    days = list(dict.fromkeys((points[0].recorded[:10], points[-1].recorded[:10])))
    return f"{runs}, {' to '.join(days)}: {range_}"


def _sentence(step: ValueStep, points: Sequence[KeptValue], row: Metric) -> str:
    """What changed, the commit at which it was seen first, and what else could be behind it."""
    here, there = points[step.index], points[step.previous]
    change = step.after - step.before
    sign = "+" if change > 0 else "−"
    text = f"{_figure(step.before, row)} → {_figure(step.after, row)} ({sign}{_figure(abs(change), row)})"
    text += f" at {_commit(here)}, {here.recorded[:16].replace('T', ' ')} UTC"
    if here.commit and here.commit == there.commit:
        text += "; the run before was at the same commit: something changed that was not committed"
    elif there.commit:
        text += f"; the run before was at {_commit(there)}"
    if here.footprint != there.footprint:
        text += f"; footprint went from {there.footprint or 'unknown'} to {here.footprint or 'unknown'}"
    return text


def _commit(point: KeptValue) -> str:
    if not point.commit:
        return "no commit (outside git)"
    return f"commit {point.commit[:SHORT_HASH]}" + (f" on {point.branch}" if point.branch else "")


def _backend(name: str) -> str:
    return {"model": "on the model", "qemu": "on a real QEMU"}.get(name, f"on {name}")


def _params(text: str) -> str:
    params = _decoded(text)
    return f" ({', '.join(f'{name}={value}' for name, value in params.items())})" if params else ""


def _decoded(params: str) -> dict[str, Any]:
    import msgspec

    return msgspec.json.decode(params, type=dict[str, Any])


def _figure(value: float, row: Metric) -> str:
    from footprint.units import bytes_text, count_text

    return bytes_text(value) if row.unit == "bytes" else count_text(value)


def _document(row: Metric, stepped: Sequence[Stepped]) -> dict[str, Any]:
    return {
        "schema": "footprint.history/1",
        "metric": row.name,
        "unit": row.unit,
        "kind": str(row.kind),
        "series": [
            asdict(key)
            | {
                "params": _decoded(key.params),
                "runs": [asdict(point) for point in points],
                "steps": [_step(step, points) for step in changes],
            }
            for key, points, changes in stepped
        ],
    }


def _step(step: ValueStep, points: Sequence[KeptValue]) -> dict[str, Any]:
    here, there = points[step.index], points[step.previous]
    return asdict(step) | {"commit": here.commit, "branch": here.branch, "previous_commit": there.commit}


def _csv_lines(stepped: Sequence[Stepped]) -> Iterator[str]:
    yield ",".join(CSV_HEAD)
    for key, points, changes in stepped:
        at = {step.index for step in changes}
        for n, point in enumerate(points):
            recorded, *facts = (point.recorded, point.value, *astuple(key), point.commit, point.branch, point.machine)
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow([recorded, *facts, point.footprint, int(n in at)])
            yield line.getvalue()
