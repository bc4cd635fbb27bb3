"""History: what each rule set makes of the same guest, with the published figures beside."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.metrics import METRICS
from footprint.recording.model import Published, Recording, Run
from footprint.report import references as refer
from footprint.report.bars import StackedBar, bar_picture, folded
from footprint.report.canvas import ACCENT
from footprint.report.formatting import NOTHING, figure, has_course, judged_at, percent, plural, signed, value
from footprint.report.section import Exhibit, LegendKey, Picture, PictureData, Section, Table, TableColumn

_PICTURES = (
    ("dispatches.created", "", "Dispatch trees built during the start-up", "trees built"),
    ("flatviews.created", "", "Views created during the start-up", "views created"),
    ("flatviews.alive", "", "Views in use", "views in use"),
    ("modelled.resident.peak", "modelled.bytes.peak", "Modelled bytes at the peak", "touched at the peak"),
)
"""Metric, the metric drawn pale behind it, the picture's title, and the column's heading."""

_STATE_PICTURES = (
    ("flatviews.alive", "", "Views in use", "views in use"),
    ("modelled.bytes", "", "Modelled bytes of views and dispatches", "modelled bytes"),
    ("nodes", "", "Radix nodes used", "nodes"),
    ("sections", "", "Sections", "sections"),
)
"""The same for a machine of which only what exists was recorded."""


def history(recording: Recording, held: Sequence[refer.Reference] = ()) -> Section | None:
    """The section; None if no run has any of its figures. `held` is what figures are held against."""
    pictures_of = _PICTURES if has_course(recording) else _STATE_PICTURES
    shown = [row for row in pictures_of if any(value(run, row[0]) is not None for run in recording.runs)]
    if not shown:
        return None
    pictures = tuple(_picture(recording, *row[:3], held) for row in shown if _compares(recording, row[0], held))
    tables = (_figures(recording, [(row[0], row[3]) for row in shown]), *_published(recording))
    data = PictureData(
        f"{recording.scenario}-history",
        ("rule set", *(row[0] for row in shown)),
        tuple((run.rules, *(value(run, row[0]) for row in shown)) for run in recording.runs),
    )
    return Section(
        "History" if len(recording.runs) > 1 else "The guest",
        "history",
        _lead(recording),
        (
            Exhibit(
                pictures,
                (*_keys(recording), *_limits(recording, held, [row[0] for row in shown])) if pictures else (),
                tables,
                data=data,
            ),
        ),
    )


def _compares(recording: Recording, name: str, held: Sequence[refer.Reference]) -> bool:
    """Whether bars of the metric stand beside anything: a bar alone says less than the table."""
    is_published = any(published.metric == name for published in recording.published)
    return len(recording.runs) > 1 or is_published or any(refer.about(held, name, run) for run in recording.runs)


def _lead(recording: Recording) -> str:
    if has_course(recording):
        several, single = "The same guest, started under each rule set", "What the start-up made"
    else:
        several, single = "The same machine, as it was, under each rule set", "What exists"
    said = [f"{several if len(recording.runs) > 1 else single}, read {judged_at(recording)}."]
    exact = [published for published in recording.published if published.exact]
    if exact:
        equal = sum(published_beside(recording, published) == published.value for published in exact)
        said.append(f"{equal} of {plural(len(exact), 'published figure')} that must come out exactly do.")
    if len(recording.published) > len(exact):
        said.append("The other published figures stand beside ours: they are no targets.")
    return " ".join(said)


def _keys(recording: Recording) -> tuple[LegendKey, ...]:
    keys = [LegendKey("--accent", "this model" if recording.backend == "model" else recording.backend)]
    if any(value(run, "modelled.bytes.peak") is not None for run in recording.runs):
        keys.append(LegendKey("--pale", "allocated, not touched"))
    if recording.published:
        keys.append(LegendKey("--mark", "published figure", "diamond"))
    return tuple(keys)


_LIMITS = (refer.BUDGET, refer.BASELINE)
"""Published figures have a column of their own here."""


def _limits(recording: Recording, held: Sequence[refer.Reference], names: Sequence[str]) -> tuple[LegendKey, ...]:
    shown = [row for run in recording.runs for name in names for row in refer.about(held, name, run, kinds=_LIMITS)]
    return refer.keys(shown)


def _picture(recording: Recording, name: str, behind: str, title: str, held: Sequence[refer.Reference]) -> Picture:
    """Bars of the metric `name`, over pale ones of `behind`."""
    rows = folded([_bar(recording, run, name, behind, held) for run in recording.runs])
    note = "In figures and solid: what is touched. Pale: all that is allocated." if behind else ""
    told = refer.note([row for run in recording.runs for row in refer.about(held, name, run, kinds=_LIMITS)])
    return bar_picture(title, rows, note=f"{note} {told}".strip(), ours="ours")


def _bar(recording: Recording, run: Run, name: str, behind: str, held: Sequence[refer.Reference]) -> StackedBar:
    ours, sample = value(run, name), run.sample()
    here = (None, sample.mark) if sample else (None,)
    beside = next(
        (
            published
            for published in recording.published
            if (published.metric, published.rules) == (name, run.rules) and published.mark in here
        ),
        None,
    )
    return StackedBar(
        run.rules,
        ((ours or 0, ACCENT),),
        figure(name, ours),
        behind=(value(run, behind) or 0) if behind else 0,
        published=beside.value if beside else None,
        published_text=figure(name, beside.value) if beside else "",
        runs=(run.rules,),
        against=refer.signs(refer.about(held, name, run, kinds=_LIMITS)),
    )


def _figures(recording: Recording, shown: list[tuple[str, str]]) -> Table:
    """The numbers behind the bars, with each rule set in words."""
    names = [name for name, _ in shown]
    headings = [heading for _, heading in shown]
    if "modelled.resident.peak" in names:
        names.append("modelled.bytes.peak")
        headings.append("allocated at the peak")
    return Table(
        "The figures, per rule set",
        (
            TableColumn("rule set"),
            TableColumn("what it is"),
            *(TableColumn(heading, number=True) for heading in headings),
        ),
        tuple(
            (run.rules, run.what or NOTHING, *(figure(name, value(run, name)) for name in names))
            for run in recording.runs
        ),
        folded=False,
    )


def published_beside(recording: Recording, published: Published) -> float | None:
    """Our figure for a published one; None where it was not run."""
    run = recording.run(published.rules)
    return value(run, published.metric, published.mark) if run else None


def _published(recording: Recording) -> tuple[Table, ...]:
    """Every published figure against ours, or no table."""
    if not recording.published:
        return ()
    columns = (
        TableColumn("figure"),
        TableColumn("rule set"),
        TableColumn("ours", number=True),
        TableColumn("published", number=True),
        TableColumn("difference", number=True),
        TableColumn("standing"),
        TableColumn("source"),
    )
    rows, marks = [], {}
    for n, published in enumerate(recording.published):
        ours = published_beside(recording, published)
        rows.append(_against(published, ours))
        if published.exact and ours is not None:
            marks[n, 5] = "good" if ours == published.value else "bad"
    return (Table("Published figures beside ours", columns, tuple(rows), marks, folded=False),)


def _against(published: Published, ours: float | None) -> tuple[str, ...]:
    name = METRICS[published.metric].what if published.metric in METRICS else published.metric
    name += f", at “{published.mark}”" if published.mark else ""
    difference, standing = NOTHING, "stands beside"
    if ours is None:
        standing = "not run here"
    elif ours == published.value:
        difference = "none"
    else:
        gap = ours - published.value
        difference = (
            f"{signed(published.metric, gap)} ({'+' if gap > 0 else '−'}{percent(abs(gap), abs(published.value))})"
        )
    if published.exact and ours is not None:
        standing = "exact" if ours == published.value else "should be exact"
    return (
        name,
        published.rules,
        figure(published.metric, ours),
        figure(published.metric, published.value),
        difference,
        standing,
        published.source,
    )
