"""The page of a leak verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from footprint.report.canvas import BROAD
from footprint.report.formatting import NOTHING, listed, plural
from footprint.report.icicle import icicle
from footprint.report.leak_page.readings import MetricReadings, amount, readings_picture, slope_words
from footprint.report.leak_page.sentences import answer, is_left, telling
from footprint.report.leak_page.stacks import places_table, stacks, unique
from footprint.report.look import PageLook
from footprint.report.page import page
from footprint.report.section import (
    Exhibit,
    Head,
    LegendKey,
    Picture,
    PictureData,
    RecordingPart,
    Section,
    Table,
    TableColumn,
    VerdictBadge,
)
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict

_MOST_PICTURES = 6
_LOOKS = {Answer.LEAK: "bad", Answer.CLEAN: "good", Answer.INCONCLUSIVE: "unsure"}


def render_leak(
    verdict: Verdict, *, command: str, environment: Mapping[str, str], title: str = "", look: PageLook | None = None
) -> str:
    """The HTML page of `verdict`; `command` repeats it, `environment` says where it was measured."""
    part = leak_part(verdict, command=command, environment=environment)
    return page((part,), title or verdict.target, source="what was measured", look=look)


def leak_part(
    verdict: Verdict, *, command: str, environment: Mapping[str, str], anchor: str = "leak", name: str = ""
) -> RecordingPart:
    """The part of a page that is about one verdict, called `name`, by default as its target."""
    made = (
        _figures(verdict),
        _left(verdict),
        _crash(verdict),
        _where(verdict),
        _retained(verdict),
        _repeat(verdict, command),
    )
    head = Head(
        scenario=verdict.target,
        question=f"Does {verdict.target} leak{f' ({verdict.what})' if verdict.what else ''}?",
        answer=answer(verdict),
        notes=(
            *verdict.hints,
            *verdict.expired,
            *(f"{metric} was read by {how}." for metric, how in verdict.channels.items()),
            *(f"Not watched: {what}." for what in verdict.unwatched),
        ),
        environment=tuple(environment.items()),
        verdicts=_verdicts(verdict),
        shown=_first(verdict),
    )
    return RecordingPart(anchor, name or verdict.target, head, tuple(section for section in made if section))


def _verdicts(verdict: Verdict) -> tuple[VerdictBadge, ...]:
    badges = [VerdictBadge(_LOOKS.get(verdict.verdict, "bad"), verdict.verdict.value)]
    if verdict.expired:
        badges.append(VerdictBadge("bad", f"{plural(len(verdict.expired), 'suppression')} expired"))
    accepted = [finding for finding in verdict.findings if finding.suppressed]
    if accepted:
        badges.append(VerdictBadge("unsure", f"{plural(len(accepted), 'finding')} accepted"))
    return tuple(badges)


def _told(verdict: Verdict) -> list[tuple[str, str, Slope]]:
    """Rule set, metric and slope of what is drawn: what leaks, what grows on purpose, else what was read."""
    findings: Sequence[Finding] = [*telling(verdict), *verdict.grows]
    told = [(finding.under, finding.metric, finding.slope) for finding in findings if not is_left(finding)]
    told = told or [("", name, slope) for name, slope in verdict.rates.items()]
    return [row for row in dict.fromkeys(told) if verdict.readings.get((row[0], row[1]))]


def _read(verdict: Verdict, under: str, metric: str, slope: Slope) -> MetricReadings:
    return MetricReadings(metric, verdict.readings[under, metric], slope, 1 if under else 2, 1 if under else 0)


def _first(verdict: Verdict) -> Exhibit | None:
    told = _told(verdict)
    if not told:
        return None
    under, metric, slope = told[0]
    read = _read(verdict, under, metric, slope)
    title = f"{metric}{f' under {under}' if under else ''}: {slope_words(metric, slope)}"
    note = "Each dot is a reading; the growth of the empty target is taken off." if not under else ""
    picture = Picture(title, readings_picture(read), note, readings_picture(read, BROAD), spans=True)
    keys = (
        LegendKey("--accent", "readings"),
        LegendKey("--mark", "fitted slope"),
        *([LegendKey("--pale", "its 95 % interval")] if slope.low != slope.high else []),
    )
    return Exhibit((picture,), keys, data=_data(verdict))


def _data(verdict: Verdict) -> PictureData:
    rows = [
        (under, metric, n, cycle, value)
        for (under, metric), windows in verdict.readings.items()
        for n, window in enumerate(windows, 1)
        for cycle, value in zip(window.cycles, window.values, strict=True)
    ]
    return PictureData("readings", ("rule set", "metric", "window", "cycle of the window", "value"), tuple(rows))


def _figures(verdict: Verdict) -> Section | None:
    """Every metric: its slope, its interval and what was made of it; pictures of those that are not on top."""
    told = _told(verdict)[1 : _MOST_PICTURES + 1]
    pictures = tuple(
        Picture(
            f"{metric}{f' under {under}' if under else ''}",
            readings_picture(_read(verdict, under, metric, slope)),
            slope_words(metric, slope),
        )
        for under, metric, slope in told
    )
    table = _rates(verdict)
    if not table.rows and not pictures:
        return None
    leaking = list(dict.fromkeys(finding.metric for finding in verdict.leaks if not is_left(finding)))
    lead = (
        f"{listed(leaking)} {'grows' if len(leaking) == 1 else 'grow'} all the time."
        if leaking
        else "What was read, and how fast it grew."
    )
    return Section("The figures", "figures", lead, (Exhibit(pictures, tables=(table,)),))


def _left(verdict: Verdict) -> Section | None:
    """What is left when the machine is gone: no rate, but a rest."""
    left = [finding for finding in verdict.findings if is_left(finding)]
    if not left:
        return None
    rows = tuple(
        (finding.metric, finding.under or NOTHING, amount(finding.metric, finding.slope.per_cycle)) for finding in left
    )
    columns = (TableColumn("metric"), TableColumn("rule set"), TableColumn("left", number=True))
    table = Table("What is left at the mark destroyed", columns, rows, folded=False)
    lead = "When the machine is gone, and a last grace period is over, all of this should be gone, too."
    return Section("Left at the end", "left", lead, (Exhibit(tables=(table,)),))


def _rates(verdict: Verdict) -> Table:
    rows: list[tuple[str, ...]] = []
    marks: dict[tuple[int, int], str] = {}
    for finding in (finding for finding in (*verdict.findings, *verdict.grows) if not is_left(finding)):
        word = {FindingKind.LEAK: "leaks", FindingKind.RETAINED: "freed by a collection"}.get(
            finding.kind, "on purpose"
        )
        if finding.suppressed:
            word = f"accepted: {finding.suppressed}"
        elif finding.kind == FindingKind.LEAK:
            marks[len(rows), 5] = "bad"
        rows.append(_row(finding.metric, finding.under, finding.slope, word))
    told = {finding.metric for finding in verdict.findings if not finding.under}
    rows += [_row(name, "", slope, "no leak") for name, slope in verdict.rates.items() if name not in told]
    columns = (
        TableColumn("metric"),
        TableColumn("rule set"),
        *(TableColumn(label, number=True) for label in (f"per {verdict.per}", "95 % from", "to")),
        TableColumn("verdict"),
    )
    return Table("What each metric grows by", columns, tuple(rows), marks, folded=False)


def _row(metric: str, under: str, slope: Slope, word: str) -> tuple[str, ...]:
    exact = slope.low == slope.high
    ends = ("exact", "exact") if exact else (amount(metric, slope.low), amount(metric, slope.high))
    return metric, under or NOTHING, amount(metric, slope.per_cycle), *ends, word


def _where(verdict: Verdict) -> Section | None:
    places = unique(place for finding in telling(verdict) if not is_left(finding) for place in finding.where)
    if not places:
        return None
    whole = stacks(places)
    pictures: tuple[Picture, ...] = ()
    if whole is not None:
        said = f"Stacks that make what is left: {whole.words} {whole.name}"
        note = "From top to bottom: the outermost caller, down to the line that made it; as wide as its share."
        drawn = icicle(whole, said), icicle(whole, said, BROAD)
        pictures = (Picture("Who makes what is left", drawn[0], note, drawn[1], spans=True),)
    lead = "What one cycle leaves, by who made it, what it is, and who holds it."
    return Section("Where", "where", lead, (Exhibit(pictures, tables=(places_table(places),)),))


def _crash(verdict: Verdict) -> Section | None:
    """Where the target died."""
    if not verdict.stack:
        return None
    rows = tuple((str(n), frame) for n, frame in enumerate(verdict.stack))
    table = Table("The stack, innermost first", (TableColumn("frame"), TableColumn("function")), rows, folded=False)
    return Section("Where it died", "crash", "The stack on which the process ended.", (Exhibit(tables=(table,)),))


def _retained(verdict: Verdict) -> Section | None:
    kept = [finding for finding in verdict.findings if finding.kind == FindingKind.RETAINED]
    if not kept:
        return None
    rows = tuple((finding.metric, amount(finding.metric, finding.slope.per_cycle)) for finding in kept)
    columns = (TableColumn("metric"), TableColumn("kept per cycle", number=True))
    table = Table("Kept until a collection", columns, rows, folded=False)
    lead = "Kept until Python's collector runs, and then freed: no leak."
    return Section("Retained", "retained", lead, (Exhibit(tables=(table,)),))


def _repeat(verdict: Verdict, command: str) -> Section:
    rows = (
        ("measure again", command),
        ("with every place, for a program", f"{command} --json"),
    )
    warm = f", {plural(verdict.warmup, 'cycle')} to warm up" if verdict.warmup else ""
    lead = f"{plural(verdict.cycles, 'cycle')} measured{warm}, {verdict.seconds:.1f} s."
    table = Table("Commands", (TableColumn("to"), TableColumn("type")), rows, folded=False)
    return Section("How to repeat it", "repeat", lead, (Exhibit(tables=(table,)),))
