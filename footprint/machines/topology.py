"""Topology: a machine as frozen data. What its regions are is the model's business, or QEMU's."""

from __future__ import annotations

from dataclasses import dataclass

from footprint.errors import RequestError

SLOTS = 32
FUNCTIONS = 8


@dataclass(frozen=True, slots=True)
class Device:
    """A device on a bus: `type` is QEMU's ``-device`` name, `bus` the id of its bridge or ``pci.0``."""

    type: str
    id: str
    bus: str
    slot: int
    function: int = 0

    @property
    def devfn(self) -> int:
        """Slot and function as PCI numbers them."""
        return self.slot * FUNCTIONS + self.function


@dataclass(frozen=True, slots=True)
class Topology:
    """A machine: QEMU's ``-M`` name, CPUs, bytes of RAM, and devices in the order of the command line."""

    machine: str
    cpus: int
    memory: int
    devices: tuple[Device, ...] = ()

    def __post_init__(self) -> None:
        places: dict[tuple[str, int, int], Device] = {}
        for device in self.devices:
            place = (device.bus, device.slot, device.function)
            if place in places:
                raise RequestError(
                    f"{device.id} and {places[place].id} both stand at slot {device.slot:#x}.{device.function} "
                    f"of {device.bus}"
                )
            if not 0 <= device.slot < SLOTS:
                raise RequestError(f"{device.id}: slot {device.slot} of {device.bus} is not one of 0 to {SLOTS - 1}")
            places[place] = device

    @property
    def bridges(self) -> tuple[Device, ...]:
        """The devices that carry a bus of their own."""
        return tuple(device for device in self.devices if device.type == "pci-bridge")
