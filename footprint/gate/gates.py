"""Gates: rules with where they come from, and what they say of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from footprint.errors import InputFileError, RequestError
from footprint.gate.baseline import AcceptedRun, Baseline, read_baseline
from footprint.gate.budget import Budget
from footprint.gate.equal import Equal
from footprint.gate.exponent import Exponent
from footprint.gate.gate_verdict import GateVerdict, Origin, is_exact
from footprint.gate.no_worse import NoWorse
from footprint.gate.samples import runs_to_judge
from footprint.gate.settings import KEY, GateTable, Settings, metric_table
from footprint.gate.steady import Steady
from footprint.recording.metrics import metric
from footprint.recording.model import Recording, Run


class GateRule(Protocol):
    """A rule: a frozen dataclass that says in words what it wants, and judges runs."""

    @property
    def words(self) -> str:
        """The rule in words."""

    def judge(self, recording: Recording, runs: Sequence[Run]) -> list[GateVerdict]:
        """What it says of each run that it is about; raises RequestError where it is about none of them."""


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule, and where it stands."""

    rule: GateRule
    origin: Origin


@dataclass(frozen=True, slots=True)
class Gate:
    """Rules that belong together: those of one table of a pyproject.toml, or those of the command line.

    `baseline` is what was accepted, and `baseline_path` its file; None and empty where there is none.
    """

    name: str
    rules: tuple[PlacedRule, ...]
    baseline: Baseline | None = None
    baseline_path: str = ""


def judge(recording: Recording, gate: Gate, rules: Sequence[str] = ()) -> list[tuple[GateVerdict, Origin]]:
    """Every rule's verdicts on the runs under `rules`, by default on every run (:meth:`Recording.under`).

    Raises UnknownNameError for a rule set, or a mark, that the recording does not have at all, RequestError
    for a rule that has nothing to judge here, and InputFileError for a baseline of something else.
    """
    runs = runs_to_judge(recording, rules)
    if not gate.rules:
        raise RequestError("nothing to judge: no budget was given")
    if gate.baseline is not None:
        gate.baseline.check_fits(recording, gate.baseline_path)
    return [(verdict, placed.origin) for placed in gate.rules for verdict in placed.rule.judge(recording, runs)]


def command_line_gate(
    budgets: Sequence[str], mark: str | None, baseline: Baseline | None = None, baseline_path: str = ""
) -> Gate:
    """The gate of ``--budget`` and ``--baseline``; raises RequestError for what is no budget."""
    rules = [PlacedRule(Budget.parse(text, mark, baseline), Origin("--budget", text)) for text in budgets]
    if baseline is not None:
        rules += whole_baseline(baseline, Origin("--baseline", baseline_path))
    return Gate("", tuple(rules), baseline, baseline_path)


def gate_of(settings: Settings, name: str) -> Gate:
    """The gate `name` of a pyproject.toml, its baseline read; raises InputFileError."""
    table = settings.gates[name]
    baseline, path = None, ""
    if table.baseline:
        path = shown_path(settings.path.parent / table.baseline)
        if not Path(path).exists():
            reason = f"baseline: no file {path}; footprint accept {name} writes it"
            raise InputFileError(settings.path, f"{KEY}.{name}.{reason}", line=settings.line(name, "baseline"))
        baseline = read_baseline(path)
    return Gate(name, tuple(_rules(settings, name, table, baseline)), baseline, path)


def growth_rules(settings: Settings, name: str) -> list[tuple[Exponent, Origin]]:
    """The exponents of the gate `name`, each with where it stands."""
    file = shown_path(settings.path)
    return [
        (
            Exponent.parse(text),
            Origin(file=file, line=settings.line(name, text), key=f"{KEY}.{name}.exponents[{number}]"),
        )
        for number, text in enumerate(settings.gates[name].exponents)
    ]


def shown_path(path: Path) -> str:
    """`path` from the current folder, where it is below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _rules(settings: Settings, name: str, table: GateTable, baseline: Baseline | None) -> list[PlacedRule]:
    file = shown_path(settings.path)

    def origin(key: str, needle: str) -> Origin:
        line = settings.line(name, needle)
        whole = f"{KEY}.{name}.{key}"
        return Origin(file=file, line=line, key=whole)

    placed = [
        PlacedRule(Budget.parse(text, table.mark, baseline), origin(f"budgets[{number}]", text))
        for number, text in enumerate(table.budgets)
    ]
    if baseline is not None and not table.no_worse:
        placed += whole_baseline(baseline, origin("baseline", "baseline"))
    for number, row in enumerate(map(metric_table, table.no_worse)):
        assert baseline is not None  # settings refuse no-worse without one
        rule = NoWorse(row.metric, baseline, row.allowance, table.mark)
        placed.append(PlacedRule(rule, origin(f"no-worse[{number}]", row.metric)))
    for number, row in enumerate(map(metric_table, table.steady)):
        placed.append(
            PlacedRule(Steady(row.metric, row.allowance, table.mark), origin(f"steady[{number}]", row.metric))
        )
    for number, equal in enumerate(table.equal):
        both = Equal(equal.metric, equal.between, equal.allowance, table.mark)
        placed.append(PlacedRule(both, origin(f"equal[{number}]", equal.metric)))
    return placed


def whole_baseline(baseline: Baseline, origin: Origin) -> list[PlacedRule]:
    """The rules that no exact metric which the baseline has gets worse."""
    names = dict.fromkeys(name for run in baseline.runs for name in _judged_names(run))
    return [PlacedRule(NoWorse(name, baseline), origin) for name in names]


def _judged_names(run: AcceptedRun) -> list[str]:
    return [name for name in run.metrics if is_exact(name) and metric(name).better == "lower"]
