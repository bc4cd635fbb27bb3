"""virt: the Arm machine without a model in the real world (docs/qemu-memory.md, "virt")."""

from __future__ import annotations

from footprint.backends.boards.board import Board
from footprint.machines import chipsets
from footprint.machines.topology import Device
from footprint.memory import region as make
from footprint.memory.region import FULL

RAM_START = 0x40000000
MMIO_WINDOWS = (("pcie-mmio", 0x10000000, 0x2EFF0000), ("pcie-mmio-high", 0x8000000000, 0x8000000000))
PORTS_START = 0x3EFF0000
ECAM_START, ECAM_SIZE = 0x4010000000, 0x10000000
VIRTIO_SLOTS = 32


class Virt(Board):
    """Arm's virt: GICv2, a generic PCI Express host, 32 places for virtio-mmio."""

    def build(self) -> None:
        """Start the machine up to the moment before its firmware runs."""
        core, topology = self.core, self.topology
        memory = self._new(make.ram("mach-virt.ram", topology.memory))
        flashes = [self._new(make.rom_device(f"virt.flash{i}", 0x4000000)) for i in range(2)]
        for i, flash in enumerate(flashes):
            core.add_subregion(self.system, i * flash.size, flash)
        for i in range(topology.cpus):
            core.create_space(f"cpu-memory-{i}", self.system, kind="cpu", owner=f"cpu{i}")
        core.add_subregion(self.system, RAM_START, memory)
        self._put_all(chipsets.VIRT_DEVICES)
        self._host_bridge()
        self._put_all(chipsets.VIRT_GPIO)
        for i in range(VIRTIO_SLOTS):
            self._put(self.system, 0xA000000 + 0x200 * i, make.io("virtio-mmio", 0x200))
        self._put_all(chipsets.VIRT_CONFIGURATION)
        for device in topology.devices:
            self.pci.realize(device)
        self._firmware_blobs("etc/acpi/tables", "etc/table-loader", "etc/acpi/rsdp")
        self.pci.machine_done()

    def _host_bridge(self) -> None:
        """Windows that terminate: what no BAR covers is theirs."""
        ecam = self._new(make.io("pcie-mmcfg-mmio", ECAM_SIZE))
        mem, io = self._new(make.container("gpex_mmio", FULL)), self._new(make.container("gpex_ioport", 0x10000))
        mem_window = self._new(make.io("gpex_mmio_window", FULL))
        io_window = self._new(make.io("gpex_ioport_window", 0x10000))
        self.core.add_subregion(mem_window, 0, mem)
        self.core.add_subregion(io_window, 0, io)
        self._root_bus("pci.0", mem, io, self.system)
        self._on_board(Device("gpex-root", "gpex-root", "pci.0", 0))
        self._put(self.system, ECAM_START, make.alias("pcie-ecam", ecam, 0, ECAM_SIZE))
        for name, start, size in MMIO_WINDOWS:
            self._put(self.system, start, make.alias(name, mem_window, start, size))
        self.core.add_subregion(self.system, PORTS_START, io_window)
