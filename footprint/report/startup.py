"""Start-up: what waits for the grace period, commit by commit."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording, Timeline
from footprint.report import references as refer
from footprint.report.canvas import COLUMN, WIDTH
from footprint.report.formatting import count, plural, size
from footprint.report.lines import Curve, Level, Scale, lines, thinned
from footprint.report.section import Exhibit, Picture, PictureData, Section, Table, TableColumn

_MOST_ROWS = 1000

Timed = tuple[tuple[str, Timeline], ...]


def startup(recording: Recording, held: Sequence[refer.Reference] = ()) -> Section | None:
    """The section; None if no run kept a timeline. `held` is what figures are held against."""
    timed: Timed = tuple(
        (run.rules, run.timeline) for run in recording.runs if run.timeline and _drawable(run.timeline)
    )
    if not timed:
        return None
    limits = {
        column: [row for run in recording.runs if run.timeline for row in refer.about(held, name, run)]
        for column, name in (("bytes", "modelled.bytes.peak"), ("alive", "flatviews.alive"))
    }
    pictures = (
        _picture(
            timed, (), "waiting", "Views waiting for the grace period", "views waiting",
            "Each line climbs with every commit and falls when the grace period ends. Runs alike share a colour.",
        ),
        _picture(
            timed, limits["bytes"], "bytes", "Modelled bytes allocated", "bytes allocated",
            "For views waiting and in use.",
        ),
        _picture(
            timed, limits["alive"], "alive", "Views in use", "views in use",
            "On a scale of its own: a small part of what is allocated.",
        ),
        _picture(
            timed, (), "waiting", "Views waiting, each step ten times the one below", "views waiting",
            "The same as the first picture, on a scale that shows the small ones too.", tenfold=True,
        ),
    )  # fmt: skip
    shown = Exhibit(
        pictures,
        refer.keys([*limits["bytes"], *limits["alive"]]),
        (_table(timed),),
        data=_data(recording.scenario, timed),
    )
    return Section("Start-up", "start-up", _lead(timed), (shown,))


def _drawable(times: Timeline) -> bool:
    """It has points, and its columns are of equal length."""
    columns = (times.commits, times.alive, times.waiting, times.bytes)
    return bool(times.commits) and len({len(column) for column in columns}) == 1


def _lead(timed: Timed) -> str:
    """The run that let most views wait, in a sentence."""
    rules, most = max(timed, key=lambda pair: max(pair[1].waiting))
    at = most.waiting.index(max(most.waiting))
    share = f"{plural(max(most.waiting), 'view')} of {rules} wait at commit {count(most.commits[at])}"
    return (
        "A commit that rebuilds the views releases the old ones, and they stay allocated until a grace period ends. "
        f"At the most, {share}, with "
        f"{plural(most.alive[at], 'view')} in use."
    )


def _picture(
    timed: Timed, limits: Sequence[refer.Reference], column: str, title: str, upwards: str, note: str, *,
    tenfold: bool = False,
) -> Picture:  # fmt: skip
    """One picture: the `column` of every timeline. Runs whose views wait alike share a colour."""
    hues: dict[tuple[int, ...], int] = {}
    drawn = [
        Curve(rules, times.commits, getattr(times, column), hues.setdefault(times.waiting, len(hues)), (rules,))
        for rules, times in timed
    ]
    scale = Scale(size, 1024) if column == "bytes" else Scale(count, tenfold=tenfold)
    levels = [Level(float(row.value), row.words, row.kind, row.rules) for row in limits]
    said = "; ".join(f"{line.label} at most {scale.text(max(line.ys))}" for line in drawn)
    label = f"{title} over the commits of the start-up. {said}."
    narrow, wide = (
        lines(drawn, label, scale, upwards=upwards, along="commit", width=width, levels=levels)
        for width in (WIDTH, COLUMN)
    )
    return Picture(title, narrow, f"{note} {refer.note(limits)}".strip(), wide)


def _data(scenario: str, timed: Timed) -> PictureData:
    """Points of every line, so many that all of them are a table of bearable length; peaks are among them."""
    rows: list[tuple[str | float, ...]] = []
    for rules, times in timed:
        kept = set(thinned(times.commits, times.waiting, max(_MOST_ROWS // len(timed), 4))[0])
        columns = zip(times.commits, times.alive, times.waiting, times.bytes, strict=True)
        rows += [(rules, *point) for point in columns if point[0] in kept]
    return PictureData(
        f"{scenario}-start-up", ("rule set", "commit", "views in use", "views waiting", "bytes"), tuple(rows)
    )


def _table(timed: Timed) -> Table:
    columns = ("commits", "most views waiting", "at commit", "most views in use", "most bytes", "bytes at the end")
    return Table(
        "The highest and the last points of the lines",
        (TableColumn("rule set"), *(TableColumn(label, number=True) for label in columns)),
        tuple(
            (
                rules,
                count(times.commits[-1]),
                count(max(times.waiting)),
                count(times.commits[times.waiting.index(max(times.waiting))]),
                count(max(times.alive)),
                size(max(times.bytes)),
                size(times.bytes[-1]),
            )
            for rules, times in timed
        ),
    )
