"""Boards: from a Topology to regions, spaces and commits, in the order of a real start-up.

See docs/qemu-memory.md, "Start-up order".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from footprint.backends.boards.pci import Bus, Function, Pci, Wiring
from footprint.errors import RequestError, UnknownNameError
from footprint.machines.parts import Place
from footprint.machines.topology import Device, Topology
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL, MemoryRegion


def dismantle(core: MemoryCore, regions: Collection[MemoryRegion]) -> None:
    """Destroy every space of `core`, newest first, then take every region out of its container."""
    for space in reversed(list(core.spaces)):
        core.destroy_space(space)
    with core.transaction():
        for region in reversed(list(regions)):
            if region.container is not None:
                core.del_subregion(region.container, region)
            core.finalize(region)


class Board(ABC):
    """What every machine has: "memory" and "I/O", RAM, CPUs, PCI functions."""

    def __init__(self, core: MemoryCore, topology: Topology, wiring: Wiring) -> None:
        self.core = core
        self.topology = topology
        self.wiring = wiring
        self.regions: dict[MemoryRegion, None] = {}
        self.pci = Pci(core, wiring, self.regions, cpus=topology.cpus)
        self.system = self._new(make.container("system", FULL))
        core.create_space("memory", self.system)
        self.io = self._new(make.io("io", 0x10000))
        core.create_space("I/O", self.io)

    @abstractmethod
    def build(self) -> None:
        """Start the machine up to the moment before its firmware runs."""

    def plug(self, device: Device) -> None:
        """Plug `device` in while the machine runs. Raises RequestError where QEMU refuses it."""
        if not device.row.hotplug:
            raise RequestError(f"{device.type} {device.id!r} cannot be plugged in while the machine runs")
        if device.bus not in self.pci.buses:
            raise UnknownNameError("bus", device.bus, self.pci.buses)
        for other in self.pci.buses[device.bus].functions:
            if other.device.id == device.id or other.device.devfn == device.devfn:
                where = f"slot {device.slot:#x} of {device.bus}"
                raise RequestError(f"{device.id!r} finds no place at {where}: {other.device.id!r} is there")
        self.pci.realize(device, hot=True)

    def unplug(self, name: str) -> Function:
        """Take the device called `name` out, and give what it was; without release functions all of it stays."""
        function = self._function(name)
        if not function.device.row.hotplug:
            raise RequestError(f"{function.device.type} {name!r} cannot be taken out while the machine runs")
        if self.wiring.releases:
            self.pci.unrealize(function)
        else:
            self.pci.forget(function)
        return function

    def enable_master(self, name: str) -> None:
        """The guest lets the device called `name` read and write memory."""
        self.pci.enable_master(self._function(name))

    def commit(self) -> None:
        """Make all views anew, as any write to the memory map does."""
        with self.core.transaction():
            self.core.set_enabled(self.io, False)
            self.core.set_enabled(self.io, True)

    def _function(self, name: str) -> Function:
        if name not in self.pci.functions:
            raise UnknownNameError("device", name, self.pci.functions)
        return self.pci.functions[name]

    def _new(self, region: MemoryRegion) -> MemoryRegion:
        self.regions[region] = None
        return region

    def _put(self, container: MemoryRegion, addr: int, region: MemoryRegion, *, priority: int = 0) -> MemoryRegion:
        """Keep a new region, and place it."""
        self.core.add_subregion(container, addr, self._new(region), priority=priority)
        return region

    def _put_all(self, places: tuple[Place, ...]) -> None:
        """Make and place what a table of on-board regions says."""
        for place in places:
            window = {"system": self.system, "io": self.io}[place.window]
            maker = {"io": make.io, "container": make.container, "romdev": make.rom_device}[place.kind]
            region = self._put(window, place.offset, maker(place.name, place.size))
            for part in place.parts:
                self._put(region, part.offset, make.io(part.name, part.size))

    def _root_bus(self, name: str, mem: MemoryRegion, io: MemoryRegion, dma: MemoryRegion) -> Bus:
        bus = self.pci.buses[name] = Bus(name, mem, io, dma, self.system)
        return bus

    def _on_board(self, *devices: Device) -> None:
        for device in devices:
            self.pci.realize(device)

    def _firmware_blobs(self, *names: str) -> None:
        """The tables that QEMU hands to firmware; nobody maps them."""
        for name in names:
            blob = self._new(make.ram(f"/rom@{name}", 0x1000))
            self.core.set_readonly(blob, True)

    def destroy(self) -> None:
        """Take the whole machine down: every space, newest first, then every region."""
        if not self.wiring.releases:
            return
        dismantle(self.core, self.regions)
        self.regions.clear()
        self.pci.buses.clear()
        self.pci.functions.clear()
