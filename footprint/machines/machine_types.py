"""Machines, one row each: what QEMU calls them, and how they start up from one era to the next.

A start-up is a sequence of stages, in the order of real ones (operation logs of QEMU 7.2, 10.0 and 11.1; of 2.10 and
2.11 for pseries). The wiring that a stage names is the board's (footprint.backends.boards), under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from footprint.machines import chipsets
from footprint.machines.catalogue import CATALOGUE
from footprint.machines.eras import ERAS, Dated, Variant, standing
from footprint.machines.parts import Item, OnBoard
from footprint.machines.topology import Device


@dataclass(frozen=True, slots=True)
class Extension:
    """More that the on-board function called `device` makes, later than the rest of it."""

    device: str
    makes: tuple[Item | Dated[Item], ...]


Stage = str | OnBoard | Device | Extension
"""A piece of wiring by name, an on-board region, an on-board function, or more of one."""


@dataclass(frozen=True, slots=True)
class Era:
    """How a machine starts up from the era `name` (footprint.machines.eras) until the next of its rows."""

    name: str
    start_up: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine: QEMU's ``-M`` name, what it is, the program that has it, and its eras, oldest first.

    The first era is the oldest in which the machine is known; another stands only where its start-up differs.
    `cpu` is the CPU model that the board models where it is not QEMU's default, `root_bus` what QEMU calls the
    root bus. Cards take slots up to `last_slot`, the display of ``-vga std`` takes `vga_slot`. QEMU starts the
    machine with `most_cpus` without KVM.
    """

    name: str
    what: str
    program: str
    eras: tuple[Era, ...]
    most_cpus: int
    cpu: str = ""
    root_bus: str = "pci.0"
    last_slot: int = 31
    vga_slot: int = 2

    def played(self, era: str) -> str:
        """The era whose start-up stands for that of `era`: itself, or the oldest that is known."""
        order = list(ERAS)
        return max(era, self.eras[0].name, key=order.index)

    def start_up(self, variant: Variant) -> tuple[Stage, ...]:
        """The stages of a start-up of that variant."""
        order, played = list(ERAS), self.played(variant.era)
        rows = [row for row in self.eras if order.index(row.name) <= order.index(played)]
        return tuple(_at(stage, variant) for stage in rows[-1].start_up)

    def starts_alike(self, one: Variant, other: Variant) -> bool:
        """Whether start-ups of both variants are the same, whatever devices are plugged in."""
        return self.start_up(one) == self.start_up(other) and all(
            row.at(one) == row.at(other) for row in CATALOGUE.values()
        )


def _at(stage: Stage, variant: Variant) -> Stage:
    match stage:
        case Device():
            return stage.at(variant)
        case Extension():
            return Extension(stage.device, standing(stage.makes, variant))
    return stage


PSERIES = MachineType(
    "pseries",
    "IBM POWER guests, here with POWER8 CPUs.",
    "qemu-system-ppc64",
    (Era("2.11", ("board", "cpus", "memory", "host_bridges", "devices", "bus_masters")),),
    most_cpus=65536,
    cpu="POWER8",
    vga_slot=1,
)

_I440FX = Device("i440FX", "i440fx", "pci.0", 0)
_PIIX3 = Device("PIIX3", "piix3", "pci.0", 1)
_PIIX: tuple[Stage, ...] = (
    Device("piix3-ide", "piix3-ide", "pci.0", 1, 1),
    Device("PIIX4_PM", "piix4-pm", "pci.0", 1, 3),
)
_MEMORY: tuple[Stage, ...] = ("memory", "device_memory")
_MEMORY_10: tuple[Stage, ...] = ("memory", "device_memory_with_space")
"""From v8.2.0 on the memory that is kept for modules has an address space."""
_DONE: tuple[Stage, ...] = ("devices", "bus_masters", "firmware_tables", "smm")
_DONE_10: tuple[Stage, ...] = ("devices", "firmware_tables", "bus_masters", "smm")

