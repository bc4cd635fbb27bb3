"""Boards: from a Topology to regions, spaces and commits, in the order of a real start-up.

See docs/qemu-memory.md, "Start-up order".
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from footprint.backends.boards.pci import Bus, Function, Pci, Wiring
from footprint.errors import RequestError, UnknownNameError
from footprint.machines.machine_types import MACHINE_TYPES, Extension, Stage
from footprint.machines.parts import OnBoard
from footprint.machines.topology import Device, Topology
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL, MemoryRegion

PRIVATE_START, PRIVATE_SIZE = 0xE000E000, 0x1000
"""Where M-profile Arm CPUs have the registers that only they see."""


def dismantle(core: MemoryCore, regions: Collection[MemoryRegion]) -> None:
    """Destroy every space of `core`, newest first, then take every region out of its container."""
    for space in reversed(list(core.spaces)):
        core.destroy_space(space)
    with core.transaction():
        for region in reversed(list(regions)):
            if region.container is not None:
                core.del_subregion(region.container, region)
            core.finalize(region)


class Board:
    """What every machine has: "memory" and "I/O", RAM, CPUs, PCI functions.

    The order of a start-up is data (footprint.machines.machine_types); a stage called ``pam`` there is the
    method `wire_pam` here.
    """

    def __init__(self, core: MemoryCore, topology: Topology, wiring: Wiring) -> None:
        self.core = core
        self.topology = topology.at(wiring.variant)
        self.wiring = wiring
        self.regions: dict[MemoryRegion, None] = {}
        self.pci = Pci(core, wiring, self.regions, cpus=topology.cpus)
        self.system = self._new(make.container("system", FULL))
        core.create_space("memory", self.system)
        self.secure: MemoryRegion | None = None
        self.io = self._new(make.io("io", 0x10000))
        core.create_space("I/O", self.io)

    def build(self) -> None:
        """Start the machine up to the moment before its firmware runs: all its stages, then the first reset."""
        machine = MACHINE_TYPES[self.topology.machine]
        with self.core.held("machine"):
            for stage in machine.start_up(self.wiring.variant):
                self._start(stage)
        self.reset()

    def _start(self, stage: Stage) -> None:
        match stage:
            case str():
                wire: Callable[[], None] = getattr(self, f"wire_{stage}")
                wire()
            case OnBoard():
                self._put_place(stage)
            case Device():
                self.pci.realize(stage)
            case Extension(device, makes):
                self.pci.extend(self.pci.functions[device], makes)

    def reset(self) -> None:
        """What the first reset changes."""

    def wire_cpus(self) -> None:
        """Each CPU's space, or its two where there is secure memory."""
        plan, root = self.topology.cpu_memory, self.system
        for i in range(self.topology.cpus):
            if self.secure is not None:
                self.core.create_space(f"cpu-secure-memory-{i}", self.secure, kind="cpu", owner=f"cpu{i}")
            if plan.kind == "own" and i % plan.cluster == 0:
                root = self._memory_of_a_cluster(i // plan.cluster)
            self.core.create_space(f"cpu-memory-{i}", root, kind="cpu", owner=f"cpu{i}")

    def _memory_of_a_cluster(self, number: int) -> MemoryRegion:
        """What the CPUs of a cluster see: the machine's memory, and registers of their own over it."""
        owner = f"cluster{number}"
        root = self._new(make.container(f"cpu-container-{number}", FULL, owner=owner))
        self._put(root, 0, make.alias(f"cpu-system-{number}", self.system, 0, FULL, owner=owner), priority=-1)
        if self.topology.cpu_memory.private:
            self._put(root, PRIVATE_START, make.io(f"cpu-private-{number}", PRIVATE_SIZE, owner=owner))
        return root

    def wire_devices(self) -> None:
        """The command line's, in its order."""
        for device in self.topology.devices:
            self.pci.realize(device)

    def wire_bus_masters(self) -> None:
        """The machine is done: every function gets its way to memory."""
        self.pci.machine_done()

    def wire_firmware_tables(self) -> None:
        """The tables that QEMU hands to firmware; nobody maps them."""
        for name in ("etc/acpi/tables", "etc/table-loader", "etc/acpi/rsdp"):
            blob = self._new(make.ram(f"/rom@{name}", 0x1000))
            self.core.set_readonly(blob, True)

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
        self.pci.realize(device.at(self.wiring.variant), hot=True)

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

    def show_slots(self, name: str, slots: Collection[int]) -> None:
        """Let exactly these slots of the device called `name` be there."""
        memory = self._function(name).memory
        if memory is None:
            raise RequestError(f"{name!r} has no memory in slots")
        memory.show(slots)

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

    def _put_place(self, place: OnBoard) -> None:
        """Make and place an on-board region."""
        window = {"system": self.system, "io": self.io, "secure": self.secure}[place.window]
        maker = {"io": make.io, "container": make.container, "ram": make.ram}[place.kind]
        if window is None:
            return
        region = self._put(window, place.offset, maker(place.name, place.size))
        for part in place.parts:
            self._put(region, part.offset, make.io(part.name, part.size))

    def _root_bus(self, name: str, mem: MemoryRegion, io: MemoryRegion, dma: MemoryRegion) -> Bus:
        bus = self.pci.buses[name] = Bus(name, mem, io, dma, self.system)
        return bus

    def destroy(self) -> None:
        """Take the whole machine down: every space, newest first, then every region."""
        if not self.wiring.releases:
            return
        dismantle(self.core, self.regions)
        self.regions.clear()
        self.pci.buses.clear()
        self.pci.functions.clear()
