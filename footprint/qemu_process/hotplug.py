"""Plugging a device into a running guest and taking it out again, and what is left afterwards.

Views are counted by trace events and spaces by ``info mtree``, which keep nothing alive; reading the
views themselves would (docs/reading.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from footprint.errors import MeasurementError
from footprint.process.smaps import process_metrics
from footprint.qemu.counts import count_spaces
from footprint.qemu_process.guest import Guest

SECONDS_TO_LEAVE = 10.0
Q35 = (
    "-M", "q35", "-nodefaults", "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
    "-device", "pcie-root-port,id=rp0,slot=1,chassis=1",
)  # fmt: skip
"""A q35 with one root port, "rp0", from which devices can be taken while the guest is stopped."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is after a number of cycles: address spaces, views created and allocated, resident bytes."""

    cycles: int
    address_spaces: int
    created: int
    allocated: int
    resident: int


class Socket:
    """A place of `guest` where devices are plugged: `bus` is its id."""

    def __init__(self, guest: Guest, bus: str) -> None:
        self.guest = guest
        self.bus = bus

    def plug(self, driver: str, name: str = "plugged", **properties: Any) -> None:
        """Plug a `driver` in; raises MeasurementError when QEMU refuses."""
        with self.guest.speaking(f"when {driver} was plugged"):
            self.guest.monitor.execute("device_add", driver=driver, bus=self.bus, id=name, **properties)

    def unplug(self, name: str = "plugged", seconds: float = SECONDS_TO_LEAVE) -> None:
        """Take it out, and wait until it is gone; raises MeasurementError when it stays."""
        monitor, deadline = self.guest.monitor, time.monotonic() + seconds
        with self.guest.speaking(f"when {name} was unplugged"):
            monitor.execute("device_del", id=name)
            # Not by event: some devices never send DEVICE_DELETED, others send it twice.
            while name in {one["name"] for one in monitor.execute("qom-list", path="/machine/peripheral")}:
                if time.monotonic() > deadline:
                    raise MeasurementError(f"{name} is still there {seconds:g} s after it was unplugged")
                time.sleep(0.001)

    def cycle(self, driver: str, times: int, *, reading: str = "", **properties: Any) -> Iterator[Reading]:
        """Plug and unplug that often; what there is before the first cycle, and after each.

        `reading` is a monitor command to give in each cycle, before the device is plugged.
        """

        def once() -> None:
            if reading:
                self.guest.ask(reading)
            self.plug(driver, **properties)
            self.unplug()

        return cycles(self.guest, once, times)


def cycles(guest: Guest, once: Callable[[], None], times: int) -> Iterator[Reading]:
    """What there is before `once` was done, and after each of that many times."""
    yield read(guest, 0)
    for number in range(1, times + 1):
        once()
        yield read(guest, number)


def read(guest: Guest, number: int) -> Reading:
    """What there is after `number` cycles, once the grace period is over."""
    life = guest.settle()
    spaces = count_spaces(guest.ask("info mtree"))["address_spaces"]
    resident = process_metrics(guest.pid)["process.rss"]
    return Reading(number, spaces, life.created, life.created - life.freed, resident)


BACKENDS: dict[str, tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "memory backend": (
        ("object-add", {"qom-type": "memory-backend-ram", "id": "plugged", "size": 16 << 20}),
        ("object-del", {"id": "plugged"}),
    ),
    "netdev": (
        ("netdev_add", {"type": "hubport", "id": "plugged", "hubid": 0}),
        ("netdev_del", {"id": "plugged"}),
    ),
    "chardev": (
        ("chardev-add", {"id": "plugged", "backend": {"type": "null", "data": {}}}),
        ("chardev-remove", {"id": "plugged"}),
    ),
    "blockdev": (
        ("blockdev-add", {"driver": "null-co", "node-name": "plugged"}),
        ("blockdev-del", {"node-name": "plugged"}),
    ),
}
"""What can be added and removed without a bus: the monitor commands that do it, and undo it."""


def cycle_backend(guest: Guest, kind: str, times: int) -> Iterator[Reading]:
    """Add and remove one of BACKENDS that often; readings as in :meth:`Socket.cycle`."""

    def once() -> None:
        for command, arguments in BACKENDS[kind]:
            with guest.speaking(f"at {command}"):
                guest.monitor.execute(command, **arguments)

    return cycles(guest, once, times)
