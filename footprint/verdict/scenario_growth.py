"""Growth of a scenario from cycle to cycle: how fast, and whether it is a leak.

The rule (Theil and Sen's slope; CPython's refleak rule): the first half of the cycles is warm-up and does
not count; of the second half every one of five blocks must have grown, and the slope's 95 % interval must
lie above a floor. Exact counts have no floor. Too few cycles, or blocks that disagree with the slope, are
inconclusive rather than guessed. A scenario that accumulates grows on purpose: that is told, and is no leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from footprint.recording.metrics import METRICS, MetricKind
from footprint.recording.model import Recording, Run, Sample
from footprint.verdict.trend import Series, theil_sen
from footprint.verdict.verdict import Answer

BLOCKS = 5
LEAST_CYCLES = 2 * BLOCKS
"""Cycles that a verdict on measured memory needs; exact counts need half as many."""
FLOOR = 4096
"""Bytes a cycle of measured memory that are noise: one page. Clean hot-plug cycles of QEMU 7.2 gave up to 1.6 KB."""
HEAP_FLOORS = {"heap.bytes": 16.0, "heap.blocks": 0.5}
"""A heap that is counted to the byte: malloc gives up to 16 bytes more than it was asked for."""
PAGES = ("process.rss", "process.uss", "process.pss")
"""Where the heap is counted they are told with its leak, and decide nothing: pages are coarse, and the kernel's."""
KEPT = "flatviews.kept"
"""Views created and not freed: `flatviews.created` − `flatviews.freed`."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How `metric` grows at `mark`: units per cycle, with a 95 % interval [low, high], and the verdict.

    `adds` is what every cycle adds on purpose (``function``), in a scenario that accumulates; then it is clean.
    """

    rules: str
    metric: str
    mark: str
    cycles: int
    per_cycle: float
    low: float
    high: float
    verdict: Answer
    adds: str = ""

    @property
    def is_wanted(self) -> bool:
        """Whether it grows, and the scenario is there to make it grow."""
        return bool(self.adds) and self.low > (HEAP_FLOORS.get(self.metric, FLOOR) if _is_measured(self.metric) else 0)


def growths(recording: Recording) -> list[Growth]:
    """Every gauge of every run at the last mark of its cycles (what comes after the unplugging), judged.

    Of a model's recording only its counts: the memory of the process that models says nothing of the machine.
    """
    measured = recording.backend != "model"
    return [growth for run in recording.runs for growth in _of_run(run, recording.accumulates, measured=measured)]


def readings(run: Run, growth: Growth) -> tuple[Series, Series]:
    """What was read of a run for its `growth`: the cycles that were left out as warm-up, and those that were fitted."""
    values = [_value(sample, growth.metric) for sample in run.samples if sample.mark == growth.mark]
    half = len(values) // 2
    parts = values[: half + 1], values[half:]
    first, second = (Series(tuple(range(len(part))), tuple(part)) for part in parts)
    return first, second


def _of_run(run: Run, adds: str, *, measured: bool) -> list[Growth]:
    marks: dict[str, list[Sample]] = {}
    for sample in run.samples:
        marks.setdefault(sample.mark, []).append(sample)
    cycled = [mark for mark, samples in marks.items() if len({sample.cycle for sample in samples}) > 1]
    if not cycled:
        return []
    mark, samples = cycled[-1], marks[cycled[-1]]
    judged = [
        _judge(run.rules, name, mark, [_value(sample, name) for sample in samples], adds)
        for name in _gauges(samples)
        if measured or not _is_measured(name)
    ]
    heap = next((growth for growth in judged if growth.metric == "heap.bytes"), None)
    if heap is None:
        return judged
    return [growth for growth in judged if growth.metric not in PAGES or heap.verdict == growth.verdict == Answer.LEAK]


def _is_measured(name: str) -> bool:
    return name in METRICS and METRICS[name].kind is MetricKind.MEASURED


def _gauges(samples: Sequence[Sample]) -> list[str]:
    """What every sample has and is a gauge; and the views kept, where they can be known."""
    shared = [name for name in samples[0].metrics if all(name in sample.metrics for sample in samples)]
    gauges = [name for name in shared if name in METRICS and METRICS[name].gauge]
    return gauges + ([KEPT] if {"flatviews.created", "flatviews.freed"} <= set(shared) else [])


def _value(sample: Sample, name: str) -> float:
    if name == KEPT:
        return sample.metrics["flatviews.created"] - sample.metrics["flatviews.freed"]
    return sample.metrics[name]


def _judge(rules: str, name: str, mark: str, series: list[float], adds: str) -> Growth:
    settled = series[len(series) // 2 :]
    measured = _is_measured(name)
    slope, low, high = _slope(settled)
    floor = HEAP_FLOORS.get(name, FLOOR) if measured else 0
    if adds:
        verdict = Answer.CLEAN
    elif len(series) < (LEAST_CYCLES if measured else BLOCKS):
        verdict = Answer.INCONCLUSIVE if slope > floor else Answer.CLEAN
    elif low > floor and _every_block_grows(settled):
        verdict = Answer.LEAK
    else:
        verdict = Answer.INCONCLUSIVE if low > floor else Answer.CLEAN
    return Growth(rules, name, mark, len(series), slope, low, high, verdict, adds)


def _slope(series: Sequence[float]) -> tuple[float, float, float]:
    """Units per cycle, with their 95 % interval. Exact counts mostly grow evenly or not at all: that needs no pairs."""
    steps = {after - before for before, after in pairwise(series)}
    if len(steps) == 1:
        step = float(steps.pop())
        return step, step, step
    return theil_sen(series)


def _every_block_grows(series: Sequence[float]) -> bool:
    """Whether each of five stretches, or of all there are, ends above where it began."""
    blocks = min(BLOCKS, len(series) - 1)
    edges = [round(block * (len(series) - 1) / blocks) for block in range(blocks + 1)]
    return all(series[end] > series[start] for start, end in pairwise(edges))