PC = MachineType(
    "pc",
    "A PC with the i440FX chipset, QEMU's default on x86.",
    "qemu-system-x86_64",
    (
        Era(
            "7.2",
            (
                "board", "cpus", *_MEMORY, "bios", *chipsets.FIRMWARE_CONFIGURATION, *chipsets.PCI_CONFIGURATION,
                _I440FX, "pci_hole", "smram", "pam", "pam_reset",
                _PIIX3, *chipsets.LEGACY_PORTS, "vga", *chipsets.HPET, *chipsets.CLOCK, *chipsets.TIMER,
                *chipsets.FLOPPY, *chipsets.KEYBOARD, *_PIIX, "memory_hotplug", *_DONE,
            ),
        ),
        Era(
            "10.0",
            (
                "board", "cpus", *chipsets.PCI_CONFIGURATION,
                _I440FX, "pci_hole", "smram", "pam", "pam_reset",
                *_MEMORY_10, "bios", *chipsets.FIRMWARE_CONFIGURATION,
                _PIIX3, *chipsets.CLOCK, *_PIIX, "memory_hotplug", *chipsets.LEGACY_PORTS, "vga", *chipsets.HPET,
                *chipsets.TIMER, *chipsets.FLOPPY, *chipsets.KEYBOARD, *_DONE_10,
            ),
        ),
    ),
    most_cpus=255,
)  # fmt: skip

_LPC = Device("ICH9-LPC", "ich9-lpc", "pci.0", 31)
_POWER = Extension("ich9-lpc", chipsets.ICH9_PM)
_ICH9: tuple[Stage, ...] = (
    Device("ich9-ahci", "ich9-ahci", "pci.0", 31, 2),
    Device("ICH9-SMB", "ich9-smb", "pci.0", 31, 3),
)
_Q35_NORTH: tuple[Stage, ...] = (
    "bios", *chipsets.FIRMWARE_CONFIGURATION, *chipsets.PCI_CONFIGURATION,
    Device("mch", "mch", "pci.0", 0), "pci_hole",
)  # fmt: skip

Q35 = MachineType(
    "q35",
    "A PC with PCI Express.",
    "qemu-system-x86_64",
    (
        Era(
            "7.2",
            (
                "board", "cpus", *_MEMORY, *_Q35_NORTH, "smram", "pam",
                _LPC, *chipsets.LEGACY_PORTS, *chipsets.HPET, *chipsets.CLOCK, *chipsets.TIMER, *chipsets.KEYBOARD,
                _POWER, "memory_hotplug", *_ICH9, "vga", *_DONE,
            ),
        ),
        Era(
            "10.0",
            (
                "board", "cpus", *_MEMORY_10, *_Q35_NORTH, "pam", "smram",
                _LPC, *chipsets.CLOCK, _POWER, "memory_hotplug", *chipsets.LEGACY_PORTS, *chipsets.HPET,
                *chipsets.TIMER, *chipsets.KEYBOARD, *_ICH9, "vga", *_DONE_10,
            ),
        ),
    ),
    most_cpus=255,
    root_bus="pcie.0",
    last_slot=30,
    vga_slot=1,
)  # fmt: skip

_VIRT_FIRST: tuple[Stage, ...] = ("board", "flash", "cpus", "memory", *chipsets.VIRT_DEVICES)
_VIRT_SECURE: tuple[Stage, ...] = (*chipsets.VIRT_SECURE_RAM, *chipsets.VIRT_SECURE_SERIAL)
_VIRT_SECURE_10: tuple[Stage, ...] = (*chipsets.VIRT_SECURE_SERIAL, *chipsets.VIRT_SECURE_RAM)
_VIRT_BUS: tuple[Stage, ...] = (
    *chipsets.VIRT_CLOCK, "root_bus", Device("gpex-root", "gpex-root", "pci.0", 0), "windows",
)  # fmt: skip
_VIRT_LAST: tuple[Stage, ...] = (
    *chipsets.VIRT_GPIO, *chipsets.VIRT_SECURE_GPIO, *chipsets.VIRT_TRANSPORTS, *chipsets.VIRT_CONFIGURATION,
    "devices", "firmware_tables", "bus_masters",
)  # fmt: skip

VIRT = MachineType(
    "virt",
    "The Arm machine made for virtual guests.",
    "qemu-system-aarch64",
    (
        Era("7.2", (*_VIRT_FIRST, *_VIRT_SECURE, *_VIRT_BUS, *_VIRT_LAST)),
        Era("10.0", (*_VIRT_FIRST, *_VIRT_SECURE_10, *_VIRT_BUS, *_VIRT_LAST)),
        Era("11.1", (*_VIRT_FIRST, *_VIRT_SECURE_10, *_VIRT_BUS, *chipsets.VIRT_CXL, *_VIRT_LAST)),
    ),
    most_cpus=8,
    cpu="max",
    root_bus="pcie.0",
)

UNMODELLED = {"mps2-an521": "qemu-system-aarch64"}
"""Machines that only a real QEMU plays, and its program: here a board of two M-profile CPUs, each with its memory."""

MACHINE_TYPES: dict[str, MachineType] = {row.name: row for row in (PC, Q35, VIRT, PSERIES)}
"""Every machine by name."""
