"""What real QEMUs are known to keep of a device: bytes per cycle, and what the place names."""

from footprint.machines.generic import guest

ROWS = [
    ("7.2", "nec-usb-xhci", 2_946_886, "object nec-usb-xhci, refcount 1, no parent"),
    ("10.0", "intel-hda", 10_591, "object intel-hda, refcount 2"),
    ("11.1", "nvme", 14_363, "object nvme-subsys, refcount 1"),
    ("11.1", "cxl-upstream", 2_097_182, "pcie_doe_init"),
    ("11.1", "pcie-pci-bridge", 1_055, "shpc_init"),
    ("11.1", "usb-ehci", 215, "qemu_allocate_irq"),
    ("11.1", "virtio-blk-pci", 0, ""),
]
SPACES = ("11.1", "i82801b11-bridge", 2, ("pci_bridge_pci_mem", "pci_bridge_pci_io"))


def q35():
    """The machine whose program these rows are of."""
    return guest("q35")
