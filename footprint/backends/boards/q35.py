"""q35: the PCI Express machine."""

from __future__ import annotations

from typing import ClassVar

from footprint.backends.boards.pci import Function
from footprint.backends.boards.x86 import FOUR_GIB, X86
from footprint.memory import region as make

MMCONFIG, MMCONFIG_SIZE = 0xB0000000, 0x10000000
POWER_MANAGEMENT, SMBUS = 0x600, 0x700
CHIPSET_REGISTERS = 0xFED1C000


class Q35(X86):
    """The Q35 memory controller hub and ICH9."""

    areas_in_first_write = 7
    fixed_bars: ClassVar = {"ICH9-SMB": SMBUS}
    memory_hole = (0xB0000000, 0x80000000)

    def wire_smram(self) -> None:
        """SMM's RAM: below 1 MiB, below 4 GiB, and two places that are closed to all others."""
        self._hide_low_smram()
        open_high = make.alias("smram-open-high", self.ram, 0xA0000, 0x20000)
        self.core.set_enabled(self._put(self.system, 0xFEDA0000, open_high, priority=1), False)
        self.smram = self._new(make.container("smram", FOUR_GIB))
        self.smram_low, self.smram_high = (
            self._put(self.smram, addr, make.alias(name, self.ram, 0xA0000, 0x20000))
            for name, addr in (("smram-low", 0xA0000), ("smram-high", 0xFEDA0000))
        )
        self._smm_only("tseg", self.low, 0)
        self._smm_only("smbase", 0x30000, 0x20000)

    def _smm_only(self, name: str, addr: int, size: int) -> None:
        """RAM that only SMM sees, once it is asked for: a hole for all others, a window for SMM."""
        hole = self._new(make.io(f"{name}-blackhole", size))
        self.core.set_enabled(hole, False)
        self.core.add_subregion(self.system, addr, hole, priority=1)
        window = self._new(make.alias(f"{name}-window", self.ram, addr, size))
        self.core.set_enabled(window, False)
        self.core.add_subregion(self.smram, addr, window)

    def reset(self) -> None:
        """The memory controller shows PCI below 1 MiB, and takes SMM's RAM away, one commit each."""
        core = self.core
        with core.transaction():
            self._pam_to_pci()
        with core.transaction():
            core.set_enabled(self.smram_low, False)
            core.set_enabled(self.smram_high, False)

    pci_start = MMCONFIG + MMCONFIG_SIZE

    def before_pci(self) -> None:
        """Show the configuration of PCI Express in memory."""
        self._put(self.system, MMCONFIG, make.io("pcie-mmcfg-mmio", MMCONFIG_SIZE))

    def initialise(self, function: Function) -> None:
        """Power management and the chipset's registers get their places, a commit each."""
        if function.device.type == "ICH9-LPC":
            power = next(region for region in function.fixed if region.name == "ich9-pm")
            with self.core.transaction():
                self.core.set_enabled(power, True)
                self.core.set_address(power, POWER_MANAGEMENT)
            self._put(self.system, CHIPSET_REGISTERS, make.io("lpc-rcrb-mmio", 0x4000), priority=1)

    def prepare_smm(self) -> None:
        """Two writes to the memory controller."""
        for hidden in (False, True):
            with self.core.transaction():
                self.core.set_enabled(self.smram_region, hidden)
                self.core.set_enabled(self.smram_low, True)
