"""pc: the i440FX machine."""

from __future__ import annotations

from footprint.backends.boards.pci import Function
from footprint.backends.boards.x86 import FOUR_GIB, X86
from footprint.memory import region as make

POWER_MANAGEMENT, SMBUS = 0x600, 0x700


class Pc(X86):
    """i440FX and PIIX3, with PIIX4's power management."""

    def wire_smram(self) -> None:
        """SMM's RAM below 1 MiB."""
        self._hide_low_smram()
        self.smram = self._new(make.container("smram", FOUR_GIB))
        self._put(self.smram, 0xA0000, make.alias("smram-low", self.ram, 0xA0000, 0x20000))

    def wire_pam_reset(self) -> None:
        """The north bridge shows PCI below 1 MiB and closes SMM's RAM, one commit."""
        with self.core.transaction():
            self._pam_to_pci()
            self.core.set_enabled(self.smram, False)

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
