"""pc: the i440FX machine."""

from __future__ import annotations

from footprint.backends.boards.pci import Function
from footprint.backends.boards.x86 import FOUR_GIB, X86
from footprint.machines import chipsets
from footprint.machines.topology import Device
from footprint.memory import region as make

POWER_MANAGEMENT, SMBUS = 0x600, 0x700


class Pc(X86):
    """i440FX and PIIX3, with PIIX4's power management."""

    def _north_bridge(self) -> None:
        core = self.core
        self._on_board(Device("i440FX", "i440fx", "pci.0", 0))
        self._open_low_smram()
        self.smram = self._new(make.container("smram", FOUR_GIB))
        self._put(self.smram, 0xA0000, make.alias("smram-low", self.ram, 0xA0000, 0x20000))
        self._pam()
        with core.transaction():
            self._pam_to_pci()
            core.set_enabled(self.smram, False)

    def _south_bridge(self) -> None:
        self._on_board(Device("PIIX3", "piix3", "pci.0", 1))
        self._put_all(chipsets.LEGACY_PORTS)
        self._vga()
        self._put_all(chipsets.OLD_PC)
        self._put_all(chipsets.FLOPPY)
        self._put_all(chipsets.KEYBOARD)
        self._on_board(Device("piix3-ide", "piix3-ide", "pci.0", 1, 1), Device("PIIX4_PM", "piix4-pm", "pci.0", 1, 3))
        self._put_all(chipsets.MEMORY_HOTPLUG if self.dimms else ())

    @property
    def pci_start(self) -> int:
        """The first of three places that RAM leaves free."""
        return next(start for start in (0x80000000, 0xC0000000, 0xE0000000) if self.low <= start)

    def initialise(self, function: Function) -> None:
        """Power management gets its ports, two commits."""
        if function.device.type == "PIIX4_PM":
            regions = {region.name: region for region in function.fixed}
            with self.core.transaction():
                self.core.set_address(regions["piix4-pm"], POWER_MANAGEMENT)
            self.core.set_enabled(regions["piix4-pm"], True)
            self.core.set_address(regions["pm-smbus"], SMBUS)

    def prepare_smm(self) -> None:
        """Two writes; each redraws the areas below 1 MiB as well."""
        for hidden in (False, True):
            with self.core.transaction():
                self._redraw_pam()
                self.core.set_enabled(self.smram_region, hidden)
                self.core.set_enabled(self.smram, True)
