"""The qemu backend: obeys Steps with a real QEMU."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from footprint.errors import RequestError
from footprint.machines.topology import Device, Topology
from footprint.qemu_process.command_line import arguments, parts, program
from footprint.qemu_process.gdb_guest import NO_PLAN, GdbPlan
from footprint.qemu_process.guest import SECONDS, SECONDS_TO_BOOT, Guest, check_files
from footprint.qemu_process.hotplug import Socket
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import Boot, Build, Destroy, Mark, Plug, Settle, Step, Unplug


@dataclass(frozen=True, slots=True)
class QemuOptions:
    """How to play on a real QEMU.

    `program` is the binary (empty: the machine's own), each step has `seconds`, and firmware runs for at most
    `firmware` seconds. `guests` are started at once and side by side, each under gdb if there is a `plan` for it.
    """

    program: str = ""
    seconds: float = SECONDS
    firmware: float = SECONDS_TO_BOOT
    guests: int = 1
    plan: GdbPlan = NO_PLAN


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

    def __enter__(self) -> QemuBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def prepare(self, scenario: Scenario, steps: Sequence[Step]) -> None:
        """See what will be plugged; raises RequestError with all that a real QEMU cannot do of `steps`."""
        refuse(refusals(scenario, steps, self.options.guests))
        self.plugs = any(isinstance(step, Plug) for step in steps)

    def obey(self, step: Step) -> None:
        """Do what `step` says; raises RequestError for what a real QEMU cannot, MeasurementError where it fails."""
        match step:
            case Build(topology):
                self._build(topology)
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
            case Mark():
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

    def _build(self, topology: Topology) -> None:
        self._end()
        options = self.options
        check_files(options.guests)
        command = [options.program or program(topology), *arguments(topology, plugs=self.plugs)]
        for _ in range(options.guests):
            self.guests.append(Guest(command, seconds=options.seconds, wait=False, plan=options.plan))
        self.last = self.guests[0]
        for guest in self.guests:
            guest.wait()
        self._machine = topology.machine

    def _end(self) -> None:
        with contextlib.ExitStack() as ending:
            for guest in self.guests:
                ending.callback(guest.close)
        self.guests = []


def refusals(scenario: Scenario, steps: Sequence[Step], guests: int = 1) -> list[str]:
    """What of `steps` no real QEMU can do, or not that many side by side: each a verb with its object, once."""
    reasons = [_refusal(step, scenario) for step in steps if not isinstance(step, _STEPS)]
    if guests > 1:
        # Guests that lived on their own would not stay alike, and only the first is counted.
        more = dict.fromkeys(type(step).__name__ for step in steps if isinstance(step, _ON_ONE_GUEST))
        if more:
            reasons.append(
                f"play {', '.join(more)} in several guests (--guests takes a scenario that only builds a machine)"
            )
    return list(dict.fromkeys(reasons))


def refuse(reasons: Sequence[str]) -> None:
    """Raise RequestError with all `reasons` (verbs with their objects) in one sentence; without any do nothing."""
    if reasons:
        *rest, last = reasons
        raise RequestError(f"-b qemu cannot {', '.join(rest)}{' or ' if rest else ''}{last}")


_ON_ONE_GUEST = (Boot, Plug, Unplug)
_STEPS = (Build, Settle, Mark, Destroy, *_ON_ONE_GUEST)
_BEYOND = {
    "EnableBusMaster": ("let a device of a stopped guest reach memory", "bus_master"),
    "Read": ("hold a view", ""),
    "Listen": ("have a listener of the model", ""),
    "ShowSlots": ("show slots of memory without a guest that asks for them", ""),
    "Commit": ("make a commit of its own", "commit"),
    "Replay": ("replay an operation log", ""),
    "Restore": ("restore a capture", ""),
}
"""Steps that no real QEMU takes: what they ask for, and the parameter that scenarios have to go without."""


def _refusal(step: Step, scenario: Scenario | None = None) -> str:
    what, switch = _BEYOND[type(step).__name__]
    has_switch = scenario is not None and any(param.name == switch for param in scenario.params)
    return f"{what} (use {f'-s {switch}=0' if has_switch else '-b model'})"
