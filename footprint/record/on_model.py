"""Recording on the model: a run for each rule set.

One pass over the operations serves all rule sets whose machines are wired alike. What perturbs the
process it reads (tracemalloc, pympler) runs in a fresh child of its own, one rule set at a time.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import NamedTuple

import msgspec

from footprint.backends.backend import play
from footprint.backends.model import ModelBackend, passes
from footprint.backends.remarks import remarks_on
from footprint.errors import FootprintError, InputFileError, MeasurementError
from footprint.memory.ledger import Ledger
from footprint.memory.policies import OwnRules
from footprint.memory.rules import RuleSet
from footprint.probes.census import CensusProbe, refused
from footprint.probes.lookups import LookupProbe
from footprint.probes.owner_shares import owner_shares
from footprint.probes.process import ProcessProbe
from footprint.probes.remaining import remaining
from footprint.probes.view_snapshot import view_owners, view_snapshots
from footprint.progress import Progress
from footprint.record.request import INTRUSIVE, ModelOptions, Outcome, Request, check_samples
from footprint.record.side_by_side import balanced, side_by_side
from footprint.recording.metrics import metric
from footprint.recording.model import DESTROYED, Number, OwnerShare, Remaining, Run, Sample, Timeline, View, ViewOwner
from footprint.scenario.steps import Build, Destroy, Mark, Replay, Restore
from footprint.scripts import blame

CHILD_SECONDS = 600
_ON_REQUEST = {probe.name: probe for probe in (LookupProbe,)}


class _Pass(NamedTuple):
    """What one pass gives: a run for each of its rule sets, and sentences that a reader needs to know."""

    runs: list[Run]
    remarks: list[str]


def record_on_model(
    request: Request, options: ModelOptions, progress: Progress, meanwhile: Callable[[], None]
) -> Outcome:
    """Play the request's scenario under every rule set; raises InputFileError where a custom rule fails.

    `meanwhile` is called where the passes leave this process time for something else.
    """
    scenario, values = request.scenario, SimpleNamespace(**request.values)
    runs: dict[str, Run] = {}
    remarks: dict[str, None] = {}
    with _custom_rules_blamed(options.rules):
        machine = _machine_of(request)
        remarks.update(dict.fromkeys(remarks_on(options.rules, machine)))
        groups = balanced(passes(options.rules, machine))
        progress(f"{scenario.name}: {', '.join(rules.name for rules in options.rules)}")

        def play_group(group: tuple[RuleSet, ...]) -> _Pass:
            return _pass(request, group, options)

        for played in side_by_side(play_group, groups, len, meanwhile):
            runs.update((run.rules, run) for run in played.runs)
            remarks.update(dict.fromkeys(played.remarks))
    check_samples(scenario, tuple(runs.values()))
    for probe in (name for name in options.probes if name in INTRUSIVE):
        for rules in options.rules:
            progress(f"{scenario.name}: {probe} under {rules.name}")
            runs[rules.name] = _merged(runs[rules.name], _read_in_child(request, rules, probe))
    return Outcome(
        backend=ModelBackend.name,
        runs=tuple(runs[rules.name] for rules in options.rules),
        notes=(*scenario.notes(values), *remarks),
        published=scenario.published(values),
    )


def _machine_of(request: Request) -> str:
    """The name of the machine that the scenario builds; empty where it builds none."""
    for step in request.scenario.play(request.values):
        if isinstance(step, Build):
            return step.topology.machine
        if isinstance(step, Replay | Restore):
            break
    return ""


@contextlib.contextmanager
def _custom_rules_blamed(rules: tuple[RuleSet, ...]) -> Iterator[None]:
    """Whatever fails in no script's line is the fault of a custom rule, if there is one."""
    try:
        yield
    except FootprintError:
        raise
    except (Exception, SystemExit) as error:
        custom = [rule_set.name for rule_set in rules if rule_set.own != OwnRules()]
        if not custom or blame(error) is not None:
            raise
        # What a rule returned was of no use to whoever asked it, so no frame of its own is left.
        raise InputFileError(custom[0], f"fails while it is asked: {type(error).__name__}: {error}") from None


