"""q35: the PCI Express machine."""

from __future__ import annotations

from footprint.backends.boards.x86 import FOUR_GIB, X86
from footprint.machines import chipsets
from footprint.machines.topology import Device
from footprint.memory import region as make


class Q35(X86):
    """The Q35 memory controller hub and ICH9."""

    memory_hole = (0xB0000000, 0x80000000)

    def _north_bridge(self) -> None:
        self._on_board(Device("mch", "mch", "pci.0", 0))
        self._open_low_smram()
        open_high = make.alias("smram-open-high", self.ram, 0xA0000, 0x20000)
        self.core.set_enabled(self._put(self.system, 0xFEDA0000, open_high, priority=1), False)
        self.smram = self._new(make.container("smram", FOUR_GIB))
        self.smram_low, self.smram_high = (
            self._put(self.smram, addr, make.alias(name, self.ram, 0xA0000, 0x20000))
            for name, addr in (("smram-low", 0xA0000), ("smram-high", 0xFEDA0000))
        )
        self._smm_only("tseg", self.low, 0)
        self._smm_only("smbase", 0x30000, 0x20000)
        self._pam()

    def _smm_only(self, name: str, addr: int, size: int) -> None:
        """RAM that only SMM sees, once it is asked for: a hole for all others, a window for SMM."""
        hole = self._new(make.io(f"{name}-blackhole", size))
        self.core.set_enabled(hole, False)
        self.core.add_subregion(self.system, addr, hole, priority=1)
        window = self._new(make.alias(f"{name}-window", self.ram, addr, size))
        self.core.set_enabled(window, False)
        self.core.add_subregion(self.smram, addr, window)

    def _south_bridge(self) -> None:
        self._on_board(Device("ICH9-LPC", "ich9-lpc", "pci.0", 31))
        self._put_all(chipsets.LEGACY_PORTS)
        self._put_all(chipsets.OLD_PC)
        self._put_all(chipsets.KEYBOARD)
        self.pci.extend(self.pci.functions["ich9-lpc"], chipsets.ICH9_PM)
        self._put_all(chipsets.MEMORY_HOTPLUG if self.dimms else ())
        self._on_board(Device("ich9-ahci", "ich9-ahci", "pci.0", 31, 2), Device("ICH9-SMB", "ich9-smb", "pci.0", 31, 3))
        self._vga()

    def _reset(self) -> None:
        """The memory controller shows PCI below 1 MiB, and takes SMM's RAM away, one commit each."""
        core = self.core
        with core.transaction():
            self._pam_to_pci()
        with core.transaction():
            core.set_enabled(self.smram_low, False)
            core.set_enabled(self.smram_high, False)
