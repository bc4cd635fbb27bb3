"""Topology: a machine as frozen data. What its regions are is the model's business, or QEMU's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from footprint.errors import RequestError, UnknownNameError
from footprint.machines.catalogue import CATALOGUE
from footprint.machines.chipsets import ON_BOARD
from footprint.machines.eras import Variant
from footprint.machines.parts import DeviceType, Slots, Windows

SLOTS = 32
FUNCTIONS = 8


@dataclass(frozen=True, slots=True)
class Device:
    """A device on a bus: `type` is QEMU's ``-device`` name, `bus` the id of its bridge or ``pci.0``.

    A device that the catalogue does not have brings `own_row` along.
    """

    type: str
    id: str
    bus: str
    slot: int
    function: int = 0
    own_row: DeviceType | None = None

    @property
    def row(self) -> DeviceType:
        """What the device makes: its own row, or that of its type in the catalogue."""
        if self.own_row is not None:
            return self.own_row
        row = CATALOGUE.get(self.type) or ON_BOARD.get(self.type)
        if row is None:
            raise UnknownNameError("device", self.type, CATALOGUE)
        return row

    def at(self, variant: Variant) -> Device:
        """The device with the row that it has in a machine of that variant."""
        row = self.row.at(variant)
        return self if row is self.row else replace(self, own_row=row)

    @property
    def carries_a_bus(self) -> bool:
        """Whether it is a bridge."""
        return any(isinstance(item, Windows) for item in self.row.items)

    @property
    def is_pci(self) -> bool:
        """Whether it stands on a PCI bus; a DIMM does not."""
        return not self.row.size

    @property
    def devfn(self) -> int:
        """Slot and function as PCI numbers them."""
        return self.slot * FUNCTIONS + self.function


@dataclass(frozen=True, slots=True)
class CpuMemory:
    """Whose memory the CPUs see.

    `kind`: ``system``, the machine's; ``secure``, beside it one that all share, as Arm's secure world; ``own``, each
    `cluster` CPUs one of their own, with registers (`private`) that only they see. ``own`` on virt is a what-if; boards
    of M-profile CPUs have it, since QEMU commit 6731d864f8 ("qom/cpu: Add MemoryRegion property") (in v2.6.0).
    """

    kind: str = "system"
    cluster: int = 1
    private: bool = True


SYSTEM_MEMORY = CpuMemory()
"""All CPUs see what the machine has."""


@dataclass(frozen=True, slots=True)
class Topology:
    """A machine: QEMU's ``-M`` name, CPUs, bytes of RAM, and devices in the order of the command line.

    `vga` is the display that the board makes by itself (``-vga std``). `host_bridges`: pseries may have several, of
    which the board makes the first; the root buses are ``pci.0``, ``phb1.0``, ``phb2.0``, …
    """

    machine: str
    cpus: int
    memory: int
    devices: tuple[Device, ...] = ()
    vga: Device | None = None
    cpu_memory: CpuMemory = SYSTEM_MEMORY
    host_bridges: int = 1

    def __post_init__(self) -> None:
        places: dict[tuple[str, int, int], Device] = {}
        for device in (*self.devices, *([self.vga] if self.vga else [])):
            place = (device.bus, device.slot, device.function)
            if place in places:
                raise RequestError(
                    f"{device.id} and {places[place].id} both stand at slot {device.slot:#x}.{device.function} "
                    f"of {device.bus}"
                )
            if not 0 <= device.slot < SLOTS:
                raise RequestError(f"{device.id}: slot {device.slot} of {device.bus} is not one of 0 to {SLOTS - 1}")
            places[place] = device

    def at(self, variant: Variant) -> Topology:
        """The machine with every device as one of that variant has it."""
        display = self.vga.at(variant) if self.vga is not None else None
        return replace(self, devices=tuple(device.at(variant) for device in self.devices), vga=display)

    @property
    def more_host_bridges(self) -> dict[str, int]:
        """The host bridges beside the board's own: each one's id, and its index."""
        return {f"phb{index}": index for index in range(1, self.host_bridges)}

    @property
    def bridges(self) -> tuple[Device, ...]:
        """The devices that carry a bus of their own."""
        return tuple(device for device in self.devices if device.carries_a_bus)

    @property
    def slotted(self) -> dict[str, Slots]:
        """The memory in slots of the devices that have it, by their ids."""
        return {device.id: item for device in self.devices for item in device.row.items if isinstance(item, Slots)}

    @property
    def dimms(self) -> tuple[Device, ...]:
        """The memory modules."""
        return tuple(device for device in self.devices if not device.is_pci)
