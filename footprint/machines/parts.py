"""What rows of devices are made of: regions in BARs, at fixed places, in blocks. Sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from footprint.errors import RequestError
from footprint.machines.eras import NEWEST, Dated, Variant, standing


@dataclass(frozen=True, slots=True)
class Part:
    """A region inside a BAR, or placed by itself; `per_cpu` more bytes for each CPU after the first."""

    name: str
    offset: int
    size: int
    per_cpu: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A BAR: a region of `kind` (container, io, ram or alias), with `parts` placed in it one commit each.

    `number` is the BAR's, `space` where firmware places it (io, mem, or pref: 64 bits, prefetchable).
    BAR 6 is the option ROM, which firmware shows only while it looks at it. `logged`: writes to it are
    followed from the start. `shows`: an alias of the BAR of this name. `conventional`: not made behind
    a PCI Express port. `emptied`: its parts are taken out one by one when the device is unplugged, not
    only those of MSI-X. `private_space`: a space of this name looks at the BAR (virtio's configuration
    access), through an alias if `private_alias` names one.
    """

    name: str
    size: int
    kind: str = "container"
    number: int = 0
    space: str = "mem"
    parts: tuple[Part, ...] = ()
    logged: bool = False
    shows: str = ""
    conventional: bool = False
    emptied: bool = False
    private_space: str = ""
    private_alias: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A region at a fixed place of the bus's memory or I/O space (`window`: mem or io)."""

    window: str
    part: Part
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A container at a fixed place, with `parts` in it; hidden until firmware moves it unless `enabled`."""

    window: str
    name: str
    offset: int
    size: int
    parts: tuple[Part, ...]
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """A private address space `name` on the BAR called `bar`."""

    name: str
    bar: str


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a bridge on its parent, of size 0 until firmware programs them.

    `ports`: bytes of I/O space behind it.
    """

    express: bool = False
    ports: int = 1 << 32


@dataclass(frozen=True, slots=True)
class Slots:
    """RAM of `count` slots of `size` bytes that a virtio-mem device shows in the memory kept for modules.

    `dynamic`: the slots are unmergeable aliases that come and go (``dynamic-memslots=on``, since v8.2.0); otherwise the
    whole of it is mapped from the start. `manager`: whether its RamDiscardManager is set ``before`` the RAM is mapped,
    as QEMU does, or ``after``.
    """

    count: int
    size: int
    dynamic: bool = True
    manager: str = "before"

    @property
    def bytes(self) -> int:
        """All slots together."""
        return self.count * self.size


Item = Bar | Fixed | Block | Space | Windows | Slots


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A row: QEMU's ``-device`` name, what it makes in order, and what it is.

    What a device makes otherwise in another era is dated (footprint.machines.eras); `at` gives the row
    of one era, and only that is realized.
    `size`: bytes of a memory module, which stands on no bus. `most`: how many a machine may have.
    `hotplug`: whether QEMU 7.2 plugs it in and out while the machine runs. `driven`: firmware has a
    driver for it, and lets it read and write memory.
    """

    name: str
    makes: tuple[Item | Dated[Item], ...]
    what: str
    size: int = 0
    most: int | None = None
    hotplug: bool = True
    driven: bool = False

    def __post_init__(self) -> None:
        numbers = [item.number for item in self.makes if isinstance(item, Bar)]
        twice = {number for number in numbers if numbers.count(number) > 1}
        if twice:
            raise RequestError(f"device {self.name!r} has two BARs with the number {min(twice)}")

    @property
    def items(self) -> tuple[Item, ...]:
        """What it makes; of a row that is not yet that of one era, what the newest makes."""
        return standing(self.makes, NEWEST)

    def at(self, variant: Variant) -> DeviceType:
        """The row as a machine of that variant has it."""
        makes: tuple[Item, ...] = standing(self.makes, variant)
        return self if makes == self.makes else replace(self, makes=makes)


@dataclass(frozen=True, slots=True)
class OnBoard:
    """An on-board region in "memory" or "I/O" (`window`: system or io), with `parts` in it.

    In the window ``secure`` it stands where the machine has secure memory, and nowhere else.
    """

    window: str
    name: str
    offset: int
    size: int
    kind: str = "io"
    parts: tuple[Part, ...] = ()
