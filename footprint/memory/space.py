"""AddressSpace: somebody's window on a tree of regions (a CPU's, a device's, "memory", "I/O")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from footprint.memory.region import MemoryRegion


@dataclass(slots=True, eq=False)
class AddressSpace:
    """A space on `root`.

    `kind` says whose it is where history treats it differently: ``cpu``, ``virtio-cfg`` (the private
    configuration space of a virtio function), or ``""``. `owner` names the device, for attribution.
    """

    name: str
    root: MemoryRegion
    kind: str = ""
    owner: str | None = None

    def __repr__(self) -> str:
        return f"<AddressSpace {self.name!r} on {self.root.name!r}>"


_CPU_SPACE = re.compile(r"cpu-(memory|smm|secure-memory|tagged-memory|tag-memory)(-\d+)?")


def space_kind(name: str) -> str:
    """The kind of an address space (AddressSpace.kind) that its name tells."""
    if name == "virtio-pci-cfg-as":
        return "virtio-cfg"
    return "cpu" if _CPU_SPACE.fullmatch(name) else ""
