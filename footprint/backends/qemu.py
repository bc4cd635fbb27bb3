"""The qemu backend: obeys Steps with a real QEMU, and reads the same metrics where they mean the same."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from footprint.errors import RequestError
from footprint.machines.topology import Device, Topology
from footprint.process.smaps import guests_metrics, process_metrics
from footprint.qemu.counts import count_spaces, count_views
from footprint.qemu_process.command_line import arguments, parts, program
from footprint.qemu_process.guest import SECONDS, SECONDS_TO_BOOT, Guest, check_files
from footprint.qemu_process.hotplug import Socket
from footprint.recording.model import Number, Run, Sample
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import Boot, Build, Destroy, Mark, Plug, Settle, Step, Unplug

NOTES = (
    "Read from a real QEMU: its counts are exact, its memory is what one process took, once.",
    "Only what info mtree and QEMU's trace events tell is here; a QEMU that has ended has nothing to be read.",
    "Where devices come and go, views are read only at the last mark, because reading keeps some of them; and a q35 "
    "has native hot-plug, because a stopped guest answers no ACPI: one I/O region and two start-up views less.",
)
"""What is true of every recording of a real QEMU."""
SIDE_BY_SIDE = (
    "Several guests ran side by side: process.… is the mean of one, guests.… is all of them; everything counted is "
    "the first guest's. Whatever else runs the same binary or libraries on this host has its share of the PSS too."
)
"""What is true of a recording of several guests."""


class QemuBackend:
    """Plays a scenario on a QEMU process; `qemu` is its program, or empty for the machine's own.

    Use it as a context manager: leaving it ends QEMU. `plugs`: devices will come and go. With `guests` that
    many are started at once; they differ in nothing, so the first is the one that is asked. Firmware runs
    for `firmware` seconds at most.
    """

    name = "qemu"

    def __init__(
        self, qemu: str = "", *, seconds: float = SECONDS, firmware: float = SECONDS_TO_BOOT, plugs: bool = False,
        guests: int = 1,
    ) -> None:  # fmt: skip
        self.qemu = qemu
        self.plugs = plugs
        self.seconds = seconds
        self.firmware = firmware
        self.guests = guests
        self.guest: Guest | None = None
        self._others: list[Guest] = []
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
                self._running.boot(self.firmware)
            case Plug(device):
                self._plug(device)
            case Unplug(name):
                self._unplug(name)
            case Settle():
                for guest in self._all:
                    guest.settle()
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
        memory = self._memory()
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

    def _memory(self) -> dict[str, int]:
        found = []
        for guest in self._all:
            with guest.speaking("when its memory was read"):
                found.append(process_metrics(guest.process.pid))
        return guests_metrics(found) if self.guests > 1 else found[0]

    @property
    def _all(self) -> list[Guest]:
        return [] if self.guest is None else [self.guest, *self._others]

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
        check_files(self.guests)
        command = [self.qemu or program(topology), *arguments(topology, plugs=self.plugs)]
        self.guest = Guest(command, seconds=self.seconds, wait=False)
        for _ in range(1, self.guests):
            self._others.append(Guest(command, seconds=self.seconds, wait=False))
        for guest in self._all:
            guest.wait()
        self.version = self.guest.version
        self._machine = topology.machine
        self._views_were_read = False

    def _end(self) -> None:
        with contextlib.ExitStack() as ending:
            for guest in self._all:
                ending.callback(guest.close)
        self.guest, self._others = None, []


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


def _check_side_by_side(scenario: Scenario, steps: Sequence[Step]) -> None:
    """Raise RequestError where `scenario` does more than build a machine and take it down."""
    for step in steps:
        if not isinstance(step, Build | Settle | Mark | Destroy):
            raise RequestError(
                f"--guests takes a scenario that only builds a machine, as power8; {scenario.name} as asked also has "
                f"the step {type(step).__name__}"
            )


def play(
    scenario: Scenario, values: Mapping[str, Any], qemu: str = "", *, seconds: float = SECONDS,
    firmware: float = SECONDS_TO_BOOT, guests: int = 1,
) -> Run:  # fmt: skip
    """One execution of `scenario` on a real QEMU, or on several side by side; arguments as QemuBackend's.

    Marks at which no QEMU runs have nothing to be read. Raises RequestError where several are asked to do
    more than be built.
    """
    samples = []
    started = time.perf_counter()
    steps = list(scenario.play(values))
    if guests > 1:
        _check_side_by_side(scenario, steps)
    plugs = any(isinstance(step, Plug) for step in steps)
    with QemuBackend(qemu, seconds=seconds, firmware=firmware, plugs=plugs, guests=guests) as backend:
        for step, views in zip(steps, _reads_views(steps), strict=True):
            backend.obey(step)
            if isinstance(step, Mark) and (metrics := backend.read(views=views)) is not None:
                samples.append(Sample(step.name, step.cycle, metrics))
        if not backend.version:
            raise RequestError(f"{scenario.name} builds no machine; the qemu backend has nothing to do")
        version = backend.version
    return Run(f"qemu-{version}", {}, tuple(samples), f"QEMU {version} itself", time.perf_counter() - started)
