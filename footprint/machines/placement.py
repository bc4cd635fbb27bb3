"""Where firmware places the BARs of a PC: SeaBIOS's way, as the installed QEMU's `info pci` shows it.

Every bus asks its parent for one window of each space, large enough for what is on it and below it.
Within a window the largest alignment stands first, so nothing is lost between BARs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from footprint.machines.parts import Bar, Windows
from footprint.machines.topology import Device

SPACES = ("io", "mem", "pref")
SMALLEST_MEMORY_BAR = 0x1000
WINDOW_ALIGNMENT = {"io": 0x1000, "mem": 2 << 20, "pref": 2 << 20}
"""A bridge's window starts and ends at a multiple of this."""

MEMORY_END = 0xFEC00000
"""Where the interrupt controllers begin; BARs are placed downwards from here."""

PORTS_HIGH, PORTS_LOW, PORTS_LOW_END = 0xC000, 0x1000, 0xA000
"""Ports are given out from the first, or from the second where more than 16 KiB are wanted."""


@dataclass(frozen=True, slots=True)
class Window:
    """Bytes [start, start+size) of a space."""

    start: int
    size: int


@dataclass(slots=True)
class Placement:
    """Addresses of BARs by (device id, BAR number), and of bridges' windows by (bridge id, space).

    `fits`: False where ports or memory do not suffice; then nothing is placed, and firmware stops there.
    """

    bars: dict[tuple[str, int], int] = field(default_factory=dict)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    fits: bool = True


@dataclass(frozen=True, slots=True)
class _Wish:
    """Somebody wants `size` bytes: a BAR, or a bridge for the bus behind it (`bar` None)."""

    device: str
    bar: int | None
    size: int
    alignment: int


class Placer:
    """Places what `functions` (by bus, each bus in the order of its numbers) want."""

    def __init__(self, buses: Mapping[str, Sequence[Device]], *, memory_start: int) -> None:
        self.buses = buses
        self.memory_start = memory_start
        self.placement = Placement()
        self._wishes: dict[tuple[str, str], list[_Wish]] = {}

    def place(self, root: str) -> Placement:
        """Addresses for everything on and below the bus `root`."""
        order = list(walk(self.buses, root))
        for bus in order:
            for device in self.buses[bus]:
                self._wish_for_bars(bus, device)
        carriers = {device.id: (bus, device) for bus in order for device in self.buses[bus]}
        for bus in reversed(order[1:]):
            parent, bridge = carriers[bus]
            self._wish_for_windows(parent, bridge)
        starts = self._root_starts(root)
        if starts is None:
            self.placement.fits = False
            return self.placement
        for bus in order:
            for space in SPACES:
                at = starts[space] if bus == root else self.placement.windows[bus, space].start
                self._give(bus, space, at)
        return self.placement

    def _wish_for_bars(self, bus: str, device: Device) -> None:
        for bar in bars_of(device):
            size = bar.size if bar.space == "io" else max(bar.size, SMALLEST_MEMORY_BAR)
            self._wish(bus, bar.space, _Wish(device.id, bar.number, size, size))

    def _wish_for_windows(self, parent: str, bridge: Device) -> None:
        express = any(isinstance(item, Windows) and item.express for item in bridge.row.items)
        for space in SPACES:
            wishes = self._wishes.get((bridge.id, space), [])
            alignment = max([WINDOW_ALIGNMENT[space], *(wish.alignment for wish in wishes)])
            size = sum(wish.size for wish in wishes)
            if not size and not (express and space == "io"):
                size = alignment  # kept free for a device that is plugged in later
            size = -(-size // alignment) * alignment
            self._wish(parent, space, _Wish(bridge.id, None, size, alignment))

    def _wish(self, bus: str, space: str, wish: _Wish) -> None:
        """Largest alignment first, then largest size, then as they came."""
        wishes = self._wishes.setdefault((bus, space), [])
        rank = (wish.alignment, wish.size)
        index = next((i for i, other in enumerate(wishes) if (other.alignment, other.size) < rank), len(wishes))
        wishes.insert(index, wish)

    def _extent(self, bus: str, space: str) -> tuple[int, int]:
        wishes = self._wishes.get((bus, space), [])
        return sum(wish.size for wish in wishes), wishes[0].alignment if wishes else 1

    def _root_starts(self, root: str) -> dict[str, int] | None:
        """Where the root bus begins in each space; None where there is too little."""
        ports, _ = self._extent(root, "io")
        if ports < 0x10000 - PORTS_HIGH:
            first_port = PORTS_HIGH
        elif ports < PORTS_LOW_END - PORTS_LOW:
            first_port = PORTS_LOW
        else:
            return None
        upper, lower = "pref", "mem"
        if self._extent(root, "mem")[1] < self._extent(root, "pref")[1]:
            upper, lower = lower, upper
        starts = {"io": first_port}
        end = MEMORY_END
        for space in (upper, lower):
            size, alignment = self._extent(root, space)
            starts[space] = end = (end - size) // alignment * alignment
        return starts if end >= self.memory_start else None

    def _give(self, bus: str, space: str, at: int) -> None:
        for wish in self._wishes.get((bus, space), []):
            if wish.bar is None:
                self.placement.windows[wish.device, space] = Window(at, wish.size)
            else:
                self.placement.bars[wish.device, wish.bar] = at
            at += wish.size


def bars_of(device: Device) -> list[Bar]:
    """A device's BARs by number."""
    return sorted((item for item in device.row.items if isinstance(item, Bar)), key=lambda bar: bar.number)


def walk(buses: Mapping[str, Sequence[Device]], root: str) -> Iterable[str]:
    """`root` and the buses below it, as they are numbered: each bridge's at once, before its neighbours'."""
    yield root
    for device in buses[root]:
        if device.id in buses:
            yield from walk(buses, device.id)
