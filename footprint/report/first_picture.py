"""The one picture of the first screen: whatever shows the answer best, of what the recording has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from footprint.recording.metrics import METRICS, MetricKind, metric
from footprint.recording.model import DESTROYED, Recording, Run, Sample
from footprint.report import references as refer
from footprint.report.bars import StackedBar, bars, folded
from footprint.report.canvas import ACCENT, BROAD, WIDTH
from footprint.report.cpus import cpus
from footprint.report.flash import flash
from footprint.report.formatting import count, figure, has_course, judged_at, listed, plural, size, value
from footprint.report.lines import Curve, Level, Scale, lines
from footprint.report.lookups import lookups
from footprint.report.machine.sharing import sharing, sharing_data
from footprint.report.map_curve import map_curve
from footprint.report.owners import owners_picture, rules_text, runs_alike
from footprint.report.remaining import remaining
from footprint.report.section import Exhibit, LegendKey, Picture, PictureData, Section
from footprint.report.slots import slots
from footprint.verdict.scenario_growth import KEPT, growths
from footprint.verdict.verdict import Answer

_ZIGZAG = 40
"""Cycles that are drawn mark by mark; more are drawn as a band."""
_LEAST_ROWS = 2
"""A bar alone compares nothing."""
_MOST_ROWS = 14
_MOST_NAMED = 8


def first_picture(recording: Recording, held: Sequence[refer.Reference] = ()) -> Exhibit | None:
    """Its own story's picture; or cycles, what remains, rule sets beside each other, who owns or who shares what.

    `held` is what its figures are held against.
    """
    return (
        _story(recording, _STORIES)
        or _cycles(recording, held)
        or _story(recording, (remaining,))
        or _rule_sets(recording, held)
        or _owned(recording)
        or _shared(recording)
    )


_STORIES = (lookups, slots, cpus, map_curve, flash)
"""Sections about one question alone: where there is one, that is what the page is about."""


def _story(recording: Recording, stories: Sequence[Callable[[Recording], Section | None]]) -> Exhibit | None:
    """The first picture of such a section, as wide as the page."""
    exhibits = (section.exhibits[0] for story in stories if (section := story(recording)) is not None)
    told = next((exhibit for exhibit in exhibits if exhibit.pictures), None)
    if told is None:
        return None
    first = told.pictures[0]
    large = replace(first, wide=first.draw(BROAD), spans=True) if first.draw else first
    return Exhibit((large,), told.keys)


# Section: rule sets beside each other


def _rule_sets(recording: Recording, held: Sequence[refer.Reference]) -> Exhibit | None:
    """A bar for each rule set, with the figures that say most."""
    name, behind, more = _told(recording)
    if not name:
        return None
    rows = folded([_bar(run, name, behind, more, held) for run in recording.runs])
    if len(rows) < _LEAST_ROWS:
        return None
    title = f"{_titled(name)} under each rule set, {judged_at(recording)}"
    said = f"{title}. {listed(f'{row.label}: {row.text}' for row in rows[:_MOST_ROWS])}."
    heads = [_head(metric) for metric in more]
    rest = f"{plural(len(rows) - _MOST_ROWS, 'more row')} in the section below." if len(rows) > _MOST_ROWS else ""
    told = [row for run in recording.runs for row in refer.about(held, name, run)]
    # A phone has room for the bars and the figures that they show.
    few = 1 if behind else 0
    slim = [replace(row, more=row.more[:few]) for row in rows[:_MOST_ROWS]]
    picture = Picture(
        title,
        bars(slim, said, ours=_head(name) if few else "", more=heads[:few]),
        f"{refer.note(told)} {rest}".strip(),
        bars(rows[:_MOST_ROWS], said, ours=_head(name), more=heads, width=BROAD),
        spans=True,
    )
    keys: tuple[LegendKey, ...] = (
        (LegendKey("--accent", "touched"), LegendKey("--pale", "allocated, not touched")) if behind else ()
    )
    keys += refer.keys(told)
    data = PictureData(
        f"{recording.scenario}-rule-sets",
        ("rule set", name, *([behind] if behind else []), *more),
        tuple(
            (run.rules, *(value(run, metric) for metric in (name, *([behind] if behind else []), *more)))
            for run in recording.runs
        ),
    )
    return Exhibit((picture,), keys, data=data)


def _told(recording: Recording) -> tuple[str, str, tuple[str, ...]]:
    """The metric drawn, the one drawn pale behind it, and those told beside; no name where no metric tells."""
    read = {name for run in recording.runs if (sample := run.sample()) for name in sample.metrics}
    own = [name for name in recording.telling if name in read]
    if own:
        return own[0], "", tuple(own[1:4])
    wanted = (
        (
            "modelled.resident.peak",
            "modelled.bytes.peak",
            ("modelled.bytes.peak", "flatviews.created", "flatviews.alive"),
        )
        if has_course(recording)
        else ("modelled.bytes", "", ("flatviews.alive", "nodes", "sections"))
    )
    if wanted[0] in read:
        return wanted
    telling = [name for name in METRICS if name in read and _differs(recording, name)]
    return (telling[0], "", tuple(telling[1:4])) if telling else ("", "", ())


def _differs(recording: Recording, name: str) -> bool:
    return len({value(run, name) for run in recording.runs}) > 1


def _bar(run: Run, name: str, behind: str, more: Sequence[str], held: Sequence[refer.Reference]) -> StackedBar:
    return StackedBar(
        run.rules,
        ((value(run, name) or 0, ACCENT),),
        figure(name, value(run, name)),
        behind=(value(run, behind) or 0) if behind else 0,
        more=tuple(figure(metric, value(run, metric)) for metric in more),
        runs=(run.rules,),
        against=refer.signs(refer.about(held, name, run)),
    )


_HEADS = {
    "modelled.resident.peak": "touched",
    "modelled.bytes.peak": "allocated",
    "modelled.bytes": "bytes",
    "flatviews.created": "views created",
    "flatviews.alive": "in use",
}
_TITLES = {
    "modelled.resident.peak": "Memory for views at the peak",
    "modelled.bytes": "Memory for views",
    "flatviews.alive": "Views in use",
    "address_spaces": "Address spaces",
    KEPT: "Views created and not freed",
    "process.rss": "Resident memory of the process",
    "process.uss": "Memory that only this process has",
    "flash.all": "What the image costs in all",
}


def _head(name: str) -> str:
    return _HEADS.get(name, name)


def _titled(name: str) -> str:
    what = metric(name).what if name in METRICS or name.startswith("listener.") else name
    return _TITLES.get(name, f"{what[0].upper()}{what[1:]}")


# Section: cycles


def _cycles(recording: Recording, held: Sequence[refer.Reference]) -> Exhibit | None:
    """A line for each rule set over the cycles, of what grows, or else of the views."""
    name = _followed(recording)
    if not name:
        return None
    hues: dict[object, int] = {}
    curves = []
    for run in recording.runs:
        xs, ys, lows = _course(run, name)
        if ys:
            curves.append(Curve(run.rules, xs, ys, hues.setdefault((xs, ys, lows), len(hues)), (run.rules,), lows))
    if not curves:
        return None
    marks = list(dict.fromkeys(mark for run in recording.runs for mark in _cycled(run)))
    is_band = any(curve.lows for curve in curves)
    step = recording.accumulates or "cycle"
    note = f"Each {step} from its lowest to its highest mark: {listed(marks)}." if is_band else ""
    if not is_band and len(marks) > 1:
        note = f"Read at {listed(f'“{mark}”' for mark in marks)} of each {step}."
    scale = Scale(size, 1024) if name in METRICS and METRICS[name].unit == "bytes" else Scale(count)
    title = f"{_titled(name)}, {step} by {step}"
    said = f"{title}. " + "; ".join(
        f"{line.label}: {scale.text(line.ys[0])} to {scale.text(line.ys[-1])}" for line in curves[:_MOST_NAMED]
    )
    words = METRICS[name].unit if name in METRICS else name
    told = [row for run in recording.runs for row in refer.about(held, name, run)]
    note = f"{note} {refer.note(told)}".strip()
    levels = [Level(float(row.value), row.words, row.kind, row.rules) for row in told]
    drawn = [
        lines(curves, f"{said}.", scale, upwards=words, along=step, width=width, levels=levels)
        for width in (WIDTH, BROAD)
    ]
    data = PictureData(
        f"{recording.scenario}-cycles",
        ("rule set", "mark", "cycle", name),
        tuple(
            (run.rules, sample.mark, sample.cycle, read)
            for run in recording.runs
            for sample in run.samples
            if (read := _read(sample, name)) is not None
        ),
    )
    return Exhibit((Picture(title, drawn[0], note, drawn[1], spans=True),), refer.keys(told), data=data)


def _followed(recording: Recording) -> str:
    """The metric to follow over the cycles, if there are any: what leaks, what grows on purpose, or the views."""
    judged = growths(recording)
    if not judged:
        return ""
    order = ("modelled.bytes", "address_spaces", "process.uss", "flatviews.alive", KEPT)
    for told in ([g for g in judged if g.verdict is Answer.LEAK], [g for g in judged if g.is_wanted]):
        names = {growth.metric for growth in told}
        if names:
            return next((name for name in order if name in names), sorted(names)[0])
    names = {growth.metric for growth in judged}
    exact = [name for name in names if name in METRICS and METRICS[name].kind is MetricKind.EXACT]
    return next((name for name in ("flatviews.alive", "address_spaces") if name in names), sorted(exact or names)[0])


def _cycled(run: Run) -> list[str]:
    """The marks that come again."""
    cycles: dict[str, set[int]] = {}
    for sample in run.samples:
        cycles.setdefault(sample.mark, set()).add(sample.cycle)
    return [mark for mark, numbers in cycles.items() if len(numbers) > 1]


def _read(sample: Sample, name: str) -> float | None:
    if name == KEPT and {"flatviews.created", "flatviews.freed"} <= sample.metrics.keys():
        return sample.metrics["flatviews.created"] - sample.metrics["flatviews.freed"]
    return sample.metrics.get(name)


def _course(run: Run, name: str) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """The places and values of a run; of many cycles the highest of each, and as a band the lowest."""
    marks = _cycled(run)
    told = [
        (sample, read)
        for sample in run.samples
        if sample.mark != DESTROYED and (read := _read(sample, name)) is not None
    ]
    by_cycle: dict[int, list[float]] = {}
    places: list[tuple[float, float]] = []
    for sample, read in told:
        by_cycle.setdefault(sample.cycle, []).append(read)
        before_end = len(marks) - 1 - marks.index(sample.mark) if sample.mark in marks else 0
        places.append((sample.cycle - before_end / max(len(marks), 1), read))
    if len(by_cycle) <= _ZIGZAG:
        return tuple(x for x, _ in places), tuple(y for _, y in places), ()
    cycles = tuple(float(cycle) for cycle in by_cycle)
    highs, lows = tuple(map(max, by_cycle.values())), tuple(map(min, by_cycle.values()))
    return cycles, highs, lows if lows != highs else ()


# Section: who owns and who shares what


def _owned(recording: Recording) -> Exhibit | None:
    """Who owns what is alive, where only one rule set is told of."""
    alike = runs_alike(recording)
    if not alike or not sum(share.views for share in alike[-1][1]):
        return None
    runs, shares = alike[-1]
    drawn = [owners_picture(runs, shares, width=width) for width in (WIDTH, BROAD)]
    note = "From top to bottom: all that is alive, the types of its owners, their devices, the roots of their views."
    picture = Picture(f"Who owns what is alive under {rules_text(runs)}", drawn[0], note, drawn[1], spans=True)
    return Exhibit((picture,), runs=tuple(run.rules for run in runs))


def _shared(recording: Recording) -> Exhibit | None:
    """Which address spaces use which view, of the last run that kept its views."""
    run = next((run for run in reversed(recording.runs) if run.views), None)
    if run is None:
        return None
    title = f"Who shares which view under {run.rules}"
    data = sharing_data(run.views, f"sharing-{run.rules}")
    return Exhibit((Picture(title, sharing(run.views)),), data=data, runs=(run.rules,))
