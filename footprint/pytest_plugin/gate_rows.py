"""The verdicts of gated tests as rows of text: kept with the test, carried by its report, shown at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from footprint.errors import UnknownNameError
from footprint.gate.gate_verdict import Judged, figure, signed_figure
from footprint.pytest_plugin.names import GATE, SUMMARY, Setting

HEADS = ("verdict", "test", "metric", "rules", "mark", "before", "limit", "now", "Δ")
NUMBERS = ("before", "limit", "now", "Δ")
"""The columns that end at the right."""
WHICH = ("all", "broken", "none")

_ROWS = pytest.StashKey[list[dict[str, str]]]()


def setting(config: pytest.Config, which: Setting) -> str:
    """What the command line says, else the ini-file, else the default."""
    return str(config.getoption(which.key) or config.getini(which.key) or which.default)


def keep_rows(item: pytest.Item, judged: Iterable[Judged]) -> None:
    """Keep the verdicts for the report of the test."""
    item.stash.setdefault(_ROWS, []).extend(_row(item.nodeid, each) for each in judged)


def attach(item: pytest.Item, report: pytest.TestReport) -> None:
    """Hand what was kept to the report; plain texts, which every transport carries."""
    rows = item.stash.get(_ROWS, [])
    if rows:
        setattr(report, GATE, rows)


def print_rows(reporter: pytest.TerminalReporter, reports: Sequence[Any]) -> None:
    """Print the table, broken gates first, and what is better than accepted."""
    which = setting(reporter.config, SUMMARY)
    if which not in WHICH:
        reporter.write_line(f"footprint: {UnknownNameError(f'value of {SUMMARY.option}', which, WHICH)}", red=True)
        which = SUMMARY.default
    rows = [row for report in reports for row in getattr(report, GATE)]
    broken = [row for row in rows if row["verdict"] == "FAIL"]
    rest = [row for row in rows if row["verdict"] != "FAIL"]
    if which == "none":
        return
    checks = f"{len(rows)} check{'' if len(rows) == 1 else 's'}"
    reporter.section("footprint")
    reporter.write_line(f"{len(broken)} of {checks} failed" if broken else f"{checks} passed")
    shown = broken if which == "broken" else [*broken, *rest]
    for line in _table(shown):
        reporter.write_line(line.rstrip())
    for said in dict.fromkeys(row["gain"] for row in rows if row["gain"]):
        reporter.write_line(f"a gain that is not accepted: {said}")


def _row(nodeid: str, judged: Judged) -> dict[str, str]:
    verdict = judged.verdict
    cells = (
        verdict.outcome.upper() if verdict.outcome == "fail" else str(verdict.outcome),
        nodeid, verdict.metric, verdict.rules, verdict.mark, figure(verdict.metric, verdict.before), verdict.limit,
        figure(verdict.metric, verdict.value), signed_figure(verdict.metric, verdict.change),
    )  # fmt: skip
    return {**dict(zip(HEADS, cells, strict=True)), "gain": verdict.sentence if verdict.better else ""}


def _table(rows: Sequence[dict[str, str]]) -> list[str]:
    """The rows below their heads, without columns that say nothing."""
    heads = [head for head in HEADS if any(row[head] not in ("", "–") for row in rows)]
    lines = [heads, *([row[head] for head in heads] for row in rows)] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if head in NUMBERS else cell.ljust(width)
            for head, cell, width in zip(heads, line, widths, strict=True)
        )
        for line in lines
    ]
