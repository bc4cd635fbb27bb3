"""A job: one machine under one or several rule sets, played by ``footprint run`` in a process of its own.

The same function runs in a thread of this machine and on a worker of a cluster. What is played in one pass costs less
than each rule set alone; a job that fails is tried again one rule set at a time.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from footprint.process.child import Child
from footprint.recording.metrics import MetricKind, metric
from footprint.recording.model import Recording, Run
from footprint.recording.sweep import Point
from footprint.units import bytes_text

REFUSED = 2
"""The exit code of a request that is wrong: it will be wrong again."""
_OUT_OF_MEMORY = ("MemoryError", "Cannot allocate memory", "failed to map segment", "std::bad_alloc", "out of memory")
_NAME = "footprint: "
"""What begins the line that says why."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What one job may take: `seconds`, and bytes of `memory` (None: any)."""

    seconds: float
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What to play: the words after ``footprint run``, and the id of the point for each rule set.

    `ids` are (point id, rule set); the rule set is empty where there is none to choose: of a real QEMU, and of a
    capture that has only views. `asked` are values of axes that are no parameters. `attempt` counts from 1.
    """

    words: tuple[str, ...]
    ids: tuple[tuple[str, str], ...]
    params: Mapping[str, Any]
    asked: Mapping[str, str] = field(default_factory=dict)
    backend: str = "model"
    attempt: int = 1

    def alone(self) -> list[Job]:
        """The next attempt: one job for each rule set."""
        return [replace(self, ids=(pair,), attempt=self.attempt + 1) for pair in self.ids]

    @property
    def command(self) -> list[str]:
        """The command line that plays it."""
        rules = [word for _, name in self.ids if name for word in ("-r", name)]
        return [sys.executable, "-m", "footprint", "run", *self.words, *rules, "--json", "--no-history"]


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What came of a job: its points, or the reason why there are none. `final`: it would fail again."""

    points: tuple[Point, ...] = ()
    reason: str = ""
    final: bool = False


_running: set[Child] = set()
_lock = threading.Lock()


def run_job(job: Job, limits: JobLimits) -> JobOutcome:
    """Play `job` in a process of its own, which dies with us; never raises for what goes wrong there."""
    command = job.command
    if limits.memory is not None:
        command = ["prlimit", f"--data={limits.memory}", *command]
    memory_file = os.memfd_create("recording")
    try:
        with Child(command, stdout=memory_file, environment=_environment(), name="the point") as child:
            with _lock:
                _running.add(child)
            try:
                code = child.wait(limits.seconds)
            finally:
                with _lock:
                    _running.discard(child)
            if code is None:
                return JobOutcome(reason=f"took longer than the time limit of {limits.seconds:g} s")
            if code != 0:
                return _failure(child, code, limits)
        return JobOutcome(_points(job, os.pread(memory_file, os.fstat(memory_file).st_size, 0)))
    finally:
        os.close(memory_file)


def _environment() -> dict[str, str]:
    """Ours; a thread of linear algebra for each CPU would cost more memory than the point."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def stop_all() -> None:
    """End every job that runs in this process."""
    with _lock:
        children = list(_running)
    for child in children:
        child.kill()


def _failure(child: Child, code: int, limits: JobLimits) -> JobOutcome:
    words = child.words
    if limits.memory is not None and any(sign in words for sign in _OUT_OF_MEMORY):
        return JobOutcome(reason=f"needed more than the memory limit of {bytes_text(limits.memory)}")
    if code < 0:
        return JobOutcome(reason=f"its process was killed by signal {-code}")
    told = [line.removeprefix(_NAME) for line in words.splitlines() if line.startswith(_NAME)]
    return JobOutcome(reason=told[-1] if told else child.last_words(), final=code == REFUSED)


def _points(job: Job, data: bytes) -> tuple[Point, ...]:
    recording = msgspec.json.decode(data, type=Recording)
    params = {**job.asked, **job.params, **recording.params}
    named = dict(zip((run.rules for run in recording.runs), job.ids, strict=True))
    return tuple(_point(run, named[run.rules], params, job.backend) for run in recording.runs)


def _point(run: Run, pair: tuple[str, str], params: dict[str, object], backend: str) -> Point:
    sample = run.sample()
    assert sample is not None, "footprint run refuses what is read at no mark"
    measured = backend != "model"
    kept = {
        name: value
        for name, value in sorted(sample.metrics.items())
        if measured or (metric(name).kind is MetricKind.EXACT and not name.startswith("process."))
    }
    return Point(pair[0], params, pair[1] or run.rules, sample.mark, kept, backend)
