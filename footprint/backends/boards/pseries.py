"""pseries: IBM POWER guests with POWER8 CPUs (no XIVE); docs/qemu-memory.md, "pseries"."""

from __future__ import annotations

from footprint.backends.boards.board import Board
from footprint.memory import region as make
from footprint.memory.region import FULL, MemoryRegion


class Pseries(Board):
    """IBM POWER guests with POWER8 CPUs."""

    dma_windows: tuple[tuple[MemoryRegion, MemoryRegion], ...]
    """The host bridge's two, each a root and a translating region."""

    def wire_board(self) -> None:
        """RAM, not yet placed."""
        self.memory = self._new(make.ram("ppc_spapr.ram", self.topology.memory))

    def wire_memory(self) -> None:
        """RAM from address 0 on."""
        self.core.add_subregion(self.system, 0, self.memory)

    def wire_host_bridge(self) -> None:
        """The host bridge, "pci.0"."""
        core, name = self.core, "pci@800000020000000"
        mmio = self._new(make.container(f"{name}.mmio", FULL))
        self._put(self.system, 0x200080000000, make.alias(f"{name}.mmio32-alias", mmio, 0x80000000, 0x80000000))
        self._put(self.system, 0x210000000000, make.alias(f"{name}.mmio64-alias", mmio, 0x210000000000, 1 << 40))
        io = self._new(make.container(f"{name}.io", 0x10000))
        self._put(self.system, 0x200000000000, make.alias(f"{name}.io-alias", io, 0, 0x10000))
        dma = self._new(make.container(f"{name}.iommu-root", FULL))
        core.create_space(name, dma, owner=name)
        self._put(dma, 0x40000000000, make.io("msi", 0x1000))
        windows = []
        for liobn in (0x80000000, 0x80000001):
            root = self._new(make.container(f"tce-root-{liobn:x}", FULL))
            windows.append((root, self._new(make.iommu(f"tce-iommu-{liobn:x}", 0))))
            core.add_subregion(dma, 0, root)
        self._root_bus("pci.0", mmio, io, dma)
        self.dma_windows = tuple(windows)

    def reset(self) -> None:
        """The first DMA window opens, two commits."""
        root, window = self.dma_windows[0]
        self.core.set_size(window, 0x40000000)
        self.core.add_subregion(root, 0, window)
