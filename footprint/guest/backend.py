"""The qemu backend: obeys Steps with a real QEMU, and reads the same metrics where they mean the same."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from footprint.errors import RequestError
from footprint.guest.arguments import arguments, parts, program
from footprint.guest.counts import count_spaces, count_views
from footprint.guest.guest import SECONDS, Guest
from footprint.guest.memory import process_metrics
from footprint.guest.plugging import Socket
from footprint.machines.topology import Device, Topology
from footprint.recording.model import Number, Run, Sample
from footprint.scenario import Scenario
from footprint.steps import Boot, Build, Destroy, Mark, Plug, Settle, Step, Unplug

NOTES = (
    "Read from a real QEMU: its counts are exact, its memory is what one process took, once.",
    "Only what info mtree and QEMU's trace events tell is here; a QEMU that has ended has nothing to be read.",
    "Where devices come and go, views are read only at the last mark, because reading keeps some of them; and a q35 "
    "has native hot-plug, because a stopped guest answers no ACPI: one I/O region and two start-up views less.",
)
"""What is true of every recording of a real QEMU."""


class QemuBackend:
    """Plays a scenario on a QEMU process; `qemu` is its program, or empty for the machine's own.

    Use it as a context manager: leaving it ends QEMU. `plugs`: devices will come and go.
    """

    name = "qemu"

    def __init__(self, qemu: str = "", *, seconds: float = SECONDS, plugs: bool = False) -> None:
        self.qemu = qemu
        self.plugs = plugs
        self.seconds = seconds
        self.guest: Guest | None = None
        self.version = ""
        self._machine = ""
        self._drives: set[str] = set()
        self._views_were_read = False

    def __enter__(self) -> QemuBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def obey(self, step: Step) -> None:
        """Do what `step` says; raises RequestError for what a real QEMU cannot, MeasurementError where it fails."""
        match step:
            case Build(topology):
                self._build(topology)
            case Boot():
                self._running.boot()
            case Plug(device):
                self._plug(device)
            case Unplug(name):
                self._unplug(name)
            case Settle():
                if self.guest is not None:
                    self.guest.settle()
            case Destroy():
                self._end()
            case Mark():
                pass
            case _:
                raise RequestError(_cannot(step))

    def read(self, *, views: bool = True) -> dict[str, Number] | None:
        """Every metric of the running guest, or None when none runs.

        Without `views` what only reading the views tells is left out. A guest whose views were read keeps
        some of them (docs/reading.md), so views freed are left out afterwards.
        """
        guest = self.guest
        if guest is None:
            return None
        life = guest.trace.read()
        # Memory first: what the monitor prints is allocated in the process that is read.
        memory = process_metrics(guest.process.pid)
        metrics: dict[str, Number] = {**count_spaces(guest.ask("info mtree"))}
        if life.created:
            metrics["flatviews.created"] = life.created
        if life.created and not self._views_were_read:
            # Not flatviews.peak: when the grace period of the last few ends is a matter of timing.
            metrics |= {"flatviews.freed": life.freed, "flatviews.allocated": life.created - life.freed}
        if views:
            metrics |= count_views(guest.ask("info mtree -f -d"), self.version)
            self._views_were_read = True
        return metrics | memory

    @property
    def _running(self) -> Guest:
        if self.guest is None:
            raise RequestError("a step wants a machine that runs; none was built")
        return self.guest

    def _plug(self, device: Device) -> None:
        for option, values in parts(self._machine, device):
            if option == "-blockdev":
                self._drives.add(values["node-name"])
                self._order("blockdev-add", values)
            elif option == "-device":
                more = {name: value for name, value in values.items() if name not in ("", "id", "bus")}
                Socket(self._running, values["bus"]).plug(device.type, device.id, **more)
            else:
                raise RequestError(f"the qemu backend cannot plug {device.type}")

    def _unplug(self, name: str) -> None:
        Socket(self._running, "").unplug(name)
        if (drive := f"drive-{name}") in self._drives:
            # The device lets go of its drive when the grace period is over.
            self._running.settle()
            self._order("blockdev-del", {"node-name": drive})
            self._drives.remove(drive)

    def _order(self, command: str, values: dict[str, Any]) -> None:
        with self._running.speaking(f"at {command}"):
            self._running.monitor.execute(command, **values)

    def _build(self, topology: Topology) -> None:
        self._end()
        command = [self.qemu or program(topology), *arguments(topology, plugs=self.plugs)]
        self.guest = Guest(command, seconds=self.seconds)
        self.version = self.guest.version
        self._machine = topology.machine
        self._views_were_read = False

    def _end(self) -> None:
        if self.guest is not None:
            self.guest.close()
            self.guest = None


def _cannot(step: Step) -> str:
    name = type(step).__name__
    own = {
        "EnableBusMaster": "let a device of a stopped guest reach memory; hotplug has -s bus_master=0",
        "Commit": "make a commit of its own; hotplug has -s commit=0",
    }
    return f"the qemu backend cannot {own.get(name, f'{name.lower()}; it builds machines (use -b model)')}"


def _reads_views(steps: Sequence[Step]) -> list[bool]:
    """At which of the steps the views may be read.

    At every mark; but where devices come and go only at the last one before the machine is gone, because
    each reading would be seen by the marks that follow it.
    """
    plugs = any(isinstance(step, Plug) for step in steps)
    reads, is_last = [], True
    for step in reversed(steps):
        reads.append(isinstance(step, Mark) and (is_last or not plugs))
        if isinstance(step, Destroy):
            is_last = True
        elif isinstance(step, Plug | Unplug | Boot):
            is_last = False
    return reads[::-1]


def play(scenario: Scenario, values: Mapping[str, Any], qemu: str = "", *, seconds: float = SECONDS) -> Run:
    """One execution of `scenario` on a real QEMU. Marks at which no QEMU runs have nothing to be read."""
    samples = []
    started = time.perf_counter()
    steps = list(scenario.play(values))
    plugs = any(isinstance(step, Plug) for step in steps)
    with QemuBackend(qemu, seconds=seconds, plugs=plugs) as backend:
        for step, views in zip(steps, _reads_views(steps), strict=True):
            backend.obey(step)
            if isinstance(step, Mark) and (metrics := backend.read(views=views)) is not None:
                samples.append(Sample(step.name, step.cycle, metrics))
        if not backend.version:
            raise RequestError(f"{scenario.name} builds no machine; the qemu backend has nothing to do")
        version = backend.version
    return Run(f"qemu-{version}", {}, tuple(samples), f"QEMU {version} itself", time.perf_counter() - started)
