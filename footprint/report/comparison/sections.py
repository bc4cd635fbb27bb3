"""The sections of a comparison: counts, owners of views, both machines, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.gate.compare import MetricPair
from footprint.gate.views import OwnedViews, views_by_owner
from footprint.recording.metrics import METRICS
from footprint.recording.model import DESTROYED
from footprint.report.comparison.machines import machines
from footprint.report.comparison.pairing import ComparedRecordings, telling
from footprint.report.comparison.sentences import ratio
from footprint.report.formatting import NOTHING, count, figure, listed, percent, plural, signed
from footprint.report.paired_bars import FIRST, SECOND, BarPair, paired_bars
from footprint.report.section import Exhibit, LegendKey, Picture, PictureData, Section, Table, TableColumn

_MOST_BARS = 8
_MOST_ROWS = 200


def sections(both: ComparedRecordings) -> tuple[Section, ...]:
    """All sections that the two recordings have something for."""
    made = (_counts(both), _owners(both), machines(both), _measured(both), _pairs(both))
    return tuple(section for section in made if section)


def keys(both: ComparedRecordings) -> tuple[LegendKey, LegendKey]:
    """The legend of every picture of both."""
    return LegendKey(FIRST, both.names[0]), LegendKey(SECOND, both.names[1])


def first_pictures(both: ComparedRecordings) -> Exhibit | None:
    """The pictures of the first screen: the counts, and whose the views are."""
    pictures = (*_counts_picture(both), *_owners_picture(both))
    lines = telling(both.most)
    rows = tuple((line.metric, line.mark, line.cycle, line.first, line.second) for line in lines)
    data = PictureData("counts", ("metric", "mark", "cycle", *both.names), rows)
    return Exhibit(pictures, keys(both), data=data) if pictures else None


def _counts_picture(both: ComparedRecordings) -> tuple[Picture, ...]:
    lines = telling(both.most)
    differing = [line for line in lines if not line.is_equal]
    if not lines:
        return ()
    shown = differing or lines
    note = f"Each row has its own scale{_cut(len(shown), 'in the table')}."
    title = "The counts that differ" if differing else "Every count that both have"
    return (_bars(shown[:_MOST_BARS], both, title, note),)


def _counts(both: ComparedRecordings) -> Section | None:
    lines = telling(both.most)
    if not lines:
        return None
    real = both.is_model_beside_real
    differing = [line.metric for line in lines if not line.is_equal]
    verdict = (
        f"{_verb(differing, 'differs', 'differ')} of {plural(len(lines), 'count')}."
        if differing
        else f"All {plural(len(lines), 'count')} are equal."
    )
    runs = f"{both.most.first} beside {both.most.second}"
    lead = (
        f"{'The model under ' if real else ''}{runs}, each count where it differs most, or else where it was read last."
    )
    return Section(
        "Model beside real" if real else "Counts side by side",
        "counts",
        f"{lead} {verdict}",
        (Exhibit(tables=(_table(lines, both, "Every count that both have"),)),),
    )


def _verb(names: Sequence[str], singular: str, plural_verb: str) -> str:
    """``nodes differs``, ``nodes and sections differ``, ``7 differ``."""
    return f"{count(len(names))} {singular if len(names) == 1 else plural_verb}"


def _cut(rows: int, where: str) -> str:
    return f"; {count(rows - _MOST_BARS)} more are {where}" if rows > _MOST_BARS else ""


def _bars(lines: Sequence[MetricPair], both: ComparedRecordings, title: str, note: str) -> Picture:
    rows = [
        BarPair(
            line.metric,
            (line.first, line.second),
            (figure(line.metric, line.first), figure(line.metric, line.second)),
            "" if line.is_equal else ratio(line),
            METRICS[line.metric].what if line.metric in METRICS else "",
        )
        for line in lines
    ]
    names = both.names
    said = listed(f"{row.label}: {row.texts[0]} in {names[0]}, {row.texts[1]} in {names[1]}" for row in rows)
    return paired_bars(title, rows, f"{title}. {said}.", note)


def _table(lines: Sequence[MetricPair], both: ComparedRecordings, caption: str) -> Table:
    real = both.is_model_beside_real
    columns = (
        TableColumn("figure"),
        TableColumn("read at"),
        *(TableColumn(name, number=True) for name in both.names),
        TableColumn("error" if real else "change", number=True),
        TableColumn("standing"),
    )
    rows, marks = [], {}
    equal = "exact" if real else "equal"
    for n, line in enumerate(lines):
        at = f"{line.mark} {line.cycle}" if line.cycle else line.mark
        values = (figure(line.metric, line.first), figure(line.metric, line.second))
        standing = (equal if line.is_equal else "differs") if line.judged else "not judged"
        rows.append((line.metric, at, *values, _change(line, of_real=real), standing))
        if line.judged:
            marks[n, 5] = "good" if line.is_equal else "bad"
    return Table(caption, columns, tuple(rows), marks, folded=False)


def _change(line: MetricPair, *, of_real: bool) -> str:
    """What the second has more than the first; for a model beside a real one, how far off the model is."""
    if line.is_equal:
        return "none"
    change, base = (-line.change, line.second) if of_real else (line.change, line.first)
    share = f" ({percent(abs(change), abs(base))})" if base else ""
    return f"{signed(line.metric, change)}{share}"


def _owned(both: ComparedRecordings) -> tuple[OwnedViews, ...]:
    """The owners of the living views; empty where one of the two did not keep them."""
    mine, yours = both.runs
    if not mine.view_owners or not yours.view_owners:
        return ()
    return views_by_owner(mine.view_owners, yours.view_owners)


def _owners_picture(both: ComparedRecordings) -> tuple[Picture, ...]:
    owned = _owned(both)
    rows = [_bar(each) for each in owned[:_MOST_BARS]]
    if rest := owned[_MOST_BARS:]:
        before, after = sum(each.first for each in rest), sum(each.second for each in rest)
        rows.append(BarPair(f"{count(len(rest))} more", (before, after), (count(before), count(after))))
    said = listed(f"{row.label}: {row.texts[0]} and {row.texts[1]}" for row in rows)
    title = "Views in use, by whose they are"
    note = "A device type, or the root that devices share; one scale for all."
    return (paired_bars(title, rows, f"{title}. {said}.", note, common=True),) if rows else ()


def _owners(both: ComparedRecordings) -> Section | None:
    """Whose the living views are, in both; None where one of the two did not keep them."""
    owned = _owned(both)
    if not owned:
        return None
    lead = " ".join(f"{text[:1].upper()}{text[1:]}.".replace("`", "") for text in both.most.views)
    return Section("Whose views", "owners", lead, (Exhibit(tables=(_owners_table(owned, both),)),))


def _bar(owned: OwnedViews) -> BarPair:
    owner = owned.owner
    texts = (count(owned.first), count(owned.second))
    means = f"views of {owner.root}" if owner.device else ""
    return BarPair(owner.device or owner.root, (owned.first, owned.second), texts, means=means)


def _owners_table(owned: Sequence[OwnedViews], both: ComparedRecordings) -> Table:
    columns = (
        TableColumn("device type"),
        TableColumn("root of the view"),
        *(TableColumn(name, number=True) for name in (*both.names, "change")),
    )
    rows = tuple(
        (
            each.owner.device or "the machine, or several types",
            each.owner.root,
            count(each.first),
            count(each.second),
            signed("", each.change) if each.change else "none",
        )
        for each in owned[:_MOST_ROWS]
    )
    more = f", {count(_MOST_ROWS)} of {count(len(owned))} owners" if len(owned) > _MOST_ROWS else ""
    return Table(f"Views gained and lost, by owner{more}", columns, rows, folded=False)


def _measured(both: ComparedRecordings) -> Section | None:
    """What the two processes took, at the last mark that both were read at; None without."""
    last = {
        line.metric: line
        for line in both.most.lines
        if not line.is_count and line.mark != DESTROYED and line.metric != "process.steady_seconds"
    }
    if not last:
        return None
    lines = sorted(last.values(), key=lambda line: -line.share)
    picture = _bars(
        lines[:_MOST_BARS],
        both,
        "What the two processes took",
        "Measured once each, and noisy: no verdict hangs on it. Each row has its own scale.",
    )
    return Section(
        "What was measured",
        "measured",
        "Memory and time of the two processes. Two runs of the same binary differ by a few per cent, too.",
        (Exhibit((picture,), keys(both), (_table(lines, both, "Every measured figure that both have"),)),),
    )


def _pairs(both: ComparedRecordings) -> Section | None:
    """Every pair of runs, where there are several."""
    if len(both.comparisons) < 2:
        return None
    rows, marks = [], {}
    for n, comparison in enumerate(both.comparisons):
        lines = telling(comparison)
        differing = [line for line in lines if not line.is_equal]
        title = (
            comparison.first if comparison.first == comparison.second else f"{comparison.first} → {comparison.second}"
        )
        largest = f"{differing[0].metric} {_change(differing[0], of_real=False)}" if differing else NOTHING
        rows.append((title, f"{count(len(lines) - len(differing))} of {count(len(lines))} equal", largest))
        marks[n, 1] = "bad" if differing else "good"
    columns = (TableColumn("rule set"), TableColumn("counts"), TableColumn("the largest difference"))
    lead = f"{plural(len(both.comparisons), 'rule set')} in both recordings; the one that differs most is drawn above."
    table = Table("Every rule set that both have", columns, tuple(rows), marks, folded=False)
    return Section("Rule sets", "rule-sets", lead, (Exhibit(tables=(table,)),))
