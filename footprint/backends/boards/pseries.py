"""pseries: IBM POWER guests with POWER8 CPUs (no XIVE); docs/qemu-memory.md, "pseries"."""

from __future__ import annotations

from footprint.backends.boards.board import Board
from footprint.memory import region as make
from footprint.memory.region import FULL, MemoryRegion

FIRST_UNIT = 0x800000020000000
"""The number that firmware knows the board's own host bridge by."""


class Pseries(Board):
    """IBM POWER guests with POWER8 CPUs."""

    dma_windows: list[tuple[MemoryRegion, MemoryRegion]]
    """The first one of each host bridge: a root and a translating region."""

    def wire_board(self) -> None:
        """RAM, not yet placed."""
        self.memory = self._new(make.ram("ppc_spapr.ram", self.topology.memory))

    def wire_memory(self) -> None:
        """RAM from address 0 on."""
        self.core.add_subregion(self.system, 0, self.memory)

    def wire_host_bridges(self) -> None:
        """The board's own, and those that stand first on the command line."""
        self.dma_windows = []
        self._wire_host_bridge("pci.0", 0)
        for name, index in self.topology.more_host_bridges.items():
            self._wire_host_bridge(f"{name}.0", index)

    def _wire_host_bridge(self, bus: str, index: int) -> None:
        core, name = self.core, f"pci@{FIRST_UNIT + index:x}"
        mmio = self._new(make.container(f"{name}.mmio", FULL))
        low, high = 0x200080000000 + (index << 31), 0x210000000000 + (index << 40)
        self._put(self.system, low, make.alias(f"{name}.mmio32-alias", mmio, 0x80000000, 0x80000000))
        self._put(self.system, high, make.alias(f"{name}.mmio64-alias", mmio, high, 1 << 40))
        io = self._new(make.container(f"{name}.io", 0x10000))
        self._put(self.system, 0x200000000000 + (index << 16), make.alias(f"{name}.io-alias", io, 0, 0x10000))
        dma = self._new(make.container(f"{name}.iommu-root", FULL))
        core.create_space(name, dma, owner=name)
        self._put(dma, 0x40000000000, make.io("msi", 0x1000))
        windows = []
        for number in range(2):
            stream = 0x80000000 | index << 8 | number
            root = self._new(make.container(f"tce-root-{stream:x}", FULL))
            windows.append((root, self._new(make.iommu(f"tce-iommu-{stream:x}", 0))))
            core.add_subregion(dma, 0, root)
        self.dma_windows.append(windows[0])
        self._root_bus(bus, mmio, io, dma)

    def reset(self) -> None:
        """The first DMA window of every host bridge opens, the newest one's first, two commits each."""
        for root, window in reversed(self.dma_windows):
            self.core.set_size(window, 0x40000000)
            self.core.add_subregion(root, 0, window)
