"""A scenario as a target: what grows from cycle to cycle, and what is left when its machine is gone.

The model's counts are exact, so nothing has to be subtracted or settled: one number more is a leak. A real QEMU's
counts are as exact; its memory is judged by `verdict.scenario_growth`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from footprint.backends.backend import play
from footprint.backends.model import ModelBackend
from footprint.backends.qemu import QemuOptions
from footprint.errors import RequestError
from footprint.memory.rules import RuleSet
from footprint.memory.space import AddressSpace
from footprint.progress import Progress
from footprint.qemu_process.view_count import CHANNEL, NO_VIEWS, TRACE_CHANNEL
from footprint.record.recorder import record
from footprint.record.request import ModelOptions, Request
from footprint.recording.model import Recording
from footprint.scenario.scenario import Scenario
from footprint.verdict.leftovers import Remains, remains
from footprint.verdict.place import Explanation, Place, PlaceKind, counted
from footprint.verdict.scenario_growth import LEAST_CYCLES, Growth, growths, readings
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict

MOST_PLACES = 20
MEASURING = 0.7
"""Of the time that a real QEMU may take, for what is measured: the rest is for the places."""
METRIC = {"process.rss": "rss.bytes", "process.uss": "uss.bytes", "process.pss": "pss.bytes"}
"""What a recording calls the memory of a real QEMU, and what a verdict calls that of any process."""


def with_cycles(scenario: Scenario, values: Mapping[str, str], cycles: int | None) -> dict[str, str]:
    """The parameters as given, with as many cycles as asked; raises RequestError for a scenario that has none."""
    if cycles is None:
        return dict(values)
    if not any(param.name == "cycles" for param in scenario.params):
        raise RequestError(f"scenario {scenario.name!r} has no cycles; leave --cycles out")
    return {**values, "cycles": str(cycles)}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a scenario is judged that a real QEMU plays; of the model only `where` is asked.

    `where`: find the places. `count_views`: have gdb count views, where QEMU has no trace events. It takes about so
    many `seconds` at most.
    """

    where: bool = True
    count_views: bool = False
    seconds: float = 60.0


USUAL = Manner()


def judge(request: Request, say: Progress, manner: Manner = USUAL) -> Verdict:
    """The verdict on a scenario, of all its runs together; raises RequestError where there is nothing to judge."""
    started = time.perf_counter()
    if isinstance(request.options, QemuOptions):
        request = replace(request, options=_timed(request.options, manner))
    recording = record(request, say)
    is_cut = isinstance(request.options, QemuOptions) and request.options.is_over
    grown = growths(recording)
    left = [leftover for run in recording.runs if (leftover := remains(run)) is not None]
    if not grown and not left and not is_cut:
        raise RequestError(
            f"scenario {recording.scenario!r} shows no leak: no mark comes twice, and none is called destroyed"
        )
    seconds = manner.seconds - (time.perf_counter() - started)
    traced = _traced(grown, request, say, seconds) if manner.where else Explanation()
    findings = [*_grown(grown, request, traced), *_left(left, many=len(recording.runs) > 1)]
    cycles = max((growth.cycles for growth in grown), default=0 if is_cut else 1)
    doubt, remark = _doubt(grown, cycles, is_cut=is_cut)
    return Verdict(
        target=recording.scenario,
        verdict=Answer.LEAK if findings else Answer.INCONCLUSIVE if doubt else Answer.CLEAN,
        cycles=cycles,
        findings=tuple(findings),
        what=_what(recording),
        seconds=time.perf_counter() - started,
        reason="" if findings else doubt,
        hints=(*filter(None, [remark]), *traced.hints),
        grows=tuple(_finding(FindingKind.GROWTH, growth) for growth in grown if growth.is_wanted),
        per=recording.accumulates or "cycle",
        channels=_channels(recording, counted=manner.count_views),
        unwatched=tuple(_unwatched(recording)),
        readings={
            (growth.rules, METRIC.get(growth.metric, growth.metric)): readings(run, growth)
            for growth in grown
            if (growth.verdict != Answer.CLEAN or growth.is_wanted) and (run := recording.run(growth.rules))
        },
    )


def _timed(options: QemuOptions, manner: Manner) -> QemuOptions:
    """With a heap and views that are watched as well as can be, and the time for what is measured."""
    return replace(
        options, watch_heap=True, follow_views=manner.count_views, seconds=min(options.seconds, manner.seconds),
        until=time.monotonic() + MEASURING * manner.seconds,
    )  # fmt: skip


