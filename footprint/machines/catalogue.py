"""The catalogue of PCI devices: the regions each one makes when it is realized, in QEMU's order.

Rows, not code: a device is a name and the parts it makes (FACTS §10.5; QEMU 7.2, operation logs).
Sizes and offsets are in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A region inside a BAR, or placed by itself."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A BAR: a region of `kind` (container, io or ram), with `parts` placed in it one commit each.

    `logged`: writes to it are followed from the start. `private_space`: up to 2.11 a space of this name
    looks at the BAR through an alias (virtio's configuration access).
    """

    name: str
    size: int
    kind: str = "container"
    parts: tuple[Part, ...] = ()
    logged: bool = False
    private_space: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A region at a fixed place of the bus's memory or I/O space (`window`: mem or io)."""

    window: str
    part: Part
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a bridge on its parent, of size 0 until firmware programs them."""


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A row: QEMU's ``-device`` name, what it makes in order, and what it is."""

    name: str
    makes: tuple[Bar | Fixed | Windows, ...]
    what: str


def _msix(name: str, vectors: int) -> Bar:
    """A BAR of its own for MSI-X: the table, then the pending bits at half the BAR."""
    return Bar(f"{name}-msix", 0x1000, parts=(Part("msix-table", 0, 16 * vectors), Part("msix-pba", 0x800, 8)))


def _virtio(name: str, short: str, legacy: int, vectors: int, what: str) -> DeviceType:
    """A transitional virtio-pci function: modern BAR, MSI-X BAR, legacy BAR."""
    pages = ("common", "isr", "device", "notify")
    modern = Bar(
        "virtio-pci",
        0x4000,
        parts=tuple(Part(f"virtio-pci-{page}-{short}", i * 0x1000, 0x1000) for i, page in enumerate(pages)),
        private_space="virtio-pci-cfg-as",
    )
    return DeviceType(name, (modern, _msix(name, vectors), Bar("virtio-pci", legacy, "io")), what)


_VGA_PORTS = ((0x3B4, 2), (0x3BA, 1), (0x3C0, 16), (0x3D4, 2), (0x3DA, 1))

CATALOGUE: dict[str, DeviceType] = {
    row.name: row
    for row in (
        _virtio("virtio-net-pci", "virtio-net", 32, 4, "virtio network card"),
        _virtio("virtio-scsi-pci", "virtio-scsi", 64, 4, "virtio SCSI controller"),
        _virtio("virtio-blk-pci", "virtio-blk", 128, 2, "virtio disk"),
        DeviceType(
            "pci-bridge",
            (Windows(), Bar("shpc-bar", 0x100, parts=(Part("shpc-mmio", 0, 0xA0),))),
            "PCI bridge with a hot-plug controller",
        ),
        DeviceType("e1000", (Bar("e1000-mmio", 0x20000, "io"), Bar("e1000-io", 0x40, "io")), "Intel network card"),
        DeviceType("pci-ohci", (Bar("ohci", 0x100, "io"),), "USB 1.1 controller"),
        DeviceType(
            "nec-usb-xhci",
            (
                Bar(
                    "xhci",
                    0x4000,
                    parts=(
                        Part("capabilities", 0, 0x40),
                        Part("operational", 0x40, 0x400),
                        Part("runtime", 0x1000, 0x220),
                        Part("doorbell", 0x2000, 0x820),
                        *(Part(f"usb{2 if n > 4 else 3} port #{n}", 0x430 + 0x10 * n, 0x10) for n in range(1, 9)),
                        Part("msix-table", 0x3000, 0x100),
                        Part("msix-pba", 0x3800, 8),
                    ),
                ),
            ),
            "USB 3 controller",
        ),
        DeviceType(
            "VGA",
            (
                Bar("vga.vram", 16 << 20, "ram", logged=True),
                Fixed("mem", Part("vga-lowmem", 0xA0000, 0x20000), priority=1),
                *(Fixed("io", Part("vga", port, size)) for port, size in _VGA_PORTS),
                Fixed("io", Part("vbe", 0x1CE, 4)),
                Bar(
                    "vga.mmio",
                    0x1000,
                    "io",
                    parts=(
                        Part("vga ioports remapped", 0x400, 0x20),
                        Part("bochs dispi interface", 0x500, 0x16),
                        Part("qemu extended regs", 0x600, 8),
                        Part("edid", 0, 0x400),
                    ),
                ),
            ),
            "standard VGA",
        ),
    )
}
"""Every device by name."""
