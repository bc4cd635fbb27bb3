"""The qemu backend: obeys Steps with a real QEMU."""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footprint.errors import MeasurementError, RequestError
from footprint.machines.parts import Slots
from footprint.machines.topology import Device, Topology
from footprint.process.heap_watch import HeapWatch
from footprint.qemu_process.command_line import QEMU, arguments, flash_command, parts, program
from footprint.qemu_process.gdb_guest import NO_PLAN, GdbPlan
from footprint.qemu_process.guest import SECONDS, SECONDS_TO_BOOT, Guest, check_files
from footprint.qemu_process.hotplug import Socket
from footprint.qemu_process.linux_guest import WORDS, initramfs, kernel_image
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import (
    Boot,
    Build,
    Destroy,
    Listen,
    LoadFlash,
    Mark,
    Plug,
    Settle,
    ShowSlots,
    Step,
    Unplug,
)

SECONDS_FOR_SLOTS = 180.0
"""How long Linux may take to start, and to plug memory or give it back."""


@dataclass(frozen=True, slots=True)
class QemuOptions:
    """How to play on a real QEMU.

    `program` is the binary (empty: the machine's own), each step has `seconds`, and firmware runs for at most
    `firmware` seconds. `guests` are started at once and side by side, each under gdb if there is a `plan` for it.
    `watch_heap`: count what each takes of its heap, where that can be done here. `follow_views`: count the views of the
    first that exist by gdb, where it has no trace events. `until`: the time (of ``time.monotonic``) after which nothing
    more is played that comes after a mark; None for no such time.
    """

    program: str = ""
    seconds: float = SECONDS
    firmware: float = SECONDS_TO_BOOT
    guests: int = 1
    plan: GdbPlan = NO_PLAN
    watch_heap: bool = False
    follow_views: bool = False
    until: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time has come."""
        return self.until is not None and time.monotonic() > self.until


class QemuBackend:
    """Plays a scenario on a QEMU process, or on several side by side. Leaving it as a context manager ends them.

    `guests` are those that run: they differ in nothing, so the first is the one to ask. `last` is the first of
    those built last, running or not (None before any). `plugs`: the scenario plugs devices in.
    """

    name = "qemu"

    def __init__(self, options: QemuOptions | None = None) -> None:
        self.options = options or QemuOptions()
        self.guests: list[Guest] = []
        self.last: Guest | None = None
        self.plugs = False
        self._machine = ""
        self._drives: set[str] = set()
        self._slots: dict[str, Slots] = {}
        self._files = contextlib.ExitStack()
        self._watches = contextlib.ExitStack()

    def __enter__(self) -> QemuBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def prepare(self, scenario: Scenario, steps: Sequence[Step]) -> None:
        """See what will be plugged; raises RequestError with all that a real QEMU cannot do of `steps`."""
        refuse(refusals(scenario, steps, self.options.guests))
        check_machines(steps, self.options.program)
        self.plugs = any(isinstance(step, Plug) for step in steps)

    def obey(self, step: Step) -> None:
        """Do what `step` says; raises RequestError for what a real QEMU cannot, MeasurementError where it fails."""
        match step:
            case Build(topology):
                self._build(topology)
            case LoadFlash(count, machine, size):
                self._load_flash(count, machine, with_image=bool(size))
            case ShowSlots(name, slots):
                self._show_slots(name, len(slots))
            case Boot():
                self._running.boot(self.options.firmware)
            case Plug(device):
                self._plug(device)
            case Unplug(name):
                self._unplug(name)
            case Settle():
                for guest in self.guests:
                    guest.settle()
            case Destroy():
                self._end()
            case Mark() | Listen():  # a real QEMU has listeners of its own
                pass
            case _:
                refuse([_refusal(step)])

    @property
    def _running(self) -> Guest:
        if not self.guests:
            raise RequestError("a step wants a machine that runs; none was built")
        return self.guests[0]

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

    def _show_slots(self, name: str, count: int) -> None:
        """Ask the guest's Linux for the memory of that many slots, and wait until it has done so."""
        guest, wanted = self._running, count * self._slots[name].size
        path = f"/machine/peripheral/{name}"
        with guest.speaking(f"at {count} slots of {name}"):
            guest.monitor.execute("cont")
            guest.monitor.execute("qom-set", path=path, property="requested-size", value=wanted)
            deadline = time.monotonic() + SECONDS_FOR_SLOTS
            while guest.monitor.execute("qom-get", path=path, property="size") != wanted:
                if time.monotonic() > deadline:
                    raise MeasurementError(f"the guest did not get to {count} slots in {SECONDS_FOR_SLOTS:g} s")
                time.sleep(0.1)
            guest.monitor.execute("stop")
        guest.settle()

    def _linux(self, topology: Topology) -> list[str]:
        """The words that give the guest a Linux, where its memory in slots needs one."""
        self._slots = topology.slotted
        if not self._slots:
            return []
        kernel = kernel_image()
        folder = self._files.enter_context(tempfile.TemporaryDirectory(prefix="footprint-"))
        archive = Path(folder) / "initramfs.cpio"
        archive.write_bytes(initramfs(kernel))
        return ["-kernel", str(kernel), "-initrd", str(archive), "-append", WORDS]

    def _load_flash(self, count: int, machine: str, *, with_image: bool) -> None:
        """Let `count` guests of `machine` run, each with its firmware's image or none of them."""
        command = flash_command(machine, with_image=with_image, name=self.options.program)
        if self.guests and (list(self.guests[0].command) != command or count < len(self.guests)):
            self._end()
        check_files(count)
        more = [Guest(command, seconds=self.options.seconds, wait=False) for _ in range(count - len(self.guests))]
        self.guests += more
        self.last = self.guests[0]
        for guest in more:
            guest.wait()

    def _build(self, topology: Topology) -> None:
        self._end()
        options = self.options
        check_files(options.guests)
        command = [options.program or program(topology), *arguments(topology, plugs=self.plugs), *self._linux(topology)]
        for _ in range(options.guests):
            heap = self._watch() if options.watch_heap and not options.plan else None
            guest = Guest(command, seconds=options.seconds, wait=False, plan=options.plan, heap=heap)
            self.guests.append(guest)
        self.last = self.guests[0]
        for guest in self.guests:
            guest.wait()
        if options.follow_views:
            self.guests[0].views.follow()
        self._machine = topology.machine

    def _watch(self) -> HeapWatch | None:
        """A heap's counters; None where there is no compiler to make the library that counts."""
        with contextlib.suppress(MeasurementError):
            return self._watches.enter_context(HeapWatch())
        return None

    def _end(self) -> None:
        with contextlib.ExitStack() as ending:
            ending.callback(self._watches.close)
            for guest in self.guests:
                ending.callback(guest.close)
        self.guests = []
        self._files.close()