def _doubt(grown: list[Growth], cycles: int, *, is_cut: bool) -> tuple[str, str]:
    """Why it cannot be told, and else what is to be known of it; `is_cut`: the time was over before the last cycle."""
    cut = f"the time was over after {cycles} cycle{'s' if cycles != 1 else ''} (--seconds)" if is_cut else ""
    if unsure := [growth for growth in grown if growth.verdict == Answer.INCONCLUSIVE]:
        more = cut or "more cycles would tell (--cycles)"
        return f"{unsure[0].metric} grows, but not steadily; {more}", ""
    return (cut, "") if cycles < LEAST_CYCLES else ("", cut)


def _channels(recording: Recording, *, counted: bool) -> dict[str, str]:
    """How the metrics of a real QEMU were read."""
    if recording.backend == ModelBackend.name:
        return {}
    seen = {name for run in recording.runs for sample in run.samples for name in sample.metrics}
    views = TRACE_CHANNEL if "flatviews.created" in seen else CHANNEL if counted else ""
    channels = {"heap.bytes": "a preloaded library", "address_spaces": "info mtree", "flatviews.allocated": views}
    return {name: channel for name, channel in channels.items() if channel and name in seen}


def _unwatched(recording: Recording) -> Iterator[str]:
    """What of a real QEMU could not be read at its marks."""
    if recording.backend == ModelBackend.name:
        return
    seen = {name for run in recording.runs for sample in run.samples for name in sample.metrics}
    if "heap.bytes" not in seen:
        yield "heap.bytes: no library that counts could be loaded (apt install gcc libc6-dev); its pages decide"
    if "flatviews.allocated" not in seen:
        yield NO_VIEWS


def _what(recording: Recording) -> str:
    runs = ", ".join(run.rules for run in recording.runs)
    return f"{'the model' if recording.backend == ModelBackend.name else 'a real QEMU'}, {runs}"


def _traced(grown: list[Growth], request: Request, say: Progress, left: float) -> Explanation:
    """Where a real QEMU leaks that does, in the seconds that are `left`; the model needs no run that is traced."""
    leaking = [growth for growth in grown if growth.verdict == Answer.LEAK]
    if not leaking or not isinstance(request.options, QemuOptions):
        return Explanation()
    request = replace(request, options=replace(request.options, until=time.monotonic() + left))
    from footprint.leaks.scenario_places import scenario_places

    return scenario_places(request, leaking[0].mark, say)


def _grown(grown: list[Growth], request: Request, traced: Explanation) -> Iterator[Finding]:
    """What grows from cycle to cycle, with the spaces that are there once more after every cycle, or as `traced`."""
    places: dict[str, tuple[Place, ...]] = {}
    for growth in grown:
        if growth.verdict != Answer.LEAK:
            continue
        if growth.rules not in places:
            options = request.options
            rule_sets = {rules.name: rules for rules in options.rules} if isinstance(options, ModelOptions) else {}
            rules = rule_sets.get(growth.rules)
            places[growth.rules] = tuple(_spaces_kept(request, rules, growth.mark)) if rules else ()
        yield _finding(FindingKind.LEAK, growth, places[growth.rules] or traced.of_metric(growth.metric))


def _finding(kind: FindingKind, growth: Growth, places: tuple[Place, ...] = ()) -> Finding:
    slope = Slope(growth.per_cycle, growth.low, growth.high)
    return Finding(kind, METRIC.get(growth.metric, growth.metric), slope, places, under=growth.rules)


def _left(left: list[Remains], *, many: bool) -> Iterator[Finding]:
    """What a machine leaves behind that was taken down: one start and end is one cycle."""
    for of_run in left:
        if of_run.leaked:
            under = f" under {of_run.rules}" if many else ""
            place = Place(PlaceKind.REMAINS, f"left at the mark destroyed{under}")
            for name, number in of_run.left:
                yield Finding(FindingKind.LEAK, name, Slope(number, number, number), (place,), under=of_run.rules)


def _spaces_kept(request: Request, rules: RuleSet, mark: str) -> Iterator[Place]:
    """The address spaces that each cycle adds under `rules`, by device, name and region; the most frequent first."""
    backend = ModelBackend([rules], host_page=request.values["host_page"])
    seen: list[Counter[tuple[str, str, str]]] = []
    for reached in play(request.scenario, request.values, backend):
        if reached.mark.name == mark:
            seen.append(Counter(_name(space) for space in backend.ledgers[0].spaces))
    cycles = len(seen) - 1
    for (owner, name, region), times in (seen[-1] - seen[0]).most_common(MOST_PLACES):
        rate = times / cycles
        where = f"device {owner!r}: address space {name!r} on region {region!r}"
        yield Place(PlaceKind.SPACE, where, amount=counted(rate, "space"), rate=rate, unit="spaces")


def _name(space: AddressSpace) -> tuple[str, str, str]:
    return space.owner or "none", space.name, space.root.name or "(noname)"