def _pass(request: Request, rule_sets: tuple[RuleSet, ...], options: ModelOptions) -> _Pass:
    """One pass that serves all of `rule_sets`.

    Each has its living views and whose they are, as they were at the last mark that had any.
    """
    backend = ModelBackend(rule_sets, host_page=request.values["host_page"])
    scenario, census, process = request.scenario, CensusProbe(), ProcessProbe()
    asked = [probe() for name, probe in _ON_REQUEST.items() if name in options.probes]
    samples: dict[str, list[Sample]] = {rules.name: [] for rules in backend.rules}
    views: dict[str, tuple[View, ...]] = {}
    owners: dict[str, tuple[ViewOwner, ...]] = {}
    shares: dict[str, tuple[OwnerShare, ...]] = {}
    left: dict[str, tuple[Remaining, ...]] = {}
    started = time.perf_counter()
    telling = _marks_before_the_end(request)
    for number, reached in enumerate(play(scenario, request.values, backend)):
        measured = process.read()
        for ledger in backend.ledgers:
            counts = census.read(ledger)
            if scenario.state_only:
                counts = {name: value for name, value in counts.items() if metric(name).gauge}
            metrics: dict[str, Number] = {**counts, **measured}
            metrics |= backend.heard(ledger)
            if places := backend.core.discard_managers.places:
                metrics["discard_managers.refused"] = refused(ledger, places.values())
            for probe in asked:
                metrics |= probe.read(ledger)
            samples[ledger.rules.name].append(Sample(reached.mark.name, reached.mark.cycle, metrics))
            if reached.mark.name == DESTROYED:
                left[ledger.rules.name] = remaining(ledger, backend.regions)
            if ledger.spaces and number in telling:
                owners[ledger.rules.name] = view_owners(ledger, backend.device_types)
                shares[ledger.rules.name] = owner_shares(ledger, backend.device_types)
                views[ledger.rules.name] = view_snapshots(ledger, backend.device_types)
    seconds = time.perf_counter() - started if len(options.rules) == 1 else None
    runs = [
        Run(
            rules=ledger.rules.name,
            features=ledger.rules.features.as_text(),
            samples=tuple(samples[ledger.rules.name]),
            what=ledger.rules.what,
            seconds=seconds,
            timeline=None if scenario.state_only else _timeline(ledger),
            views=views.get(ledger.rules.name, ()),
            view_owners=owners.get(ledger.rules.name, ()),
            owner_shares=shares.get(ledger.rules.name, ()),
            remaining=left.get(ledger.rules.name, ()),
        )
        for ledger in backend.ledgers
    ]
    return _Pass(runs, [*(f"Guessed: {guess}." for guess in backend.guesses), *backend.findings])


def _marks_before_the_end(request: Request) -> set[int]:
    """The numbers of the marks at which the machine is read for the last time before it is destroyed, and after."""
    numbers, marks = set(), 0
    for step in request.scenario.play(request.values):
        if isinstance(step, Destroy):
            numbers.add(marks - 1)
        marks += isinstance(step, Mark)
    return {*numbers, marks - 1}


def _timeline(ledger: Ledger) -> Timeline:
    moments = ledger.history.moments
    return Timeline(
        commits=tuple(moment.commit for moment in moments),
        alive=tuple(moment.alive for moment in moments),
        waiting=tuple(moment.waiting for moment in moments),
        bytes=tuple(moment.bytes for moment in moments),
    )


def _merged(run: Run, readings: list[tuple[str, int, dict[str, Number]]]) -> Run:
    """`run` with what a child read at the same marks."""
    more = {(mark, cycle): metrics for mark, cycle, metrics in readings}
    samples = tuple(
        Sample(sample.mark, sample.cycle, {**sample.metrics, **more.get((sample.mark, sample.cycle), {})})
        for sample in run.samples
    )
    return msgspec.structs.replace(run, samples=samples)


def _read_in_child(request: Request, rules: RuleSet, probe: str) -> list[tuple[str, int, dict[str, Number]]]:
    task = {"source": request.source, "values": dict(request.values), "rules": rules.name, "probe": probe}
    command = [sys.executable, "-m", "footprint.record.probe_worker"]
    try:
        child = subprocess.run(
            command, input=json.dumps(task), capture_output=True, text=True, timeout=CHILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"the {probe} probe did not end within {CHILD_SECONDS} s under {rules.name}") from None
    if child.returncode != 0:
        words = child.stderr.strip().splitlines()
        raise MeasurementError(
            f"the {probe} probe's process ended with {child.returncode} under {rules.name}: "
            f"{words[-1] if words else 'it said nothing'}"
        )
    return [(mark, cycle, metrics) for mark, cycle, metrics in json.loads(child.stdout)]
