"""What each feature between two rule sets saves, and what features save only together.

The scenario is played again, on the model, under rule sets between the two: this is not read from recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from footprint.errors import RequestError, UnknownNameError
from footprint.gate.gate_verdict import is_exact
from footprint.memory.rules import HISTORY, RuleSet, changed, rule_set
from footprint.record.recorder import record
from footprint.record.request import ModelOptions, Request
from footprint.recording.model import Number, Sample
from footprint.scenario.custom_rules import find_rules
from footprint.scenario.scenario import Scenario

Values = Mapping[frozenset[str], Number]
"""The metric by the features that have the second rule set's value, the others the first's."""


@dataclass(frozen=True, slots=True)
class FeatureStep:
    """One feature that differs: its setting `before` and `after`, and what that does to the metric.

    `value` is what the metric is once this feature and those of the steps before it have changed, and `change` by how
    much this step moved it. `alone`: changed as the only one, on the first rule set. `undone`: what it is worth on the
    second, which is that rule set's value less the one with this feature set back. Where features do not act on each
    other, the three are equal.
    """

    feature: str
    before: str
    after: str
    value: Number
    change: Number
    alone: Number
    undone: Number


@dataclass(frozen=True, slots=True)
class Interaction:
    """Two features that change the metric by `amount` more together than each alone, on the first rule set."""

    features: tuple[str, str]
    amount: Number


@dataclass(frozen=True, slots=True)
class Waterfall:
    """How the metric gets from its value under the rule set `first` to the one under `second`, at `mark`.

    `steps` are in the order of QEMU's history, `idle` the features that differ and change nothing. `layout` is what the
    sizes of the C structures add at the end. `interactions` are sorted, the largest first.
    """

    metric: str
    mark: str
    first: str
    second: str
    first_value: Number
    second_value: Number
    steps: tuple[FeatureStep, ...]
    interactions: tuple[Interaction, ...]
    idle: tuple[str, ...]
    layout: Number


def waterfall(
    scenario: Scenario, source: str, values: Mapping[str, Any], rules: tuple[str, str], metric: str
) -> Waterfall:
    """The waterfall of `metric` between two rule sets, on `scenario` (found by the word `source`) with these `values`.

    Raises RequestError for a metric that is measured, and for rules that cannot be played.
    """
    if not is_exact(metric):
        raise RequestError(f"{metric} is measured: a waterfall is of counts, which are the same each time")
    if scenario.printed is not None:
        raise RequestError(f"{source} has only views, which are counted as printed; a waterfall needs the tree")
    first, second = find_rules(rules[0]), find_rules(rules[1])
    played = _Played(scenario, source, values, first, second, metric)
    features = _differing(first, second)
    whole = frozenset(features)
    orders = [frozenset(features[:count]) for count in range(len(features) + 1)]
    alone = [frozenset({name}) for name in features]
    undone = [whole - {name} for name in features]
    of = played.under([*orders, *alone, *undone])
    steps = [_step(first, second, name, number, of, orders) for number, name in enumerate(features)]
    telling = [step for step in steps if step.change or step.alone or step.undone]
    names = [step.feature for step in telling]
    pairs = [frozenset(pair) for pair in combinations(names, 2)]
    of |= played.under(pairs)
    interactions = [
        Interaction((one, other), amount)
        for one, other in combinations(names, 2)
        if (amount := of[frozenset({one, other})] - of[frozenset({one})] - of[frozenset({other})] + of[frozenset()])
    ]
    interactions.sort(key=lambda each: -abs(each.amount))
    last = played.second
    return Waterfall(
        metric, played.mark, first.name, second.name, of[frozenset()], last, tuple(telling), tuple(interactions),
        tuple(name for name in features if name not in names), last - of[whole],
    )  # fmt: skip


class _Played:
    """Plays the scenario under rule sets between `first` and `second`, and reads the metric."""

    def __init__(
        self, scenario: Scenario, source: str, values: Mapping[str, Any], first: RuleSet, second: RuleSet, metric: str
    ) -> None:
        self._play: Callable[[tuple[RuleSet, ...]], Any] = lambda rules: record(
            Request(scenario, source, values, ModelOptions(rules))
        )
        self._first, self._second, self._metric = first, second, metric
        self.mark = ""
        (self.second,) = self._read([second])

    def under(self, sets: Iterable[Collection[str]]) -> dict[frozenset[str], Number]:
        """The metric with each of these sets of features changed."""
        keys = list(dict.fromkeys(map(frozenset, sets)))
        return dict(zip(keys, self._read([self._between(key) for key in keys]), strict=True)) if keys else {}

    def _between(self, names: Collection[str]) -> RuleSet:
        after = self._second.features.as_text()
        changes = ",".join(f"{name}={after[name]}" for name in sorted(names))
        return changed(self._first, f"{self._first.name},{changes}" if changes else self._first.name, changes)

    def _read(self, rules: list[RuleSet]) -> list[Number]:
        return [self._value(run.sample()) for run in self._play(tuple(rules)).runs]

    def _value(self, sample: Sample | None) -> Number:
        assert sample is not None, "a scenario has a mark, or it was refused"
        self.mark = sample.mark
        if self._metric not in sample.metrics:
            raise UnknownNameError("metric of this scenario", self._metric, sample.metrics)
        return sample.metrics[self._metric]


def _step(
    first: RuleSet, second: RuleSet, name: str, number: int, of: Values, orders: list[frozenset[str]]
) -> FeatureStep:
    nothing, whole = frozenset[str](), orders[-1]
    return FeatureStep(
        name,
        first.features.as_text()[name],
        second.features.as_text()[name],
        of[orders[number + 1]],
        of[orders[number + 1]] - of[orders[number]],
        of[frozenset({name})] - of[nothing],
        of[whole] - of[whole - {name}],
    )


def _differing(first: RuleSet, second: RuleSet) -> list[str]:
    """The features that differ, in the order in which QEMU's history came to the second's (or left the first's)."""
    before, after = first.features.as_text(), second.features.as_text()
    names = [name for name in before if before[name] != after[name]]
    rows = [rule_set(name).features.as_text() for name in HISTORY]
    return sorted(names, key=lambda name: (_since(rows, name, {before[name], after[name]}), names.index(name)))


def _since(rows: list[dict[str, str]], name: str, settings: set[str]) -> int:
    """The first row of the history by which the feature had both settings; behind the last where it never had."""
    missing = set(settings)
    for number, row in enumerate(rows):
        missing.discard(row[name])
        if not missing:
            return number
    return len(rows)
