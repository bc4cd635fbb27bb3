"""virt: the Arm machine without a model in the real world (docs/qemu-memory.md, "virt")."""

from __future__ import annotations

from footprint.backends.boards.board import Board
from footprint.memory import region as make
from footprint.memory.region import FULL

RAM_START = 0x40000000
MMIO_WINDOWS = (("pcie-mmio", 0x10000000, 0x2EFF0000), ("pcie-mmio-high", 0x8000000000, 0x8000000000))
PORTS_START = 0x3EFF0000
ECAM_START, ECAM_SIZE = 0x4010000000, 0x10000000


class Virt(Board):
    """Arm's virt: GICv2, a generic PCI Express host, 32 places for virtio-mmio."""

    def wire_board(self) -> None:
        """RAM, not yet placed."""
        self.memory = self._new(make.ram("mach-virt.ram", self.topology.memory))

    def wire_flash(self) -> None:
        """Two flash chips from address 0 on; the first is only in secure memory, where there is any."""
        if self.topology.cpu_memory.kind == "secure":
            self.secure = self._new(make.container("secure-memory", FULL))
            self.core.add_subregion(self.secure, 0, self.system, priority=-1)
        flashes = [self._new(make.rom_device(f"virt.flash{i}", 0x4000000)) for i in range(2)]
        for i, flash in enumerate(flashes):
            window = self.secure if i == 0 and self.secure is not None else self.system
            self.core.add_subregion(window, i * flash.size, flash)

    def wire_memory(self) -> None:
        """RAM from 1 GiB on."""
        self.core.add_subregion(self.system, RAM_START, self.memory)

    def wire_root_bus(self) -> None:
        """The host bridge's windows, which terminate: what no BAR covers is theirs."""
        self.ecam = self._new(make.io("pcie-mmcfg-mmio", ECAM_SIZE))
        mem, io = self._new(make.container("gpex_mmio", FULL)), self._new(make.container("gpex_ioport", 0x10000))
        self.mem_window = self._new(make.io("gpex_mmio_window", FULL))
        self.io_window = self._new(make.io("gpex_ioport_window", 0x10000))
        self.core.add_subregion(self.mem_window, 0, mem)
        self.core.add_subregion(self.io_window, 0, io)
        self._root_bus("pci.0", mem, io, self.system)

    def wire_windows(self) -> None:
        """What the CPUs see of the bus."""
        self._put(self.system, ECAM_START, make.alias("pcie-ecam", self.ecam, 0, ECAM_SIZE))
        for name, start, size in MMIO_WINDOWS:
            self._put(self.system, start, make.alias(name, self.mem_window, start, size))
        self.core.add_subregion(self.system, PORTS_START, self.io_window)
