"""What is soldered on: the functions of pc's, q35's and virt's chipsets, and regions that are on no bus.

Tables, from operation logs of QEMU 7.2, 10.0 and 11.1. Bytes. In which order a start-up makes them is the
business of footprint.machines.machine_types. See docs/qemu-memory.md, "pc and q35", "virt".
"""

from __future__ import annotations

from footprint.machines.eras import Dated
from footprint.machines.parts import Bar, Block, DeviceType, Fixed, Item, OnBoard, Part

_APM = Fixed("io", Part("apm-io", 0xB2, 2))

_DMA: tuple[Item, ...] = tuple(
    Fixed("io", Part(name, offset, size))
    for name, offset, size in (
        ("dma-chan", 0x00, 8), ("dma-page", 0x81, 3), ("dma-page", 0x87, 1), ("dma-cont", 0x08, 8),
        ("dma-chan", 0xC0, 16), ("dma-page", 0x89, 3), ("dma-page", 0x8F, 1), ("dma-cont", 0xD0, 16),
    )
)  # fmt: skip

_IDE = Bar(
    "piix-bmdma-container", 16, number=4, space="io",
    parts=(Part("piix-bmdma", 0, 4), Part("bmdma", 4, 4), Part("piix-bmdma", 8, 4), Part("bmdma", 12, 4)),
)  # fmt: skip


def _cpu_hotplug(port: int) -> tuple[Dated[Item], ...]:
    """How many ports it has was corrected before 11.1."""
    return tuple(
        Dated(Fixed("io", Part("acpi-cpu-hotplug", port, size)), since=since, until=until)
        for size, since, until in ((0x20, "2.11", "11.1"), (0xC, "11.1", ""))
    )


_PIIX4_PM: tuple[Item | Dated[Item], ...] = (
    _APM,
    Fixed("io", Part("pm-smbus", 0xB100, 0x40)),
    Block("io", "piix4-pm", 0, 0x40, (Part("acpi-tmr", 8, 4), Part("acpi-evt", 0, 4), Part("acpi-cnt", 4, 2))),
    Fixed("io", Part("acpi-gpe0", 0xAFE0, 4)),
    Fixed("io", Part("acpi-pci-hotplug", 0xAE00, 0x18)),
    *_cpu_hotplug(0xAF00),
)

ICH9_PM: tuple[Item | Dated[Item], ...] = (
    Block(
        "io", "ich9-pm", 0, 0x80,
        (
            Part("acpi-tmr", 8, 4), Part("acpi-evt", 0, 4), Part("acpi-cnt", 4, 2), Part("acpi-gpe0", 0x20, 16),
            Part("acpi-smi", 0x30, 8), Part("sm-tco", 0x60, 0x20),
        ),
    ),
    Fixed("io", Part("acpi-pci-hotplug", 0xCC0, 0x18)),
    *_cpu_hotplug(0xCD8),
)  # fmt: skip
"""ICH9's power management, which is made after the rest of it."""

ON_BOARD: dict[str, DeviceType] = {
    row.name: row
    for row in (
        DeviceType("i440FX", (), "pc's host bridge"),
        DeviceType(
            "PIIX3",
            (
                Dated(Fixed("io", Part("piix3-reset-control", 0xCF9, 1), priority=1), until="10.0"),
                Dated(Fixed("io", Part("piix-reset-control", 0xCF9, 1), priority=1), since="10.0"),
                *_DMA,
            ),
            "pc's ISA bridge",
        ),
        DeviceType(
            "piix3-ide",
            (
                _IDE,
                *(
                    Fixed("io", Part("ide", port, size))
                    for port, size in ((0x1F0, 8), (0x3F6, 1), (0x170, 8), (0x376, 1))
                ),
            ),
            "pc's IDE controller",
        ),
        DeviceType("PIIX4_PM", _PIIX4_PM, "pc's power management"),
        DeviceType("mch", (), "q35's host bridge"),
        DeviceType(
            "ICH9-LPC",
            (_APM, Fixed("io", Part("lpc-reset-control", 0xCF9, 1), priority=1), *_DMA),
            "q35's ISA bridge",
        ),
        DeviceType(
            "ich9-ahci",
            (Bar("ahci-idp", 0x20, "io", 4, "io"), Bar("ahci", 0x1000, "io", 5)),
            "q35's SATA controller",
            driven=True,
        ),
        DeviceType("ICH9-SMB", (Bar("pm-smbus", 0x40, "io", 4, "io"),), "q35's SMBus"),
        DeviceType("gpex-root", (), "virt's host bridge"),
    )
}
"""Functions of the chipsets by name."""


