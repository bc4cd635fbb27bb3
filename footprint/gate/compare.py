"""Comparisons: two runs side by side, metric by metric, at every mark that both have.

Counts are judged: they are exact on both sides, whether they come from the model or from a real QEMU. What was
measured of a process is shown and never judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.errors import RequestError, UnknownNameError
from footprint.recording.metrics import METRICS
from footprint.recording.model import Number, Recording, Run, Sample


@dataclass(frozen=True, slots=True)
class Line:
    """One metric at one mark: the first run's value and the second's. `judged`: they must be equal."""

    mark: str
    cycle: int
    metric: str
    first: Number
    second: Number
    judged: bool

    @property
    def is_equal(self) -> bool:
        """Whether both values are the same."""
        return self.first == self.second

    @property
    def change(self) -> Number:
        """The second value less the first."""
        return self.second - self.first

    @property
    def percent(self) -> float | None:
        """The change as a share of the first value; None where that is 0."""
        return 100 * self.change / self.first if self.first else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared. `only_first` and `only_second` are metrics that only one of them has."""

    first: str
    second: str
    lines: tuple[Line, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[Line, ...]:
        """The judged lines whose values differ."""
        return tuple(line for line in self.lines if line.judged and not line.is_equal)


def compare(
    first: Recording, second: Recording, rules: tuple[str | None, str | None] = (None, None)
) -> list[Comparison]:
    """The runs of two recordings, compared; raises RequestError, with the reason, where they cannot be.

    Runs under the same rules are paired; where there are none, the only run of each. `rules` names a run of
    the first and one of the second recording instead.
    """
    if first.scenario != second.scenario:
        raise RequestError(
            f"these cannot be compared: the first is a recording of {first.scenario}, the second {second.scenario}"
        )
    notes = _differing_params(first, second)
    alike = first.backend == second.backend
    if not alike:
        notes += (f"process memory is not compared: the first ran on {first.backend}, the second on {second.backend}",)
    return [_compare(one, other, notes, measured=alike) for one, other in _pairs(first, second, rules)]


def _differing_params(first: Recording, second: Recording) -> tuple[str, ...]:
    names = list(dict.fromkeys([*first.params, *second.params]))
    values = [(name, first.params.get(name, "not set"), second.params.get(name, "not set")) for name in names]
    return tuple(f"{name} is {one} in the first, {other} in the second" for name, one, other in values if one != other)


def _pairs(first: Recording, second: Recording, rules: tuple[str | None, str | None]) -> list[tuple[Run, Run]]:
    if rules != (None, None):
        return [(_run(first, rules[0]), _run(second, rules[1]))]
    pairs = [(one, other) for one in first.runs if (other := second.run(one.rules)) is not None]
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
    found = recording.run(rules)
    if found is None:
        raise UnknownNameError("rule set in this recording", rules, names)
    return found


def _compare(one: Run, other: Run, notes: tuple[str, ...], *, measured: bool) -> Comparison:
    theirs = {(sample.mark, sample.cycle): sample for sample in other.samples}
    both = [(sample, theirs[at]) for sample in one.samples if (at := (sample.mark, sample.cycle)) in theirs]
    if not both:
        raise RequestError(
            f"these cannot be compared: they have no mark in common; {one.rules} has {_marks(one)}, "
            f"{other.rules} has {_marks(other)}"
        )
    lines = tuple(line for mine, yours in both for line in _lines(mine, yours) if measured or line.judged)
    if not any(line.judged for line in lines):
        raise RequestError(f"these cannot be compared: {one.rules} and {other.rules} have no count in common")
    return Comparison(
        one.rules,
        other.rules,
        lines,
        _missing([mine for mine, _ in both], [yours for _, yours in both]),
        _missing([yours for _, yours in both], [mine for mine, _ in both]),
        notes,
    )


def _marks(run: Run) -> str:
    return ", ".join(dict.fromkeys(sample.mark for sample in run.samples)) or "none"


def _lines(mine: Sample, yours: Sample) -> list[Line]:
    return [
        Line(mine.mark, mine.cycle, name, value, yours.metrics[name], _is_judged(name))
        for name, value in mine.metrics.items()
        if name in yours.metrics
    ]


def _is_judged(name: str) -> bool:
    known = METRICS.get(name)
    return name.startswith("rule.") or (known is not None and known.kind == "modelled")


def _missing(have: Sequence[Sample], lack: Sequence[Sample]) -> tuple[str, ...]:
    """Metrics of `have` that no sample of `lack` has."""
    known = {name for sample in lack for name in sample.metrics}
    return tuple(dict.fromkeys(name for sample in have for name in sample.metrics if name not in known))
