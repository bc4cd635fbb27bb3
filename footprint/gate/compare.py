"""Comparisons: two runs side by side, metric by metric, at every mark that both have.

Counts are judged: they are exact on both sides, whether they come from the model or from a real QEMU. What was
measured of a process is shown and never judged.
Where one run holds its transactions longer than the other (a what-if), what happened since the start is meant
to differ: it is shown, and only what exists is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.errors import RequestError, UnknownNameError
from footprint.gate.views import compare_views
from footprint.recording.metrics import METRICS, MetricKind
from footprint.recording.model import DESTROYED, Number, Recording, Run, Sample

TRANSACTIONS, CALL = "transactions", "call"
"""The feature that says how long a transaction lasts, and its value in every QEMU."""
HELD_LONGER = "transactions differ: what happened since the start is shown, and only what exists is judged"


@dataclass(frozen=True, slots=True)
class MetricPair:
    """One metric at one mark: the first run's value and the second's. `judged`: they must be equal."""

    mark: str
    cycle: int
    metric: str
    first: Number
    second: Number
    judged: bool

    @property
    def is_count(self) -> bool:
        """Whether it is exact, judged or not."""
        return _is_count(self.metric)

    @property
    def is_equal(self) -> bool:
        """Whether both values are the same."""
        return self.first == self.second

    @property
    def change(self) -> Number:
        """The second value less the first."""
        return self.second - self.first

    @property
    def share(self) -> float:
        """The change as a share of the larger value, from 0 to 1: how large a difference it is."""
        larger = max(abs(self.first), abs(self.second))
        return abs(self.change) / larger if larger else 0

    @property
    def percent(self) -> float | None:
        """The change as a share of the first value; None where that is 0."""
        return 100 * self.change / self.first if self.first else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared. `only_first` and `only_second` are metrics that only one of them has.

    `views` says in sentences which living views were gained and lost, by device type, and which show something
    else; it is empty where one of the runs did not keep them.
    """

    first: str
    second: str
    lines: tuple[MetricPair, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    notes: tuple[str, ...] = ()
    views: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[MetricPair, ...]:
        """The judged lines whose values differ."""
        return tuple(line for line in self.lines if line.judged and not line.is_equal)

    def largest(self, most: int) -> list[MetricPair]:
        """At most `most` lines whose values differ, those that differ most first; each metric at one mark.

        A machine that is there comes before one that was destroyed, and a metric that should be low before one of
        which neither more nor less is better. What is not judged is there only where nothing judged differs.
        """
        lines = self.differing or tuple(line for line in self.lines if not line.is_equal)
        top: dict[str, MetricPair] = {}
        for line in sorted(lines, key=_weight):
            top.setdefault(line.metric, line)
        return list(top.values())[:most]


def compare(
    first: Recording, second: Recording, rules: tuple[str | None, str | None] = (None, None), *, anyway: bool = False
) -> list[Comparison]:
    """The runs of two recordings, compared; raises RequestError, with the reason, where they cannot be.

    Runs under the same rules are paired; where there are none, the only run of each. `rules` names a run of
    the first and one of the second recording instead. With `anyway`, recordings of two scenarios are compared,
    and runs that have no count in common.
    """
    notes: tuple[str, ...] = ()
    if first.scenario != second.scenario:
        words = f"A is a recording of {first.scenario}, B of {second.scenario}"
        if not anyway:
            raise RequestError(f"these cannot be compared: {words}; --anyway compares what both have")
        notes = (words,)
    notes += _differing_params(first, second)
    alike = first.backend == second.backend
    if not alike:
        notes += (f"process memory is not compared: one ran on {_ran_on(first)}, the other on {_ran_on(second)}",)
    pairs = _pairs(first, second, rules)
    return [_compare(mine, theirs, notes, measured=alike or anyway, anyway=anyway) for mine, theirs in pairs]


def unpaired(first: Recording, second: Recording, comparisons: Sequence[Comparison]) -> tuple[list[str], list[str]]:
    """The runs of each recording, by their rules, that `comparisons` leave without a partner."""
    mine = {comparison.first for comparison in comparisons}
    theirs = {comparison.second for comparison in comparisons}
    return (
        [run.rules for run in first.runs if run.rules not in mine],
        [run.rules for run in second.runs if run.rules not in theirs],
    )


def _differing_params(first: Recording, second: Recording) -> tuple[str, ...]:
    names = list(dict.fromkeys([*first.params, *second.params]))
    values = [(name, first.params.get(name, "not set"), second.params.get(name, "not set")) for name in names]
    return tuple(f"{name} is {mine} in A, {theirs} in B" for name, mine, theirs in values if mine != theirs)


def _ran_on(recording: Recording) -> str:
    return {"model": "the model", "qemu": "a real QEMU"}.get(recording.backend, recording.backend)


def _pairs(first: Recording, second: Recording, rules: tuple[str | None, str | None]) -> list[tuple[Run, Run]]:
    if rules != (None, None):
        return [(_run(first, rules[0]), _run(second, rules[1]))]
    pairs = [(mine, theirs) for mine in first.runs if (theirs := second.run(mine.rules)) is not None]
    if not pairs:
        pairs = [(_run(first, None), _run(second, None))]
    return pairs


def _run(recording: Recording, rules: str | None) -> Run:
    names = [run.rules for run in recording.runs]
    if rules is None and len(names) == 1:
        return recording.runs[0]
    if rules is None:
        raise RequestError(
            f"these cannot be compared: no rules are in both, and one has {len(names)} runs ({', '.join(names)}); "
            "name the run to compare with --rules-a or --rules-b"
        )
    run = recording.run(rules)
    if run is None:
        raise UnknownNameError("rule set in this recording", rules, names)
    return run


def _compare(first: Run, second: Run, notes: tuple[str, ...], *, measured: bool, anyway: bool) -> Comparison:
    samples = {(sample.mark, sample.cycle): sample for sample in second.samples}
    both = [(sample, samples[at]) for sample in first.samples if (at := (sample.mark, sample.cycle)) in samples]
    if not both:
        raise RequestError(
            f"these cannot be compared: they have no mark in common; {first.rules} has {_marks(first)}, "
            f"{second.rules} has {_marks(second)}"
        )
    what_if = first.features.get(TRANSACTIONS, CALL) != second.features.get(TRANSACTIONS, CALL)
    lines = tuple(
        line for mine, yours in both for line in _lines(mine, yours, only_gauges=what_if) if measured or line.is_count
    )
    if not any(line.judged for line in lines) and not anyway:
        raise RequestError(
            f"these cannot be compared: {first.rules} and {second.rules} have no count in common, and what is measured "
            "differs each time; --anyway shows it"
        )
    return Comparison(
        first.rules,
        second.rules,
        lines,
        _missing([mine for mine, _ in both], [yours for _, yours in both]),
        _missing([yours for _, yours in both], [mine for mine, _ in both]),
        (*notes, HELD_LONGER) if what_if else notes,
        compare_views(first, second),
    )


def _marks(run: Run) -> str:
    return ", ".join(dict.fromkeys(sample.mark for sample in run.samples)) or "none"


def _lines(mine: Sample, yours: Sample, *, only_gauges: bool) -> list[MetricPair]:
    return [
        MetricPair(mine.mark, mine.cycle, name, value, yours.metrics[name], _is_judged(name, only_gauges=only_gauges))
        for name, value in mine.metrics.items()
        if name in yours.metrics
    ]


def _weight(line: MetricPair) -> tuple[bool, bool, float]:
    """What sorts the differences, the most telling first."""
    known = METRICS.get(line.metric)
    return line.mark == DESTROYED, known is not None and known.better == "neither", -line.share


def _is_judged(name: str, *, only_gauges: bool) -> bool:
    if not _is_count(name):
        return False
    return not only_gauges or (name in METRICS and METRICS[name].gauge)


def _is_count(name: str) -> bool:
    known = METRICS.get(name)
    return name.startswith("rule.") or (known is not None and known.kind is MetricKind.EXACT)


def _missing(have: Sequence[Sample], lack: Sequence[Sample]) -> tuple[str, ...]:
    """Metrics of `have` that no sample of `lack` has."""
    known = {name for sample in lack for name in sample.metrics}
    return tuple(dict.fromkeys(name for sample in have for name in sample.metrics if name not in known))