def _ports(*rows: tuple[str, int, int]) -> tuple[OnBoard, ...]:
    return tuple(OnBoard("io", *row) for row in rows)


def _memory(*rows: tuple[str, int, int]) -> tuple[OnBoard, ...]:
    return tuple(OnBoard("system", *row) for row in rows)


FIRMWARE_CONFIGURATION = _ports(("fwcfg", 0x510, 2), ("fwcfg.dma", 0x514, 8))
"""How firmware asks QEMU."""

PCI_CONFIGURATION = _ports(("pci-conf-idx", 0xCF8, 4), ("pci-conf-data", 0xCFC, 4))
"""How anybody configures PCI."""

LEGACY_PORTS = (
    *_ports(("pic", 0x20, 2), ("elcr", 0x4D0, 1), ("pic", 0xA0, 2), ("elcr", 0x4D1, 1)),
    *_memory(("ioapic", 0xFEC00000, 0x1000)),
)
"""Interrupt controllers."""

HPET = (*_ports(("ioport80", 0x80, 1), ("ioportF0", 0xF0, 1)), *_memory(("hpet", 0xFED00000, 0x400)))
"""Two ports that do nothing, and the event timer."""

CLOCK = (OnBoard("io", "rtc", 0x70, 2, parts=(Part("rtc-index", 0, 1),)),)
TIMER = _ports(("pit", 0x40, 4), ("pcspk", 0x61, 1))
"""The old timer, and the speaker that it drives."""

FLOPPY = _ports(("fdc", 0x3F1, 5), ("fdc", 0x3F7, 1))
KEYBOARD = _ports(("i8042-data", 0x60, 1), ("i8042-cmd", 0x64, 1), ("vmport", 0x5658, 1), ("port92", 0x92, 1))
MEMORY_HOTPLUG = _ports(("acpi-mem-hotplug", 0xA00, 0x18))

VIRT_DEVICES = _memory(
    ("gic_dist", 0x8000000, 0x1000), ("gic_cpu", 0x8010000, 0x2000), ("gicv2m", 0x8020000, 0x1000),
    ("pl011", 0x9000000, 0x1000),
)  # fmt: skip
"""virt's interrupt controller and serial line."""
VIRT_CLOCK = _memory(("pl031", 0x9010000, 0x1000))

VIRT_SECURE_RAM = (OnBoard("secure", "virt.secure-ram", 0xE000000, 0x1000000, "ram"),)
VIRT_SECURE_SERIAL = (OnBoard("secure", "pl011", 0x9040000, 0x1000),)
VIRT_SECURE_GPIO = (OnBoard("secure", "pl061", 0x90B0000, 0x1000),)
"""What only the secure world of virt sees (``secure=on``)."""

VIRT_CXL = (OnBoard("system", "cxl_host_reg", 0x4004000000, 0x100000, "container"),)
"""Room for the registers of CXL host bridges, since 11.1."""

VIRT_GPIO = _memory(("pl061", 0x9030000, 0x1000))
VIRT_CONFIGURATION = (
    *_memory(("fwcfg.ctl", 0x9020008, 2), ("fwcfg.data", 0x9020000, 8), ("fwcfg.dma", 0x9020010, 8)),
    OnBoard("system", "platform bus", 0xC000000, 0x2000000, "container"),
)
VIRT_TRANSPORTS = _memory(*(("virtio-mmio", 0xA000000 + 0x200 * i, 0x200) for i in range(32)))
"""Places for virtio devices without PCI."""
