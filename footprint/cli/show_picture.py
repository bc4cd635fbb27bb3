"""A recording on a terminal: the answer, its verdicts, bars, who owns what, and how it went, in one screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from footprint.cli.sparkline import BLOCKS, DIGITS, sparkline
from footprint.cli.table import GAP, Column, print_table
from footprint.cli.terminal import say, say_wrapped, speaks, width

if TYPE_CHECKING:
    from footprint.recording.model import Recording, Run, Sample

DRAWN = ("modelled.bytes.peak", "flatviews.alive", "process.rss", "modelled.bytes")
"""What the bars show: the first of these that was read of every run."""
BESIDE = ("modelled.bytes.peak", "flatviews.created", "flatviews.alive", "process.rss", "process.rss.peak")
"""What stands beside them in figures."""
_HEADS = {
    "modelled.bytes.peak": "peak",
    "modelled.bytes": "bytes",
    "flatviews.created": "created",
    "flatviews.alive": "alive",
    "process.rss": "RSS",
    "process.rss.peak": "RSS peak",
}
NARROWEST = 72
"""Columns that the bars need; a narrower terminal gets the table."""
MOST_ROWS, MOST_OWNERS = 14, 4
_MOST_BAR, _LEAST_BAR = 30, 6
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """Rule sets with equal figures: the first and the last by name, what the bar shows, and all figures in words."""

    first: str
    last: str
    value: float
    texts: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the row is called."""
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


def bar(value: float, most: float, columns: int) -> str:
    """A bar of `columns` for `most`, to an eighth of a column; of ``#`` where the output has no blocks."""
    eighths = round(8 * columns * value / most) if most > 0 else 0
    if value > 0:
        eighths = max(eighths, 1)
    if not speaks(_EIGHTHS):
        return "#" * -(-eighths // 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def print_head(recording: Recording) -> None:
    """The question, the answer, and the verdicts in their colours."""
    from footprint.report.summary import answer, verdicts

    if recording.question:
        say_wrapped(recording.question, hang="")
    say_wrapped(recording.answer or answer(recording), hang="")
    signs = {"good": ("✓", "green"), "bad": ("✗", "red")}
    for verdict in verdicts(recording):
        sign, colour = signs.get(verdict.look, ("?", "yellow"))
        say(f"{sign if speaks(sign) else {'✓': 'yes:', '✗': 'no:'}.get(sign, sign)} {verdict.words}", colour=colour)


def print_bars(
    titles: Sequence[str], read: Sequence[tuple[Run, Sample]], text_of: Callable[[str, float | None], str]
) -> None:
    """A row for each rule set, or for neighbours with equal figures, with a bar."""
    drawn = next((name for name in DRAWN if all(name in sample.metrics for _, sample in read)), "")
    names = [name for name in BESIDE if any(name in sample.metrics for _, sample in read)][:3] or list(
        read[0][1].metrics
    )[:3]
    rows = _folded(read, drawn, names, text_of)
    shown, room = rows[:MOST_ROWS], width() or NARROWEST
    columns = [Column("rules", "name"), *(Column(_HEADS.get(name, name)) for name in names)]
    cells = [[row.label, *row.texts] for row in shown]
    if drawn and len(rows) > 1:
        used = sum(
            max(len(line[n]) for line in [[each.head for each in columns], *cells]) + GAP for n in range(len(columns))
        )
        columns_of_bar = min(max(room - used, _LEAST_BAR), _MOST_BAR)
        most = max(row.value for row in rows)
        columns.append(Column(f"{_HEADS[drawn]}, drawn", "name", extra=1))
        for line, row in zip(cells, shown, strict=True):
            line.append(bar(row.value, most, columns_of_bar))
    print_table(titles, columns, cells)
    if len(rows) > len(shown):
        say(f"and {len(rows) - len(shown)} more rows (--all shows every rule set)")


def _folded(
    read: Sequence[tuple[Run, Sample]], drawn: str, names: Sequence[str], text_of: Callable[[str, float | None], str]
) -> list[RuleRow]:
    """The rows, neighbours with equal figures as one; a what-if, which no QEMU was, keeps its own."""
    rows: list[RuleRow] = []
    for run, sample in read:
        texts = tuple(text_of(name, sample.metrics.get(name)) for name in names)
        row = RuleRow(run.rules, run.rules, max(sample.metrics.get(drawn, 0), 0), texts)
        last = rows[-1] if rows else None
        if last and "," not in run.rules + last.last and last.texts == row.texts:
            rows[-1] = replace(last, last=run.rules)
        else:
            rows.append(row)
    return rows


def print_owners(recording: Recording) -> None:
    """Who owns what is alive under the newest rule set that a QEMU had, by type of device."""
    from footprint.recording.model import SHARED
    from footprint.report.owners import MACHINE, SEVERAL
    from footprint.units import bytes_text, count_text

    told = [run for run in recording.runs if run.owner_shares]
    run = next((run for run in reversed(told) if "," not in run.rules), told[-1] if told else None)
    if run is None:
        return
    in_bytes = any(share.bytes for share in run.owner_shares)
    owned: dict[str, int] = {}
    for share in run.owner_shares:
        whose = share.device or (SEVERAL if share.name == SHARED else MACHINE)
        owned[whose] = owned.get(whose, 0) + (share.bytes if in_bytes else share.views)
    order = sorted(((whose, n) for whose, n in owned.items() if n), key=lambda row: -row[1])
    shown, rest = order[:MOST_OWNERS], order[MOST_OWNERS:]
    if rest:
        shown.append((f"{len(rest)} more types", sum(n for _, n in rest)))
    if not shown:
        return
    total, text_of = sum(owned.values()), bytes_text if in_bytes else count_text
    say()
    say_wrapped(f"who owns what is alive under {run.rules}: {text_of(total)}{'' if in_bytes else ' views'}")
    widest, figures = (
        max(len(text) for text in texts) for texts in ([w for w, _ in shown], [text_of(n) for _, n in shown])
    )
    room = min(max((width() or NARROWEST) - widest - figures - 3 * GAP - 6, _LEAST_BAR), _MOST_BAR)
    for whose, n in shown:
        part = f"{100 * n / total:.1f} %"
        say(f"{whose:<{widest}}  {text_of(n):>{figures}}  {part:>6}  {bar(n, total, room)}")


def print_course(recording: Recording) -> None:
    """How many views were allocated, commit by commit, under the rule set that had most."""
    from footprint.units import count_text

    timed = [(run.rules, run.timeline) for run in recording.runs if run.timeline and run.timeline.commits]
    if not timed:
        return
    rules, course = max(timed, key=lambda pair: max(map(sum, zip(pair[1].alive, pair[1].waiting, strict=False))))
    allocated = [alive + waiting for alive, waiting in zip(course.alive, course.waiting, strict=False)]
    say()
    say_wrapped(
        f"views allocated under {rules}, from commit 1 to {count_text(course.commits[-1])}: at most "
        f"{count_text(max(allocated))}, {count_text(allocated[-1])} at the end"
    )
    print_line(allocated)


def print_line(values: Sequence[float]) -> None:
    """The values as a line of blocks."""
    columns = min(width() or NARROWEST, NARROWEST)
    say(sparkline(values, columns, BLOCKS if speaks(BLOCKS) else DIGITS))
