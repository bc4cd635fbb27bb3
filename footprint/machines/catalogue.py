"""The catalogue of PCI devices: the regions each one makes when it is realized, in QEMU's order.

Rows, not code: a device is a name and the parts it makes (operation logs of QEMU 7.2, 10.0 and 11.1;
docs/qemu-memory.md, "PCI functions").
Sizes and offsets are in bytes.
"""

from __future__ import annotations

from dataclasses import replace

from footprint.machines.eras import Dated
from footprint.machines.parts import Bar, DeviceType, Fixed, Item, Part, Slots, Windows

ROM = 6
"""The number of an option ROM among the BARs."""


def _msix(name: str, vectors: int, number: int = 1, *, per_cpu: bool = False) -> Bar:
    """A BAR of its own for MSI-X: the table, then the pending bits at half the BAR."""
    table = Part("msix-table", 0, 16 * vectors, per_cpu=16 * per_cpu)
    return Bar(f"{name}-msix", 0x1000, number=number, parts=(table, Part("msix-pba", 0x800, 8)))


def _rom(name: str, size: int = 0x40000) -> Bar:
    return Bar(f"{name}.rom", size, "ram", number=ROM)


def _virtio(
    name: str, legacy: int, vectors: int, what: str,
    *, rom: bool = False, most: int | None = None, disks: bool = False, vectors_since: str = "",
) -> DeviceType:  # fmt: skip
    """A transitional virtio-pci function: modern BAR, MSI-X BAR, legacy BAR. With `disks`, a queue for each CPU."""
    pages = ("common", "isr", "device", "notify")
    short = name.removesuffix("-pci")
    modern = Bar(
        "virtio-pci", 0x4000, number=4, space="pref",
        parts=tuple(Part(f"virtio-pci-{page}-{short}", i * 0x1000, 0x1000) for i, page in enumerate(pages)),
        emptied=True,
    )  # fmt: skip
    aliased = replace(modern, private_space="virtio-pci-cfg-as", private_alias="virtio-pci-cfg")
    direct = replace(modern, private_space="virtio-pci-cfg-mem-as")
    table: Item = _msix(name, vectors, per_cpu=disks)
    makes: list[Item | Dated[Item]] = [
        Dated(aliased, until="10.0"),
        Dated(direct, since="10.0"),
        Dated(table, since=vectors_since) if vectors_since else table,
        Bar("virtio-pci", legacy, "io", space="io", conventional=True),
        *([_rom(name)] if rom else []),
    ]
    return DeviceType(name, tuple(makes), what, most=most, driven=disks)


def virtio_mem(slots: Slots) -> DeviceType:
    """The row of a virtio-mem device with that memory; it is a modern function, without a legacy BAR."""
    what = "memory that comes and goes in slots"
    makes = _virtio("virtio-mem-pci", 0, 2, what).makes
    modern = tuple(item for item in makes if not (isinstance(item, Bar) and item.conventional))
    return DeviceType("virtio-mem-pci", (slots, *modern), what, hotplug=False)


def _windows(*, express: bool = False) -> tuple[Dated[Item], ...]:
    """A bridge's windows; up to v5.0 with 64 KiB of ports (QEMU commit 2dc48da255, 2020)."""
    return Dated(Windows(express, 0x10000), until="7.2"), Dated(Windows(express), since="7.2")


_VGA_PORTS = ((0x3B4, 2), (0x3BA, 1), (0x3C0, 16), (0x3D4, 2), (0x3DA, 1))

_VGA_MMIO = (
    Part("vga ioports remapped", 0x400, 0x20),
    Part("bochs dispi interface", 0x500, 0x16),
    Part("qemu extended regs", 0x600, 8),
)

