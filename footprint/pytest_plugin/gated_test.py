"""Tests that are gates: a scenario is played, and the test fails where one of its rules is broken.

The marker and the fixture take the same arguments. A request that is wrong, or that cannot be measured, is an error of
a marked test; the fixture raises it, as any function would.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from footprint.backends.model import ModelBackend
from footprint.backends.qemu import QemuBackend, QemuOptions, refusals, refuse
from footprint.errors import FootprintError, RequestError, UnknownNameError
from footprint.gate.baseline import read_baseline
from footprint.gate.budget import Budget
from footprint.gate.gate_verdict import Judged, Origin
from footprint.gate.gates import Gate, PlacedRule, judge, shown_path, whole_baseline
from footprint.gate.markdown import summary
from footprint.history.keep import keep
from footprint.pytest_plugin.failed import Failed
from footprint.pytest_plugin.gate_rows import keep_rows, setting
from footprint.pytest_plugin.names import GATE, HISTORY, QEMU, RULES, SAVE, Setting
from footprint.record.recorder import record
from footprint.record.request import ModelOptions, Request
from footprint.recording.files import FILE_NAME, encode, write_text
from footprint.recording.model import Number, Recording
from footprint.scenario.custom_rules import find_rule_sets
from footprint.scenario.find import find
from footprint.scenario.scenario import Scenario
from footprint.scripts import blaming

BACKENDS = (ModelBackend.name, QemuBackend.name)
ARGUMENTS = ("budgets", "baseline", "rules", "mark", "backend", "qemu")
"""What the marker and the fixture take besides the scenario's own parameters."""
_RELATION = re.compile(r"\s*(<=|>=|==|<|>)")
_BROKEN = pytest.StashKey[str]()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a test asks for: `scenario` with `params`, how it is played, and the rules that it is judged by."""

    scenario: str
    params: Mapping[str, object]
    budgets: tuple[str, ...] = ()
    baseline: str = ""
    rules: tuple[str, ...] = ()
    mark: str | None = None
    backend: str = ModelBackend.name
    qemu: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played: its `recording`, and the figures in it."""

    recording: Recording

    def __getitem__(self, metric: str) -> Number:
        return self.value(metric)

    def value(self, metric: str, rules: str | None = None, mark: str | None = None) -> Number:
        """The metric at `mark`, by default where a run is judged; raises UnknownNameError.

        `rules` names the run; it is needed where there are several.
        """
        runs = {run.rules: run for run in self.recording.runs}
        if rules is None and len(runs) > 1:
            raise RequestError(f"name one of the rule sets that were played, rules=NAME; valid: {', '.join(runs)}")
        run = self.recording.runs[0] if rules is None else runs.get(rules)
        if run is None:
            raise UnknownNameError("rule set in this recording", str(rules), runs)
        sample = run.sample(mark)
        if sample is None:
            raise UnknownNameError("mark", str(mark), self.recording.marks)
        if metric not in sample.metrics:
            raise UnknownNameError("metric in this recording", metric, sample.metrics)
        return sample.metrics[metric]


class Player:
    """The fixture `footprint` of one test."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def run(self, scenario: str, /, **arguments: Any) -> Played:
        """Play `scenario`, and fail the test where a rule in `budgets` or `baseline` is broken.

        Raises RequestError for what is unknown, and MeasurementError where it cannot be measured.
        """
        __tracebackhide__ = True
        recording, judged = _played(self._item, _wanted(self._item.config, (scenario,), arguments))
        if said := _broken(judged):
            raise Failed(said)
        return Played(recording)


def play_markers(item: pytest.Item) -> None:
    """Play what the markers of the test ask for; what cannot be played or judged is an error of its setup."""
    judged, fault = [], ""
    for mark in reversed([*item.iter_markers(GATE)]):
        try:
            wanted = _wanted(item.config, mark.args, mark.kwargs)
            judged += _played(item, wanted, needs_rule=True)[1]
        except FootprintError as error:
            fault = f"{GATE}: {error}"
            break
    if fault:
        pytest.fail(fault, pytrace=False)  # not where it was caught: the sentence stands alone
    item.stash[_BROKEN] = _broken(judged)


def check_markers(item: pytest.Item) -> None:
    """Fail the test where a marker's rule is broken."""
    if said := item.stash.get(_BROKEN, ""):
        raise Failed(said, pytrace=False)


# Section: what is wanted


def _wanted(config: pytest.Config, words: tuple[Any, ...], arguments: Mapping[str, Any]) -> Wanted:
    """The arguments of a marker or of the fixture, checked; raises RequestError."""
    if len(words) != 1 or not isinstance(words[0], str):
        raise RequestError(f'the one argument without a name is the scenario, as in {GATE}("power8", cpus=16)')
    given = dict.fromkeys(ARGUMENTS) | dict(arguments)
    own = {name: given.pop(name) for name in ARGUMENTS}
    for name in ("baseline", "mark", "backend", "qemu"):
        if not isinstance(own[name], str | Path | None):
            raise RequestError(f"{name}={own[name]!r} is not text")
    return Wanted(
        words[0],
        given,
        tuple(_budgets(own["budgets"])),
        str(own["baseline"] or ""),
        _names(own["rules"]) or tuple(setting(config, RULES).split()),
        own["mark"],
        own["backend"] or ModelBackend.name,
        str(own["qemu"] or setting(config, QEMU)),
    )


