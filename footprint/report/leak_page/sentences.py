"""What the page of a leak verdict says first: what is left by a cycle, where it is made, and who holds it."""

from __future__ import annotations

from footprint.recording.metrics import METRICS
from footprint.report.formatting import count, listed, plural
from footprint.report.leak_page.readings import amount, is_of_bytes
from footprint.report.leak_page.stacks import MADE_BY, unique
from footprint.verdict.place import Place, PlaceKind
from footprint.verdict.verdict import Answer, Finding, Verdict

_LONGEST = 90


def answer(verdict: Verdict) -> str:
    """One or two sentences."""
    if verdict.verdict == Answer.LEAK and verdict.leaks:
        return f"{_left(verdict)}{_where(verdict)}."
    if verdict.verdict == Answer.CLEAN:
        grows = _grown(verdict)
        return f"{grows or 'Nothing grows'}: {_measured(verdict)}."
    if verdict.verdict == Answer.CRASH:
        return f"It crashed: {verdict.reason or verdict.ended}; {_measured(verdict)}."
    return f"It cannot be told: {verdict.reason or verdict.ended or verdict.verdict.value}; {_measured(verdict)}."


def is_left(finding: Finding) -> bool:
    """Whether it is what is left when the machine is gone, and no rate."""
    return any(place.kind == PlaceKind.REMAINS for place in finding.where)


def telling(verdict: Verdict) -> list[Finding]:
    """What leaks, the exact before the measured, and pages last."""
    return sorted(
        verdict.leaks,
        key=lambda finding: (is_left(finding), finding.slope.low != finding.slope.high, _is_pages(finding)),
    )


def _is_pages(finding: Finding) -> bool:
    return finding.metric.split(".")[0] in ("rss", "uss", "pss", "vm")


def _left(verdict: Verdict) -> str:
    first, *rest = telling(verdict)
    under = f" under {first.under}" if first.under else ""
    if is_left(first):
        return f"What is left when the machine is gone{under}: {worded(first)}"
    places = unique(place for finding in (first, *rest) for place in finding.where)
    made = [place for place in places if place.kind in MADE_BY]
    heap = [finding for finding in rest if (finding.metric, finding.under) == ("heap.bytes", first.under)]
    also = f", {amount('heap.bytes', heap[0].slope.per_cycle)} of C heap" if heap else ""
    what = made[0].amount if len(made) == 1 and made[0].amount else f"{worded(first)}{also}"
    others = len({finding.under for finding in verdict.leaks} - {first.under})
    more = f", and under {plural(others, 'other rule set')}" if others else ""
    return f"Every {verdict.per} leaves {what}{',' * (',' in what)} behind{under}{more}"


def worded(finding: Finding) -> str:
    """``4 blocks``, ``2.81 MiB of resident memory``."""
    metric, per_cycle = finding.metric, finding.slope.per_cycle
    unit = METRICS[metric].unit if metric in METRICS else ""
    what = METRICS[metric].what if metric in METRICS else metric
    if is_of_bytes(metric):
        return f"{amount(metric, per_cycle)} of {what.split(',')[0]}"
    if not unit:
        return f"{amount(metric, per_cycle)} of {metric}"
    singular = unit.removesuffix("es") if unit.endswith("sses") else unit.removesuffix("s")
    return f"{amount(metric, per_cycle)} {singular if per_cycle == 1 else unit}"


def _where(verdict: Verdict) -> str:
    places = unique(place for finding in telling(verdict) for place in finding.where)
    objects = [place for place in places if place.kind == PlaceKind.OBJECT]
    made = next((place for place in places if place.kind in MADE_BY), None)
    held = next((place for place in places if place.kind == PlaceKind.HOLDER), None)
    space = next((place for place in places if place.kind == PlaceKind.SPACE), None)
    said = []
    if objects:
        name, _, state = objects[0].where.partition(", ")
        said.append(f"among them the {name}{f' ({_short(state)})' if state else ''}")
    elif made is not None:
        said.append(f"made at {_short(_frame(made))}")
    if held is not None:
        said.append(_short(held.where))
    if space is not None:
        said.append(_short(space.where))
    return f"; {listed(said)}" if said else ""


def _frame(place: Place) -> str:
    return place.frames[0] if place.frames else place.where


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _grown(verdict: Verdict) -> str:
    if not verdict.grows:
        return ""
    first = verdict.grows[0]
    return f"It grows on purpose, by {worded(first)} a {verdict.per}, and is no leak"


def _measured(verdict: Verdict) -> str:
    warm = f" after {count(verdict.warmup)} to warm up" if verdict.warmup else ""
    return f"{plural(verdict.cycles, 'cycle')} measured{warm}"
