"""The page of a target that was measured here and there: the answer, both rates, then each verdict's own part."""

from __future__ import annotations

from collections.abc import Mapping

from footprint.report.leak_page.page import leak_part
from footprint.report.leak_page.readings import amount
from footprint.report.look import PageLook
from footprint.report.page import page
from footprint.report.section import Exhibit, Head, RecordingPart, Section, Table, TableColumn, VerdictBadge
from footprint.verdict.compared import Compared, ComparedOutcome, RateChange
from footprint.verdict.trend import Slope

_WORDS = {
    ComparedOutcome.SAME: "the same",
    ComparedOutcome.MORE_HERE: "more in {}",
    ComparedOutcome.LESS_HERE: "less in {}",
    ComparedOutcome.UNKNOWN: "cannot be told",
}
_LOOKS = {0: "good", 1: "bad", 3: "unsure"}


def render_compared(
    compared: Compared, answer: str, *, command: str, environment: Mapping[str, str], look: PageLook | None = None
) -> str:
    """The HTML page of a comparison; `answer` is its sentence, `command` repeats it."""
    target = compared.here.target
    names = (compared.here_name, compared.there_name)
    head = Head(
        scenario=target,
        question=f"Does {target} leak in {names[0]}, compared with {names[1]}?",
        answer=f"{answer[:1].upper()}{answer[1:]}{'' if answer.endswith(('.', '!')) else '.'}",
        environment=tuple(environment.items()),
        verdicts=tuple(
            VerdictBadge(_LOOKS.get(verdict.exit_code, "unsure"), f"{name}: {verdict.verdict.value}")
            for name, verdict in zip(names, (compared.here, compared.there), strict=True)
        ),
    )
    first = RecordingPart("compared", f"{names[0]} against {names[1]}", head, (_rates(compared),), leads=True)
    parts = (
        leak_part(verdict, command=command, environment=environment, anchor=anchor, name=name)
        for anchor, name, verdict in zip(("here", "there"), names, (compared.here, compared.there), strict=True)
    )
    return page((first, *parts), target, source="what was measured", look=look)


def _rates(compared: Compared) -> Section:
    names = (compared.here_name, compared.there_name)
    rows = tuple(
        (each.metric, _rate(each, each.here), _rate(each, each.there), _WORDS[each.outcome].format(names[0]))
        for each in compared.changes
    )
    columns = (
        TableColumn("metric"),
        *(TableColumn(f"per cycle in {name}", number=True) for name in names),
        TableColumn("compared"),
    )
    exhibit = Exhibit(tables=(Table("Both rates", columns, rows, folded=False),) if rows else ())
    lead = "What leaks in one of the two, by how much in each." if rows else "Nothing leaks in either."
    if compared.outcome == ComparedOutcome.UNKNOWN and not rows:
        lead = "No growth was told in either."
    return Section("Both rates", "rates", lead, (exhibit,))


def _rate(change: RateChange, slope: Slope | None) -> str:
    if slope is None:
        return "not told"
    return "0" if slope.low <= 0 <= slope.high else amount(change.metric, slope.per_cycle)