def _budgets(given: Any) -> list[str]:
    """Budgets as texts: of a dict (metric to a limit or to ``"<= 5MiB"``), of a list, or of one text."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [f"{name}{'' if _RELATION.match(str(limit)) else '<='}{limit}" for name, limit in given.items()]
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise RequestError(f'budgets={given!r} is neither a dict such as {{"flatviews.alive": 4}} nor a list of texts')
    return list(texts)


def _names(given: Any) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else []
    if (given is not None and not names) or not all(isinstance(name, str) for name in names):
        raise RequestError(f'rules={given!r} is neither the name of a rule set, as in "v7.2.0", nor a list of such')
    return tuple(names)


# Section: playing and judging


def _played(item: pytest.Item, wanted: Wanted, *, needs_rule: bool = False) -> tuple[Recording, list[Judged]]:
    scenario = find(wanted.scenario)
    own = [param.name for param in scenario.params]
    for name in wanted.params:
        if name not in own:
            raise UnknownNameError(f"argument of {GATE} for {scenario.name}", name, [*own, *ARGUMENTS])
    gate = _gate(item, wanted)
    if needs_rule and not gate.rules:
        raise RequestError(f"the marker has no rule to judge {wanted.scenario} by; give budgets= or baseline=")
    recording = record(_request(scenario, wanted))
    _write(item, recording)
    judged = [_judged(item, wanted, recording, *each) for each in judge(recording, gate)] if gate.rules else []
    keep_rows(item, judged)
    return recording, judged


def _request(scenario: Scenario, wanted: Wanted) -> Request:
    values = scenario.values({name: str(value) for name, value in wanted.params.items()})
    if wanted.backend not in BACKENDS:
        raise UnknownNameError("backend", wanted.backend, BACKENDS)
    if wanted.backend == ModelBackend.name:
        return Request(scenario, wanted.scenario, values, ModelOptions(find_rule_sets(wanted.rules or scenario.rules)))
    with blaming():
        refuse(refusals(scenario, tuple(scenario.play(values))))
    return Request(scenario, wanted.scenario, values, QemuOptions(program=wanted.qemu))


def _gate(item: pytest.Item, wanted: Wanted) -> Gate:
    file, line, name = item.location
    origin = Origin(file=file, line=(line or 0) + 1, key=name)
    path = shown_path(item.config.rootpath / wanted.baseline) if wanted.baseline else ""
    baseline = read_baseline(path) if path else None
    rules = [PlacedRule(Budget.parse(text, wanted.mark, baseline), origin) for text in wanted.budgets]
    for placed in rules:
        assert isinstance(placed.rule, Budget)
        placed.rule.check_tolerance()
    if baseline is not None:
        rules += whole_baseline(baseline, origin)
    return Gate("", tuple(rules), baseline, path)


def _judged(item: pytest.Item, wanted: Wanted, recording: Recording, verdict: Any, origin: Origin) -> Judged:
    params = [word for name, value in wanted.params.items() for word in ("-s", f"{name}={value}")]
    words = ["footprint", "gate", wanted.scenario, *params, "-r", verdict.rules]
    words += ["--mark", wanted.mark] if wanted.mark else []
    is_budget = verdict.rule.startswith("budget ")
    words += ["--budget", verdict.rule.removeprefix("budget ")] if is_budget else ["--baseline", wanted.baseline]
    if wanted.backend != ModelBackend.name:
        words = ["pytest", item.nodeid]
    return Judged(verdict, origin, recording.scenario, wanted.scenario, shlex.join(words), params=dict(wanted.params))


def _broken(judged: Iterable[Judged]) -> str:
    """What a failing test says; empty where every rule holds."""
    every = list(judged)
    broken = [each for each in every if not each.verdict.holds]
    if not broken:
        return ""
    lines = [f"{GATE}: {summary(every)}"]
    for each in broken:
        lines += [
            f"FAIL  {each.verdict.sentence}",
            f"      rule:  {each.verdict.rule} ({each.origin.text})",
            f"      again: {each.repeat}",
        ]
    return "\n".join(lines)


# Section: what is left behind


def _write(item: pytest.Item, recording: Recording) -> None:
    """Save the recording, and keep it in a history, where the settings say so."""
    if folder := _place(item.config, SAVE):
        name = re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")
        taken = item.stash.setdefault(_SAVED, [])
        taken.append(name)
        write_text(folder / (name if len(taken) == 1 else f"{name}-{len(taken)}") / FILE_NAME, encode(recording))
    if file := _place(item.config, HISTORY):
        keep(recording, file)


_SAVED = pytest.StashKey[list[str]]()


def _place(config: pytest.Config, which: Setting) -> Path | None:
    """Where a setting points to: from the folder pytest was started in, or from that of the ini-file."""
    word = setting(config, which)
    top = config.inipath.parent if config.inipath else config.rootpath
    return (config.invocation_params.dir if config.getoption(which.key) else top) / word if word else None
