"""What pc and q35 share: CPUs with SMM, BIOS, PAM, the old PC's ports (docs/qemu-memory.md, "pc and q35")."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from footprint.backends.boards.board import Board
from footprint.backends.boards.pci import Function
from footprint.machines import chipsets
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL, MemoryRegion

PAM_AREAS = ((0xF0000, 0x10000), *((0xC0000 + i * 0x4000, 0x4000) for i in range(12)))
"""Start and size of each area below 1 MiB that a chipset can show as RAM, as ROM, or as PCI."""

FOUR_GIB = 1 << 32
ALIGNMENT_OF_A_DIMM = 1 << 30
"""7.2 leaves room to place each DIMM at a multiple of a GiB."""


@dataclass(frozen=True, slots=True)
class Area:
    """A PAM area from `start` on: what it can show. One of the four is enabled at a time."""

    start: int
    pci: MemoryRegion
    rom: MemoryRegion
    pci_write: MemoryRegion
    ram: MemoryRegion

    @property
    def shown(self) -> MemoryRegion:
        """Which of the four it shows."""
        return next(each for each in (self.pci, self.rom, self.pci_write, self.ram) if each.enabled)

    def show(self, core: MemoryCore, what: MemoryRegion) -> None:
        """Show `what` in this area; the chipset switches off what it shows, even if it is the same."""
        for each in (self.pci, self.rom, self.pci_write, self.ram):
            core.set_enabled(each, False)
        core.set_enabled(what, True)


class X86(Board):
    """A PC: the parts before and after its chipset. Subclasses say what the chipset is."""

    low: int
    """Bytes of RAM below 4 GiB."""
    hotplug: MemoryRegion
    """The memory that is kept for modules, where there are any."""
    smm_roots: list[MemoryRegion]
    smram: MemoryRegion
    smram_region: MemoryRegion

    areas_in_first_write = 5
    """PAM areas in the first of the two writes that change them all."""

    fixed_bars: ClassVar[Mapping[str, int]] = {}
    """Addresses that firmware gives to the only BAR of an on-board function."""

    memory_hole = (0xE0000000, 0xC0000000)
    """RAM of at least the first number of bytes is split at the second; the rest stands above 4 GiB."""

    def wire_board(self) -> None:
        """RAM, memory modules and the root bus, not yet placed."""
        self.areas: list[Area] = []
        self.ram = self._new(make.ram("pc.ram", self.topology.memory))
        self.dimms = [self._new(make.ram(dimm.id, dimm.row.size)) for dimm in self.topology.dimms]
        self.bus_mem = self._new(make.container("pci", FULL))
        self._root_bus("pci.0", self.bus_mem, self.io, self.system)

    def wire_smm(self) -> None:
        """Each CPU sees SMM's RAM while it is in that mode."""
        for root in self.smm_roots:
            self._put(root, 0, make.alias("smram", self.smram, 0, FOUR_GIB), priority=1)

    def before_pci(self) -> None:
        """What firmware sets up in the chipset before it looks at PCI."""

    def initialise(self, function: Function) -> None:
        """What firmware sets up in a function before it switches its BARs on."""

    @abstractmethod
    def prepare_smm(self) -> None:
        """Put code where only SMM sees it: the RAM behind PCI at 0xa0000 is opened, and closed again."""

    @property
    @abstractmethod
    def pci_start(self) -> int:
        """Where BARs may begin."""

    def show_vapic(self, start: int, size: int) -> None:
        """RAM at `start` that stays writable among ROMs, for guests without a fast task priority register."""
        self._put(self.system, start, make.alias("kvmvapic-rom", self.ram, start, size), priority=1000)

    def _redraw_pam(self) -> None:
        for area in self.areas:
            area.show(self.core, area.shown)

    def wire_cpus(self) -> None:
        """Each CPU's two spaces: "memory" itself, and what it sees in system management mode."""
        core = self.core
        self.smm_roots = []
        for i in range(self.topology.cpus):
            root = self._new(make.container("memory", FULL))
            self._put(root, 0, make.alias("memory", self.system, 0, FULL))
            core.create_space(f"cpu-memory-{i}", self.system, kind="cpu", owner=f"cpu{i}")
            core.create_space(f"cpu-smm-{i}", root, kind="cpu", owner=f"cpu{i}")
            self.smm_roots.append(root)
            if i == 0:
                apic = self._new(make.io("apic-msi", 0x100000))
                self._put(self.io, 0x7E, make.io("kvmvapic", 2))
                core.add_subregion(self.system, 0xFEE00000, apic, priority=4096)

    def wire_memory(self) -> None:
        """RAM below 4 GiB, and above where there is more."""
        total = self.topology.memory
        enough, split = self.memory_hole
        self.low = split if total >= enough else total
        self._put(self.system, 0, make.alias("ram-below-4g", self.ram, 0, self.low))
        if total > self.low:
            high = make.alias("ram-above-4g", self.ram, self.low, total - self.low)
            self._put(self.system, FOUR_GIB, high)

    def wire_device_memory(self) -> None:
        """The memory that is kept for modules."""
        if self._kept_bytes:
            self._place_device_memory(self._device_memory())

    def wire_device_memory_with_space(self) -> None:
        """The same, with an address space of its own."""
        if self._kept_bytes:
            kept = self._device_memory()
            self.core.create_space("device-memory", kept)
            self._place_device_memory(kept)

    def _device_memory(self) -> MemoryRegion:
        return make.container("device-memory", self._kept_bytes)

    @property
    def _kept_bytes(self) -> int:
        """Bytes kept for modules, with room to align each, and for memory in slots."""
        slotted = sum(slots.bytes for slots in self.topology.slotted.values())
        return slotted + sum(dimm.size for dimm in self.dimms) + len(self.dimms) * ALIGNMENT_OF_A_DIMM

    def _place_device_memory(self, kept: MemoryRegion) -> None:
        end = FOUR_GIB + self.topology.memory - self.low
        start = -(-end // ALIGNMENT_OF_A_DIMM) * ALIGNMENT_OF_A_DIMM
        self.hotplug = self._put(self.system, start, kept)

    def wire_bios(self) -> None:
        """The BIOS, once below 1 MiB and once below 4 GiB, and room for option ROMs."""
        core, pci = self.core, self.bus_mem
        bios = self._new(make.ram("pc.bios", 0x40000))
        core.set_readonly(bios, True)
        below = self._put(pci, 0xE0000, make.alias("isa-bios", bios, 0x20000, 0x20000), priority=1)
        core.set_readonly(below, True)
        core.add_subregion(pci, FOUR_GIB - bios.size, bios)
        rom = self._new(make.ram("pc.rom", 0x20000))
        core.set_readonly(rom, True)
        core.add_subregion(pci, 0xC0000, rom, priority=1)

    def wire_pci_hole(self) -> None:
        """PCI fills what RAM leaves."""
        self.core.add_subregion(self.system, 0, self.bus_mem, priority=-1)

    def _hide_low_smram(self) -> None:
        """At 0xa0000 PCI hides the RAM that is kept for SMM."""
        self.smram_region = make.alias("smram-region", self.bus_mem, 0xA0000, 0x20000)
        self._put(self.system, 0xA0000, self.smram_region, priority=1)

    def wire_vga(self) -> None:
        """The display that ``-vga std`` makes, where the board makes it."""
        if self.topology.vga is not None:
            self.pci.realize(self.topology.vga)

    def wire_pam(self) -> None:
        """Each area is made in one commit for its read-only alias and one for all four."""
        core = self.core
        for start, size in PAM_AREAS:
            ram = self._new(make.alias("pam-ram", self.ram, start, size))
            rom = self._new(make.alias("pam-rom", self.ram, start, size))
            core.set_readonly(rom, True)
            pci = self._new(make.alias("pam-pci", self.bus_mem, start, size))
            pci_write = self._new(make.alias("pam-pci", self.ram, start, size))
            with core.transaction():
                for each in (pci, rom, pci_write, ram):
                    core.set_enabled(each, False)
                    core.add_subregion(self.system, start, each, priority=1)
            self.areas.append(Area(start, pci, rom, pci_write, ram))

    def _pam_to_pci(self) -> None:
        """Every area shows PCI, as a reset leaves it."""
        for area in self.areas:
            area.show(self.core, area.pci)

    def wire_memory_hotplug(self) -> None:
        """Ports that tell of memory modules, where there are any."""
        for place in chipsets.MEMORY_HOTPLUG if self._kept_bytes else ():
            self._put_place(place)

    def wire_devices(self) -> None:
        """The command line's, in its order. A DIMM goes into the memory kept for hot-plug."""
        place = 0
        for device in self.topology.devices:
            if device.is_pci:
                memory = self.pci.realize(device).memory
                if memory is not None:
                    self.core.add_subregion(self.hotplug, place, memory.window)
                    memory.plugged()
                    place += memory.plan.bytes
                continue
            dimm = self.dimms[device.slot]
            self.core.add_subregion(self.hotplug, place, dimm)
            place += dimm.size
