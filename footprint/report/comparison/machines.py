"""Both machines side by side: who shares which view in each, and the ranges that only one of them shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from footprint.recording.model import Run, View
from footprint.report.comparison.pairing import ComparedRecordings
from footprint.report.formatting import count, listed, plural
from footprint.report.machine.sharing import sharing, users
from footprint.report.machine.spans import Span, extent, short, spans
from footprint.report.machine.tables import views_table
from footprint.report.section import Exhibit, Picture, Section, Table, TableColumn

_MOST_ROWS = 200

OwnedRange = tuple[str, str, int, int, str, str]
"""The device and the root of a view, and a range that it shows: start, end, region, kind."""


def machines(both: ComparedRecordings) -> Section | None:
    """The section; None where one of the two did not keep its views."""
    mine, yours = both.runs
    if not mine.views or not yours.views:
        return None
    halves = tuple(
        Exhibit(
            (Picture(_alive(run), sharing(run.views)),),
            tables=(views_table(run.views),),
            title=f"{name}: who shares which view",
        )
        for name, run in zip(both.names, (mine, yours), strict=True)
    )
    only = _ranges(mine.views) - _ranges(yours.views), _ranges(yours.views) - _ranges(mine.views)
    changed = sum(map(len, only))
    lead = (
        "Every range of every recorded view is in both."
        if not changed
        else f"{listed(_shown_only(*each) for each in zip(only, both.names, strict=True))}."
    )
    tables = (_table(only, both),) if changed else ()
    return Section(
        "Both machines",
        "machines",
        f"{lead[0].upper()}{lead[1:]}",
        (*halves, *([Exhibit(tables=tables)] if tables else [])),
    )


def _shown_only(ranges: Counter[OwnedRange], name: str) -> str:
    """``no range is only in before``, ``8 ranges are only in after``."""
    return (
        f"{plural(len(ranges), 'range') if ranges else 'no range'} {'are' if len(ranges) > 1 else 'is'} only in {name}"
    )


def _alive(run: Run) -> str:
    views = sum(view.alike + 1 for view in run.views)
    return f"{plural(views, 'view')} for {plural(sum(map(users, run.views)), 'address space')}"


def _ranges(views: Sequence[View]) -> Counter[OwnedRange]:
    """Every range of every view, as often as it is shown."""
    shown: Counter[OwnedRange] = Counter()
    for view in views:
        for span in spans(view):
            shown[_key(view, span)] += 1 + max(view.alike, 0)
    return shown


def _key(view: View, span: Span) -> OwnedRange:
    return view.device, view.root, span.start, span.end, span.name, span.kind


def _table(only: tuple[Counter[OwnedRange], Counter[OwnedRange]], both: ComparedRecordings) -> Table:
    columns = (
        TableColumn("view"),
        TableColumn("shown only in"),
        *(TableColumn(label, number=True) for label in ("start", "end", "size")),
        TableColumn("region"),
        TableColumn("kind"),
        TableColumn("in how many views", number=True),
    )
    every = sorted(
        ((key, name, times) for ranges, name in zip(only, both.names, strict=True) for key, times in ranges.items()),
        key=lambda row: (row[0][:4], row[1]),
    )
    rows = tuple(
        (
            short(f"{root}, private to {device}" if device else root),
            name,
            f"{start:#x}",
            f"{end:#x}",
            extent(end - start),
            region,
            kind,
            count(times),
        )
        for (device, root, start, end, region, kind), name, times in every[:_MOST_ROWS]
    )
    more = f", {count(_MOST_ROWS)} of {count(len(every))}" if len(every) > _MOST_ROWS else ""
    return Table(f"Ranges that only one of the two shows{more}, ends not included", columns, rows)
