"""What figures are held against: published ones, budgets and accepted ones, as signs and lines in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.errors import FootprintError
from footprint.gate.budget import Budget
from footprint.gate.gates import Gate, judge
from footprint.gate.no_worse import NoWorse
from footprint.recording.model import Number, Recording, Run, Sample
from footprint.report.canvas import INK, MARK
from footprint.report.formatting import count, figure, listed, plural
from footprint.report.section import LegendKey, VerdictBadge

PUBLISHED, BUDGET, BASELINE = "published", "budget", "baseline"
_KEYS = {
    BUDGET: LegendKey("--bad", "budget", "rule"),
    BASELINE: LegendKey(INK, "accepted (baseline)", "rule"),
    PUBLISHED: LegendKey(MARK, "published figure", "diamond"),
}
COLOURS = {kind: key.colour for kind, key in _KEYS.items()}
_RELATIONS = {"<=": "at most", "<": "less than", "==": "exactly", ">=": "at least", ">": "more than"}
_MOST_TOLD = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """`value` is what `metric` is held against; `kind` is ``published``, ``budget`` or ``baseline``.

    `rules` are the rule sets whose runs it is about, none for every run; `mark` is where, None for where a run is
    judged. `relation` is how a budget is met, in words: ``at most``.
    """

    kind: str
    metric: str
    value: Number
    rules: tuple[str, ...] = ()
    mark: str | None = None
    relation: str = ""

    def is_about(self, run: Run, sample: Sample | None) -> bool:
        """Whether it holds for `run` at `sample`."""
        if self.rules and run.rules not in self.rules:
            return False
        own = run.sample(self.mark)
        return own is not None and sample is not None and own.mark == sample.mark

    @property
    def words(self) -> str:
        """What a picture calls it: ``budget: at most 4 under v7.2.0``."""
        said = " ".join(part for part in (self.relation, figure(self.metric, self.value)) if part)
        whose = f" under {listed(self.rules)}" if self.rules else ""
        return f"{self.kind}: {said}{whose}"


@dataclass(frozen=True, slots=True)
class HeldTo:
    """A gate that judges a recording, and the rule sets whose runs it judges (none: all)."""

    gate: Gate
    rules: tuple[str, ...] = ()


def references(recording: Recording, held: Sequence[HeldTo] = ()) -> tuple[Reference, ...]:
    """Everything that figures of `recording` are held against: what was published, then budgets, then baselines."""
    published = [Reference(PUBLISHED, row.metric, row.value, (row.rules,), row.mark) for row in recording.published]
    budgets, accepted = [], []
    for to in held:
        for placed in to.gate.rules:
            rule = placed.rule
            if isinstance(rule, Budget):
                relation = _RELATIONS[rule.relation]
                budgets.append(Reference(BUDGET, rule.metric, rule.limit, to.rules, rule.mark, relation))
            elif isinstance(rule, NoWorse):
                accepted += [
                    Reference(BASELINE, rule.metric, run.metrics[rule.metric], (run.rules,), run.mark)
                    for run in rule.baseline.runs
                    if rule.metric in run.metrics and (not to.rules or run.rules in to.rules)
                ]
    return tuple(dict.fromkeys([*published, *budgets, *accepted]))


def about(
    all_of: Sequence[Reference], metric: str, run: Run, sample: Sample | None = None, *, kinds: Sequence[str] = ()
) -> tuple[Reference, ...]:
    """Those of `metric` that hold for `run` at `sample`, by default where it is judged; only of `kinds`, if named."""
    at = sample or run.sample()
    return tuple(
        row for row in all_of if row.metric == metric and (not kinds or row.kind in kinds) and row.is_about(run, at)
    )


def signs(rows: Sequence[Reference]) -> tuple[tuple[str, float], ...]:
    """The kind and the value of each, as a bar shows them."""
    return tuple((row.kind, float(row.value)) for row in rows)


def keys(rows: Sequence[Reference], *, without: Sequence[str] = ()) -> tuple[LegendKey, ...]:
    """The entries of a legend beside pictures that show `rows`."""
    kinds = {row.kind for row in rows}
    return tuple(key for kind, key in _KEYS.items() if kind in kinds and kind not in without)


def note(rows: Sequence[Reference]) -> str:
    """A sentence with the values that a picture shows; empty for none."""
    told = list(dict.fromkeys(row.words for row in rows))
    if not told:
        return ""
    shown = told[:_MOST_TOLD] + ([f"{count(len(told) - _MOST_TOLD)} more"] if len(told) > _MOST_TOLD else [])
    said = "; ".join(shown)
    return f"{said[0].upper()}{said[1:]}."


def gate_badges(recording: Recording, held: Sequence[HeldTo]) -> tuple[VerdictBadge, ...]:
    """A badge for each gate: how many of its rules hold, or which are broken."""
    badges = []
    for to in held:
        try:
            verdicts = [verdict for verdict, _ in judge(recording, to.gate, to.rules)]
        except FootprintError as error:
            badges.append(VerdictBadge("unsure", f"{_named(to.gate)} cannot judge this: {error}"))
            continue
        broken = [verdict for verdict in verdicts if not verdict.holds]
        if broken:
            metrics = list(dict.fromkeys(verdict.metric for verdict in broken))
            named = listed([*metrics[:3], *([f"{len(metrics) - 3} more"] if len(metrics) > 3 else [])])
            badges.append(VerdictBadge("bad", f"{_named(to.gate)} fails: {named}"))
        else:
            badges.append(VerdictBadge("good", f"{_named(to.gate)} holds: {plural(len(verdicts), 'check')}"))
    return tuple(badges)


def _named(gate: Gate) -> str:
    return f"gate {gate.name}" if gate.name else "gate"
