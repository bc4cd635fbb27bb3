"""The recorder: plays a scenario on a backend and reads the probes at every Mark.

One pass over the operations serves all rule sets whose machines are wired alike. What perturbs the
process it reads (tracemalloc, pympler) runs in a fresh child of its own, one rule set at a time.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec

from footprint import __version__
from footprint.backends import qemu as real
from footprint.backends.model import ModelBackend, passes
from footprint.errors import FootprintError, InputFileError, MeasurementError, RequestError
from footprint.memory.ledger import Ledger
from footprint.memory.policies import OwnRules
from footprint.memory.rules import RuleSet
from footprint.probes.census import CensusProbe
from footprint.probes.process import ProcessProbe
from footprint.probes.view_snapshot import portraits
from footprint.qemu_process.guest import SECONDS, SECONDS_TO_BOOT
from footprint.recording.metrics import metric
from footprint.recording.model import SCHEMA, Number, Recording, Run, Sample, Timeline, View
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import Mark
from footprint.scripts import blame

INTRUSIVE = ("traced", "sized")
"""Probes that need a child process of their own."""
CHILD_SECONDS = 600

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What to record: a scenario with its parameter values, rule sets, and the intrusive probes wanted.

    `source` is the word that the scenario was found by; a child process finds it by the same. `backend` is
    ``model`` or ``qemu``; the latter obeys no rule set but its own, and `qemu` is its program (empty: the
    machine's own), each step of which has `seconds` and the firmware `firmware`; `guests` run side by side.
    """

    scenario: Scenario
    source: str
    values: Mapping[str, Any]
    rules: tuple[RuleSet, ...]
    probes: tuple[str, ...] = ()
    backend: str = ModelBackend.name
    qemu: str = ""
    seconds: float = SECONDS
    firmware: float = SECONDS_TO_BOOT
    guests: int = 1


def record(request: Request, progress: Progress = lambda _: None) -> Recording:
    """Play the scenario under every rule set, and give the recording; says on `progress` what it is at.

    Raises InputFileError where a scenario's script or a rule of somebody's own fails.
    """
    try:
        return _record(request, progress)
    except FootprintError:
        raise
    except (Exception, SystemExit) as error:
        own = [one.name for one in request.rules if one.own != OwnRules()]
        blamed = blame(error)
        if blamed is None and own:
            # What a rule returned was of no use to whoever asked it, so no frame of its own is left.
            blamed = InputFileError(own[0], f"fails while it is asked: {type(error).__name__}: {error}")
        if blamed is None:
            raise
        raise blamed from None


def _record(request: Request, progress: Progress) -> Recording:
    if request.backend == real.QemuBackend.name:
        return _record_real(request, progress)
    scenario, started = request.scenario, time.perf_counter()
    runs: dict[str, Run] = {}
    said: dict[str, None] = {}
    for group in passes(request.rules):
        progress(f"{scenario.name}: {', '.join(one.name for one in group)}")
        backend = ModelBackend(group, host_page=request.values["host_page"])
        for run in play(scenario, request.values, backend, portrayed=request.rules[-1]):
            runs[run.rules] = run
        said.update(dict.fromkeys(f"Guessed: {guess}." for guess in backend.guesses))
        said.update(dict.fromkeys(backend.findings))
    if not any(run.samples for run in runs.values()):
        raise RequestError(f"scenario {scenario.name!r} yields no Mark, so nothing would be recorded")
    for probe in request.probes:
        for one in request.rules:
            progress(f"{scenario.name}: {probe} under {one.name}")
            runs[one.name] = _merged(runs[one.name], _read_in_child(request, one, probe))
    return Recording(
        schema=SCHEMA,
        scenario=scenario.name,
        params=dict(request.values),
        backend=ModelBackend.name,
        environment=_environment(time.perf_counter() - started),
        runs=tuple(runs[one.name] for one in request.rules),
        question=scenario.question,
        notes=(*scenario.notes(SimpleNamespace(**request.values)), *said),
        published=scenario.published(SimpleNamespace(**request.values)),
        accumulates=scenario.accumulates,
    )


def _record_real(request: Request, progress: Progress) -> Recording:
    """The scenario on a real QEMU: one run, under the rules of that binary."""
    scenario, started = request.scenario, time.perf_counter()
    many = f"{request.guests} × " if request.guests > 1 else ""
    progress(f"{scenario.name}: {many}{request.qemu or 'QEMU'}")
    run = real.play(
        scenario, request.values, request.qemu,
        seconds=request.seconds, firmware=request.firmware, guests=request.guests,
    )  # fmt: skip
    return Recording(
        schema=SCHEMA,
        scenario=scenario.name,
        params=dict(request.values),
        backend=request.backend,
        environment=_environment(time.perf_counter() - started),
        runs=(run,),
        question=scenario.question,
        notes=(*real.NOTES, *((real.SIDE_BY_SIDE,) if request.guests > 1 else ())),
        accumulates=scenario.accumulates,
    )


def play(
    scenario: Scenario, values: Mapping[str, Any], backend: ModelBackend, *, portrayed: RuleSet | None = None
) -> list[Run]:
    """One pass of `scenario` on `backend`; a Run for each of its rule sets.

    The run under `portrayed` also has its living views, as they were at the last mark that had any.
    """
    rules = backend.rules
    census, process = CensusProbe(), ProcessProbe()
    samples: dict[str, list[Sample]] = {one.name: [] for one in rules}
    views: dict[str, tuple[View, ...]] = {}
    started = time.perf_counter()
    for step in scenario.play(values):
        backend.obey(step)
        if isinstance(step, Mark):
            measured = process.read()
            for ledger in backend.ledgers:
                counts = census.read(ledger)
                if scenario.state_only:
                    counts = {name: value for name, value in counts.items() if metric(name).gauge}
                metrics: dict[str, Number] = {**counts, **measured}
                samples[ledger.rules.name].append(Sample(step.name, step.cycle, metrics))
                if ledger.rules is portrayed and ledger.spaces:
                    views[portrayed.name] = portraits(ledger)
    seconds = time.perf_counter() - started if len(rules) == 1 else None
    return [
        Run(
            rules=ledger.rules.name,
            features=ledger.rules.features.as_text(),
            samples=tuple(samples[ledger.rules.name]),
            what=ledger.rules.what,
            seconds=seconds,
            timeline=None if scenario.state_only else _timeline(ledger),
            views=views.get(ledger.rules.name, ()),
        )
        for ledger in backend.ledgers
    ]


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


def _environment(seconds: float) -> dict[str, Any]:
    """What a reader needs to know to judge measured figures."""
    return {
        "footprint": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cpus": os.cpu_count() or 1,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
    }
