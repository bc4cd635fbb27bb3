"""pseries: IBM POWER guests with POWER8 CPUs (no XIVE); docs/qemu-memory.md, "pseries"."""

from __future__ import annotations

from footprint.backends.boards.board import Board
from footprint.memory import region as make
from footprint.memory.region import FULL, MemoryRegion


class Pseries(Board):
    """IBM POWER guests with POWER8 CPUs."""

    def build(self) -> None:
        """Start the machine up to the moment before its firmware runs."""
        core, topology = self.core, self.topology
        memory = self._new(make.ram("ppc_spapr.ram", topology.memory))
        for i in range(topology.cpus):
            core.create_space(f"cpu-memory-{i}", self.system, kind="cpu", owner=f"cpu{i}")
        core.add_subregion(self.system, 0, memory)
        windows = self._host_bridge()
        for device in topology.devices:
            self.pci.realize(device)
        self.pci.machine_done()
        root, window = windows[0]
        core.set_size(window, 0x40000000)
        core.add_subregion(root, 0, window)

    def _host_bridge(self) -> list[tuple[MemoryRegion, MemoryRegion]]:
        """The host bridge, "pci.0"; gives its two DMA windows, each a root and a translating region."""
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
        return windows
