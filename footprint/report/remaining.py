"""What remains: the objects that a destroyed machine left, by kind, each named with its owner and holder."""

from __future__ import annotations

from footprint.recording.model import Recording, Run
from footprint.report.bars import StackedBar, bar_picture, folded
from footprint.report.canvas import BROAD, SERIES
from footprint.report.formatting import count, listed, plural, value
from footprint.report.section import Exhibit, LegendKey, Picture, Section, Table, TableColumn

_KINDS = ("region", "address space", "view", "more")
_EMPTY_VIEW = "empty view"


def remaining(recording: Recording) -> Section | None:
    """The section; None where nothing is left but the one empty view, and no reader went wrong."""
    runs = [run for run in recording.runs if run.sample("destroyed") is not None]
    if not any(_left(run) or _wrong(run) for run in runs):
        return None
    keys = tuple(
        LegendKey(f"--s{n}", words) for n, words in enumerate(("regions", "address spaces", "views", "not named"))
    )
    tables = (*_readers(runs), *(_names(run) for run in runs if _left(run)))
    return Section("What remains", "remaining", _lead(runs), (Exhibit((_picture(runs),), keys, tables),))


def _left(run: Run) -> int:
    return sum(row.count for row in run.remaining if row.kind != _EMPTY_VIEW)


def _wrong(run: Run) -> bool:
    return any(value(run, f"flatviews.{what}", "destroyed") for what in ("freed_in_use", "freed_twice"))


def _lead(runs: list[Run]) -> str:
    leaving, wrong = [run for run in runs if _left(run)], [run.rules for run in runs if _wrong(run)]
    said = [
        "A machine that is destroyed gives back its address spaces, views and regions. After the last grace period "
        f"nothing is left in {plural(len(runs) - len(leaving), 'run')} of {count(len(runs))}, but the one empty view "
        "where there is one."
    ]
    said += [f"{run.rules} leaves {plural(_left(run), 'object')}." for run in leaving]
    if wrong:
        said.append(f"Under {listed(wrong)} a reader used a view that was freed beneath it.")
    return " ".join(said)


def _picture(runs: list[Run]) -> Picture:
    rows = []
    for run in runs:
        of_kind = {kind: sum(row.count for row in run.remaining if row.kind == kind) for kind in _KINDS}
        parts = tuple((float(of_kind[kind]), SERIES[n]) for n, kind in enumerate(_KINDS))
        rows.append(StackedBar(run.rules, parts, count(_left(run)), runs=(run.rules,)))
    title = "Objects left after destruction"
    return bar_picture(title, folded(rows), broad=BROAD, note="Nothing at all is what a machine should leave.")


def _readers(runs: list[Run]) -> tuple[Table, ...]:
    """What happened to views that a reader held, if there was one that mattered."""
    names = {"held": "held only by a reader", "freed_in_use": "freed while used", "freed_twice": "freed twice"}
    figures = [[value(run, f"flatviews.{name}", "destroyed") or 0 for name in names] for run in runs]
    if not any(map(any, figures)):
        return ()
    rows = tuple((run.rules, *map(count, of_run)) for run, of_run in zip(runs, figures, strict=True))
    marks = {(y, x + 1): "bad" for y, of_run in enumerate(figures) for x, n in enumerate(of_run) if n}
    heads = (TableColumn("rule set"), *(TableColumn(words, number=True) for words in names.values()))
    return (Table("Views that a reader used, and what became of them", heads, rows, marks, folded=False),)


def _names(run: Run) -> Table:
    heads = ("kind", "name", "owner", "held by")
    rows = tuple((row.kind, row.name, row.owner, row.holder, count(row.count)) for row in run.remaining)
    columns = (*map(TableColumn, heads), TableColumn("how many", number=True))
    return Table(f"Everything that is left under {run.rules}", columns, rows)
