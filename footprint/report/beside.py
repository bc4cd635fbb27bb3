"""Model beside real: two recordings of one scenario, by different backends, in one picture with the error."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from footprint.errors import RequestError
from footprint.gate.compare import Comparison, MetricPair, compare
from footprint.recording.model import Recording
from footprint.report.bars import StackedBar, bar_picture
from footprint.report.canvas import ACCENT
from footprint.report.formatting import NOTHING, figure, listed, percent, plural, signed
from footprint.report.section import Exhibit, LegendKey, Section, Table, TableColumn


def beside(recordings: Sequence[Recording]) -> Section | None:
    """The section for the first model's and the first real recording that can be compared; None without any."""
    for first, second in combinations(recordings, 2):
        if first.backend == second.backend or first.scenario != second.scenario:
            continue
        model, real = (first, second) if first.backend == "model" else (second, first)
        try:
            return _section(_latest(compare(model, real, _rules(model))[0]))
        except RequestError:
            continue
    return None


def _rules(model: Recording) -> tuple[str | None, str | None]:
    """The model's run to compare: its last, which is the newest rule set of a history."""
    return (model.runs[-1].rules, None) if len(model.runs) > 1 else (None, None)


def _latest(compared: Comparison) -> tuple[Comparison, list[MetricPair]]:
    """Every judged metric where it was read last, before the machine was taken down."""
    last = {line.metric: line for line in compared.lines if line.judged and line.mark != "destroyed"}
    return compared, list(last.values())


def _section(latest: tuple[Comparison, list[MetricPair]]) -> Section:
    compared, lines = latest
    differing = [line for line in lines if not line.is_equal]
    verdict = (
        f"All {plural(len(lines), 'count')} that both have are equal."
        if not differing
        else f"Of {plural(len(lines), 'count')} that both have, {listed(line.metric for line in differing)} differ."
    )
    lead = f"The model under {compared.first} beside {compared.second}, each count where it was read last. {verdict}"
    rows = [_bar(line) for line in lines]
    said = listed(f"{line.metric}: model {line.first}, real {line.second}" for line in lines)
    picture = bar_picture(
        "The model as a share of the real one",
        rows,
        f"Model beside real. {said}.",
        "A bar that ends at its diamond is exact.",
        ours="model",
        theirs="real",
    )
    keys = (LegendKey("--accent", "the model"), LegendKey("--mark", "the real QEMU", "diamond"))
    return Section(
        "Model beside real",
        "beside",
        " ".join((lead, *map(_sentence, compared.notes))),
        (Exhibit((picture,), keys, (_table(lines),)),),
    )


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."


def _bar(line: MetricPair) -> StackedBar:
    scale = max(line.first, line.second, 1)
    mine, real = line.first / scale, line.second / scale
    return StackedBar(
        line.metric,
        ((mine, ACCENT),),
        figure(line.metric, line.first),
        published=real,
        published_text=figure(line.metric, line.second),
    )


def _table(lines: list[MetricPair]) -> Table:
    columns = (
        TableColumn("figure"),
        TableColumn("read at"),
        *(TableColumn(heading, number=True) for heading in ("model", "real", "error")),
        TableColumn("standing"),
    )
    rows, marks = [], {}
    for n, line in enumerate(lines):
        error = "none" if line.is_equal else f"{signed(line.metric, line.first - line.second)} ({_share(line)})"
        at = f"{line.mark} {line.cycle}" if line.cycle else line.mark
        figures = (figure(line.metric, line.first), figure(line.metric, line.second))
        rows.append((line.metric, at, *figures, error, "exact" if line.is_equal else "differs"))
        marks[n, 5] = "good" if line.is_equal else "bad"
    return Table("The model's counts, the real ones, and the error", columns, tuple(rows), marks, folded=False)


def _share(line: MetricPair) -> str:
    return percent(abs(line.first - line.second), abs(line.second)) if line.second else NOTHING