_VGA = DeviceType(
    "VGA",
    (
        Bar("vga.vram", 16 << 20, "ram", space="pref", logged=True),
        Fixed("mem", Part("vga-lowmem", 0xA0000, 0x20000), priority=1),
        *(Fixed("io", Part("vga", port, size)) for port, size in _VGA_PORTS),
        Fixed("io", Part("vbe", 0x1CE, 4)),
        Dated(Bar("vga.mmio", 0x1000, "io", number=2, parts=_VGA_MMIO), without="vga_edid"),
        Dated(
            Bar("vga.mmio", 0x1000, "io", number=2, parts=(*_VGA_MMIO, Part("edid", 0, 0x180))), feature="vga_edid"
        ),
        _rom("vga", 0x10000),
    ),
    "standard VGA",
    hotplug=False,
)  # fmt: skip

_XHCI = DeviceType(
    "nec-usb-xhci",
    (
        Bar(
            "xhci", 0x4000,
            parts=(
                Part("capabilities", 0, 0x40),
                Part("operational", 0x40, 0x400),
                Part("runtime", 0x1000, 0x220),
                Part("doorbell", 0x2000, 0x820),
                *(Part(f"usb{2 if n > 4 else 3} port #{(n - 1) % 4 + 1}", 0x430 + 0x10 * n, 0x10) for n in range(1, 9)),
                Part("msix-table", 0x3000, 0x100),
                Part("msix-pba", 0x3800, 8),
            ),
        ),
    ),
    "USB 3 controller",
    driven=True,
)  # fmt: skip

CATALOGUE: dict[str, DeviceType] = {
    row.name: row
    for row in (
        _virtio("virtio-net-pci", 32, 4, "virtio network card", rom=True),
        _virtio("virtio-scsi-pci", 64, 4, "virtio SCSI controller", disks=True),
        _virtio("virtio-blk-pci", 128, 2, "virtio disk", disks=True),
        _virtio("virtio-balloon-pci", 64, 2, "virtio memory balloon", most=1, vectors_since="10.0"),
        DeviceType(
            "pci-bridge",
            (*_windows(), Bar("shpc-bar", 0x100, parts=(Part("shpc-mmio", 0, 0xA0),))),
            "PCI bridge with a hot-plug controller",
            hotplug=False,
        ),
        DeviceType(
            "pcie-root-port",
            (*_windows(express=True), _msix("pcie-root-port", 1, 0)),
            "PCI Express root port",
            hotplug=False,
        ),
        DeviceType(
            "e1000",
            (Bar("e1000-mmio", 0x20000, "io"), Bar("e1000-io", 0x40, "io", 1, "io"), _rom("e1000")),
            "Intel network card",
        ),
        DeviceType(
            "e1000e",
            (
                Bar("e1000e-mmio", 0x20000, "io"),
                Bar("e1000e-flash", 0x20000, number=1),
                Bar("e1000e-io", 0x20, "io", 2, "io"),
                Bar(
                    "e1000e-msix", 0x4000, number=3,
                    parts=(Part("msix-table", 0, 0x50), Part("msix-pba", 0x2000, 8)),
                ),
                _rom("e1000e"),
            ),
            "Intel PCI Express network card",
        ),
        DeviceType(
            "rtl8139",
            (
                Bar("rtl8139", 0x100, "io", 0, "io"),
                Bar("rtl8139-mem", 0x100, "alias", 1, shows="rtl8139"),
                _rom("rtl8139"),
            ),
            "Realtek network card",
        ),
        DeviceType(
            "nvme",
            (
                Bar(
                    "nvme-bar0", 0x4000, emptied=True,
                    parts=(Part("nvme", 0, 0x2000), Part("msix-table", 0x2000, 0x410), Part("msix-pba", 0x3000, 0x10)),
                ),
            ),
            "NVMe disk",
            driven=True,
        ),
        DeviceType("pci-ohci", (Bar("ohci", 0x100, "io"),), "USB 1.1 controller", driven=True, hotplug=False),
        _XHCI,
        _VGA,
        DeviceType("pc-dimm", (), "memory module of 128 MiB", size=128 << 20, most=32, hotplug=False),
    )
}  # fmt: skip
"""Every device by name."""