def refusals(scenario: Scenario, steps: Sequence[Step], guests: int = 1) -> list[str]:
    """What of `steps` no real QEMU can do, or not that many side by side: each a verb with its object, once."""
    reasons = [_refusal(step, scenario) for step in steps if not isinstance(step, _STEPS)]
    if any(isinstance(step, ShowSlots) and step.slots != tuple(range(len(step.slots))) for step in steps):
        reasons.append(
            "choose which slots a guest plugs (Linux takes the lowest, and gives the highest back: -s order=stack)"
        )
    reasons += _places(steps)
    if guests > 1:
        # Guests that lived on their own would not stay alike, and only the first is counted.
        more = dict.fromkeys(type(step).__name__ for step in steps if isinstance(step, _ON_ONE_GUEST))
        if more:
            reasons.append(
                f"play {', '.join(more)} in several guests (--guests takes a scenario that only builds a machine)"
            )
    return list(dict.fromkeys(reasons))


def check_machines(steps: Sequence[Step], program: str) -> None:
    """Raise RequestError for a machine that is none of `program` by its name; empty is the machine's own program.

    Programs of other names, and for targets of which no machine is known here, may have any.
    """
    name = re.search(r"qemu-system-\w+$", program)
    valid = [machine for machine, emulator in QEMU.items() if name and emulator == name[0]]
    for machine in (step.topology.machine for step in steps if isinstance(step, Build)):
        if valid and machine in QEMU and machine not in valid:
            raise RequestError(f"machine={machine} is one of {QEMU[machine]}; {program} has {', '.join(valid)}")


def refuse(reasons: Sequence[str]) -> None:
    """Raise RequestError with all `reasons` (verbs with their objects) in one sentence; without any do nothing."""
    if reasons:
        *rest, last = reasons
        raise RequestError(f"-b qemu cannot {', '.join(rest)}{' or ' if rest else ''}{last}")


def _places(steps: Sequence[Step]) -> list[str]:
    """What is wrong with the places of what is plugged: on a PC's and virt's root bus a stopped guest keeps it."""
    machine = next((step.topology.machine for step in steps if isinstance(step, Build)), "")
    plugged = [step.device.type for step in steps if isinstance(step, Plug) and step.device.bus == "pci.0"]
    if machine in _KEEPS_DEVICES and plugged:
        return [
            f"take a device out of a stopped {machine} (use -s machine=q35 or -s machine=pseries, or "
            f"footprint leaks qemu:{plugged[0]} --machine {machine})"
        ]
    return []


_KEEPS_DEVICES = ("pc", "virt")
_ON_ONE_GUEST = (Boot, Plug, Unplug)
_STEPS = (Build, LoadFlash, Listen, ShowSlots, Settle, Mark, Destroy, *_ON_ONE_GUEST)
_BEYOND = {
    "EnableBusMaster": ("let a device of a stopped guest reach memory", "bus_master"),
    "Read": ("hold a view", ""),
    "MapPages": ("map memory in Unicorn's engines", ""),
    "Commit": ("make a commit of its own", "commit"),
    "Replay": ("replay an operation log", ""),
    "Restore": ("restore a capture", ""),
}
"""Steps that no real QEMU takes: what they ask for, and the parameter that scenarios have to go without."""


def _refusal(step: Step, scenario: Scenario | None = None) -> str:
    what, switch = _BEYOND[type(step).__name__]
    has_switch = scenario is not None and any(param.name == switch for param in scenario.params)
    return f"{what} (use {f'-s {switch}=0' if has_switch else '-b model'})"
