"""What real QEMUs are known to keep of a device: bytes per cycle, and what the place names.

The pages in docs/findings/ have the rows of 11.1; benchmarks/qemu_leaks.py has all of them.
"""

from footprint.machines.generic import guest

ROWS = [
    ("7.2", "nec-usb-xhci", 2_946_886, "object nec-usb-xhci, refcount 1, no parent"),
    ("10.0", "intel-hda", 10_591, "object intel-hda, refcount 2"),
    ("11.1", "virtio-blk-pci", 0, ""),
]
SPACES = ("11.1", "i82801b11-bridge", 2, ("pci_bridge_pci_mem", "pci_bridge_pci_io"))


def q35():
    """The machine whose program these rows are of."""
    return guest("q35")
