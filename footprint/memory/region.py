"""MemoryRegion: one node of the graph that describes what a guest can address.

See docs/qemu-memory.md, "Regions".

A region holds no behaviour beyond reading itself. Whoever changes one goes through
:class:`footprint.memory.core.MemoryCore`, which keeps transactions and knows what a change can reach.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

FULL = 1 << 64
"""Size of a whole 64-bit address space. QEMU passes it as 2**64 - 1 (`memory_region_init`)."""


def size_of(argument: int) -> int:
    """The size that QEMU makes of a 64-bit size argument: 2**64 - 1 means 2**64."""
    return FULL if argument == FULL - 1 else argument


@dataclass(slots=True, eq=False)
class MemoryRegion:
    """One region. Sizes and addresses are in bytes; `addr` is the offset in the container.

    A region has at most one `container`, and any number of aliases show it (`referrers`).
    `subregions` are in QEMU's order: falling priority, and among equals the newest first.
    """

    name: str | None
    size: int
    terminates: bool = False
    ram: bool = False
    ram_device: bool = False
    rom_device: bool = False
    iommu: bool = False
    readonly: bool = False
    nonvolatile: bool = False
    unmergeable: bool = False
    alias: MemoryRegion | None = None
    alias_offset: int = 0
    owner: str | None = None
    enabled: bool = True
    romd_mode: bool = True
    logging: int = 0
    addr: int = 0
    priority: int = 0
    container: MemoryRegion | None = None
    subregions: list[MemoryRegion] = field(default_factory=list)
    referrers: list[MemoryRegion] = field(default_factory=list)
    flat: tuple[Any, ...] | None = None
    """What the region shows in its own coordinates; None after a change (footprint.memory.render)."""

    def __post_init__(self) -> None:
        if self.alias is not None:
            self.alias.referrers.append(self)

    def __repr__(self) -> str:
        return f"<MemoryRegion {self.name or '(noname)'} {self.addr:#x}+{self.size:#x} prio {self.priority}>"

    def insert(self, region: MemoryRegion) -> None:
        """Let `region`, which has its priority, stand here, in front of those that have the same."""
        index = next((i for i, other in enumerate(self.subregions) if other.priority <= region.priority), None)
        self.subregions.insert(len(self.subregions) if index is None else index, region)
        region.container = self

    def remove(self, region: MemoryRegion) -> None:
        """Let `region` stand here no longer."""
        self.subregions.remove(region)
        region.container = None

    @property
    def kind(self) -> str:
        """QEMU's word for the region's own kind, in the order of its tests."""
        if self.ram_device:
            return "ramd"
        if self.rom_device and self.romd_mode:
            return "romd"
        if self.ram:
            return "rom" if self.readonly else "ram"
        return "i/o"


class Maker(Protocol):
    """Makes a region of one kind; `size` in bytes, `owner` the device it belongs to."""

    def __call__(self, name: str | None, size: int, *, owner: str | None = None) -> MemoryRegion:
        """A new region, enabled and placed nowhere."""
        ...


def _maker(**attributes: Any) -> Maker:
    def make(name: str | None, size: int, *, owner: str | None = None) -> MemoryRegion:
        return MemoryRegion(name, size, owner=owner, **attributes)

    return make


container = _maker()
io = _maker(terminates=True)
ram = _maker(terminates=True, ram=True)
rom = _maker(terminates=True, ram=True, readonly=True)
ram_device = _maker(terminates=True, ram=True, ram_device=True)
rom_device = _maker(terminates=True, rom_device=True)
iommu = _maker(terminates=True, iommu=True)


def alias(name: str | None, target: MemoryRegion, offset: int, size: int, *, owner: str | None = None) -> MemoryRegion:
    """A window of `size` bytes on `target` from `offset` on."""
    return MemoryRegion(name, size, alias=target, alias_offset=offset, owner=owner)
