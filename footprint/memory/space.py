"""AddressSpace: somebody's window on a tree of regions (a CPU's, a device's, "memory", "I/O")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from footprint.memory.region import MemoryRegion


@dataclass(slots=True, eq=False)
class AddressSpace:
    """A space on `root`.

    `kind` says whose it is where history treats it differently: ``cpu``, ``virtio-cfg`` (the private
    configuration space of a virtio function), ``bridge`` (what a PCI bridge looks at the bus behind it through),
    or ``""``. `owner` names the device, for attribution.
    """

    name: str
    root: MemoryRegion
    kind: str = ""
    owner: str | None = None

    def __repr__(self) -> str:
        return f"<AddressSpace {self.name!r} on {self.root.name!r}>"


_BACK_IN_9_2 = {
    "virtio-pci-cfg-mem-as": "virtio-cfg",
    "virtio-pci-cfg-io-as": "virtio-cfg",
    "pci_bridge_pci_mem": "bridge",
    "pci_bridge_pci_io": "bridge",
}
"""Spaces that QEMU commit 55fa4be6f7 ("virtio-pci: fix memory_region_find for VirtIOPCIRegion's MR") (in v9.2.0)
makes; the one for ports only with the property ``modern-pio-notify``."""
_CPU_SPACE = re.compile(r"cpu-(memory|smm|secure-memory|tagged-memory|tag-memory)(-\d+)?")


def space_kind(name: str) -> str:
    """The kind of an address space (AddressSpace.kind) that its name tells."""
    if name == "virtio-pci-cfg-as":
        return "virtio-cfg"
    if name in _BACK_IN_9_2:
        return _BACK_IN_9_2[name]
    return "cpu" if _CPU_SPACE.fullmatch(name) else ""


def is_of_9_2(name: str) -> bool:
    """Whether only QEMU from v9.2.0 on has a space of this name."""
    return name in _BACK_IN_9_2
