"""The index: a card for the latest recording of each scenario, and a table of all recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.report.canvas import ACCENT
from footprint.report.formatting import NOTHING, count, plural
from footprint.report.index.entries import IndexEntry, Trend, latest
from footprint.report.look import PageLook
from footprint.report.page import page
from footprint.report.section import Exhibit, Head, RecordingPart, Section, Table, TableColumn, VerdictBadge
from footprint.report.svg_canvas import Sheet

_MOST_EARLIER = 5
_WIDE, _HIGH, _RIM = 220.0, 36.0, 4.0


@dataclass(frozen=True, slots=True)
class IndexCard:
    """The latest recording of a scenario; `more` are the addresses and folders of earlier ones, the latest first."""

    entry: IndexEntry
    sparkline: str
    more: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """The first sentence of the answer."""
        first, dot, _ = self.entry.head.answer.partition(". ")
        return first + dot.strip()


def render_index(every: Sequence[IndexEntry], *, title: str = "", look: PageLook | None = None) -> str:
    """The HTML page of the recordings in a folder; its links are relative to that folder."""
    cards = tuple(
        IndexCard(
            entry,
            sparkline(entry.trend),
            tuple((other.address, other.folder.as_posix()) for other in others[:_MOST_EARLIER]),
        )
        for entry, others in latest(every)
    )
    section = Section("All recordings", "all", _lead(every), (Exhibit(tables=(_table(every),)),))
    part = RecordingPart("recordings", "Recordings", _head(every, cards), (section,))
    return page((part,), title or "Recordings", source="recordings", look=look, cards=cards)


def _head(every: Sequence[IndexEntry], cards: Sequence[IndexCard]) -> Head:
    bad = [card for card in cards if _is_bad(card.entry.head.verdicts)]
    scenarios = {entry.recording.scenario for entry in every}
    said = f"{plural(len(every), 'recording')} of {plural(len(scenarios), 'scenario')}"
    words = [f"{card.entry.folder.as_posix()}: {_told(card.entry.head.verdicts)}" for card in bad]
    answer = f"{said}. Of the latest, {'; '.join(words[:3])}{_others(len(words) - 3)}." if bad else f"{said}."
    return Head("Recordings", "What was recorded here, and what came out?", answer)


def _others(more: int) -> str:
    return f"; and {plural(more, 'other')}" if more > 0 else ""


def _told(verdicts: Sequence[VerdictBadge]) -> str:
    """The words of the verdicts; where one is bad only of the bad ones."""
    bad = [verdict.words for verdict in verdicts if verdict.look == "bad"]
    return "; ".join(bad or [verdict.words for verdict in verdicts]) or NOTHING


def _is_bad(verdicts: Sequence[VerdictBadge]) -> bool:
    return any(verdict.look == "bad" for verdict in verdicts)


def _lead(every: Sequence[IndexEntry]) -> str:
    dated = [entry.when for entry in every if entry.when]
    span = f", from {min(dated)[:10]} to {max(dated)[:10]}" if dated else ""
    return f"{plural(len(every), 'recording')}{span}."


def _table(every: Sequence[IndexEntry]) -> Table:
    columns = (
        TableColumn("folder"),
        TableColumn("scenario"),
        TableColumn("recorded (UTC)"),
        TableColumn("backend"),
        TableColumn("runs", number=True),
        TableColumn("verdict"),
        TableColumn("parameters"),
    )
    rows, marks = [], {}
    for n, entry in enumerate(every):
        recording, verdicts = entry.recording, entry.head.verdicts
        params = ", ".join(f"{name}={setting}" for name, setting in recording.params.items())
        rows.append(
            (
                entry.folder.as_posix(), recording.scenario, entry.when or NOTHING, recording.backend,
                count(len(recording.runs)), _told(verdicts), params or NOTHING,
            )
        )  # fmt: skip
        if verdicts:
            marks[n, 5] = "bad" if _is_bad(verdicts) else "good"
    links = {n: entry.address for n, entry in enumerate(every)}
    return Table("Every recording, the latest first", columns, tuple(rows), marks, folded=False, links=links)


def sparkline(trend: Trend | None) -> str:
    """The values as a line from zero, and a point at its end, as an SVG; empty without any."""
    if trend is None or not trend.values:
        return ""
    values = [max(float(each), 0.0) for each in trend.values]
    most, step = max(values) or 1.0, (_WIDE - 2 * _RIM) / max(len(values) - 1, 1)
    points = [(_RIM + step * n, _HIGH - _RIM - (_HIGH - 2 * _RIM) * value / most) for n, value in enumerate(values)]
    sheet = Sheet(_HIGH, _WIDE)
    sheet.line((0, _HIGH - 1), (_WIDE, _HIGH - 1), "--line")
    with sheet.group(trend.words):
        sheet.curve(points, ACCENT, 1.6)
        sheet.boxes([(points[-1][0] - 2.5, points[-1][1] - 2.5, 5, 5)], ACCENT)
    return sheet.svg(trend.words)
