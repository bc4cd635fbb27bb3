"""The qemu backend: obeys Steps with a real QEMU, and reads the same metrics where they mean the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from footprint.errors import RequestError
from footprint.guest.arguments import arguments, program
from footprint.guest.counts import count_spaces, count_views
from footprint.guest.guest import SECONDS, Guest
from footprint.guest.memory import process_metrics
from footprint.machines.topology import Topology
from footprint.recording.model import Number, Run, Sample
from footprint.scenario import Scenario
from footprint.steps import Build, Destroy, Mark, Settle, Step

NOTES = (
    "Read from a real QEMU: its counts are exact, its memory is what one process took, once.",
    "Only what info mtree and QEMU's trace events tell is here; a QEMU that has ended has nothing to be read.",
)
"""What is true of every recording of a real QEMU."""


class QemuBackend:
    """Plays a scenario on a QEMU process; `qemu` is its program, or empty for the machine's own.

    Use it as a context manager: leaving it ends QEMU.
    """

    name = "qemu"

    def __init__(self, qemu: str = "", *, seconds: float = SECONDS) -> None:
        self.qemu = qemu
        self.seconds = seconds
        self.guest: Guest | None = None
        self.version = ""

    def __enter__(self) -> QemuBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def obey(self, step: Step) -> None:
        """Do what `step` says; raises RequestError for what a real QEMU cannot, MeasurementError where it fails."""
        match step:
            case Build(topology):
                self._build(topology)
            case Settle():
                if self.guest is not None:
                    self.guest.settle()
            case Destroy():
                self._end()
            case Mark():
                pass
            case _:
                raise RequestError(
                    f"the qemu backend cannot {type(step).__name__.lower()}; it builds machines (use -b model)"
                )

    def read(self) -> dict[str, Number] | None:
        """Every metric of the running guest, or None when none runs."""
        guest = self.guest
        if guest is None:
            return None
        life = guest.trace.read()
        # Memory first: what the monitor prints is allocated in the process that is read.
        memory = process_metrics(guest.process.pid)
        metrics: dict[str, Number] = {**count_spaces(guest.ask("info mtree"))}
        metrics |= count_views(guest.ask("info mtree -f -d"), self.version)
        if life.created:
            # Not flatviews.peak: when the grace period of the last few ends is a matter of timing.
            metrics |= {
                "flatviews.created": life.created,
                "flatviews.freed": life.freed,
                "flatviews.allocated": life.created - life.freed,
            }
        return metrics | memory

    def _build(self, topology: Topology) -> None:
        self._end()
        command = [self.qemu or program(topology), *arguments(topology)]
        self.guest = Guest(command, seconds=self.seconds)
        self.version = self.guest.version

    def _end(self) -> None:
        if self.guest is not None:
            self.guest.close()
            self.guest = None


def play(scenario: Scenario, values: Mapping[str, Any], qemu: str = "", *, seconds: float = SECONDS) -> Run:
    """One execution of `scenario` on a real QEMU. Marks at which no QEMU runs have nothing to be read."""
    samples = []
    started = time.perf_counter()
    with QemuBackend(qemu, seconds=seconds) as backend:
        for step in scenario.play(values):
            backend.obey(step)
            if isinstance(step, Mark) and (metrics := backend.read()) is not None:
                samples.append(Sample(step.name, step.cycle, metrics))
        if not backend.version:
            raise RequestError(f"{scenario.name} builds no machine; the qemu backend has nothing to do")
        version = backend.version
    seconds = time.perf_counter() - started
    return Run(f"qemu-{version}", {}, tuple(samples), f"QEMU {version} itself", seconds)
