"""What SeaBIOS does to a PC's memory map, in an order that a person can read.

Its effect is that of the firmware that comes with QEMU 7.2, commit by commit where that could be seen
(operation logs of starts without ``-S``): BIOS made writable, PCI placed and switched on, SMM prepared,
option ROMs run, BIOS made read-only, and the network boot that finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from footprint.backends.boards.pci import Bus, Function
from footprint.backends.boards.x86 import X86, Area
from footprint.machines.catalogue import ROM
from footprint.machines.parts import Bar
from footprint.machines.placement import Placement, Placer, walk
from footprint.machines.topology import Device
from footprint.memory.region import MemoryRegion

PROBES = 2
"""Writes to a bridge's windows that find out which it has."""
WRITES = {"io": 4, "mem": 2, "pref": 4}
"""Writes that program a window of each space, one commit each."""
ENABLING_WRITES = 2
"""The windows open with the bridge's command register, and are made again with its control register."""

ROMS_START, ROM_SIZE, VGA_ROM_SIZE = 0xC0000, 0x1000, 0xA000
DISPLAY = "VGA"
ROMS_THAT_FIT = 23
"""A card's boot program keeps a page; after this many there is no room to unpack another."""
VAPIC_ROM_SIZE = 0x3000

LAST_ROM, BIOS_START = 0xE8000, 0xF0000
"""RAM between the two stays writable: the firmware's own data."""

BOOT_PROBES = 2
"""What a virtio card sees once more when it is booted from: its modern BAR is sized this often."""
SIZING_PROBES = 3
"""How often the boot program of a virtio card sizes its modern BAR before it drives the card."""
SIZED_AT = 0xFFFFFFFF
"""Bits written to a BAR to learn its size; for a moment it stands at the top of 32 bits."""


class SeaBios:
    """Runs on a built pc or q35. `board` is what the chipset lets it change."""

    def __init__(self, board: X86) -> None:
        self.board = board
        self.core = board.core
        self.pci = board.pci
        self.buses = {bus.name: _devices(bus) for bus in self.pci.buses.values()}
        self.order = list(walk(self.buses, "pci.0"))

    def run(self) -> None:
        """From the first instruction to the moment when nothing can be booted."""
        self._show(lambda area: area.ram)
        self.board.before_pci()
        placement = self._place()
        if not placement.fits:
            return  # "PCI: out of address space": SeaBIOS stops for good
        for function in self._functions():
            self._initialise(function, placement)
        self.board.prepare_smm()
        end = self._run_display_rom(placement)
        for function in self._functions():
            if function.device.row.driven:
                self.pci.enable_master(function)
        cards = self._run_card_roms(placement, end)
        self._show(lambda area: area.ram if LAST_ROM <= area.start < BIOS_START else area.rom)
        self._boot_from_network(cards)

    # Section: PCI

    def _functions(self) -> list[Function]:
        """All functions, bus by bus as the firmware numbers them."""
        return [function for name in self.order for function in _in_order(self.pci.buses[name])]

    def _place(self) -> Placement:
        """Ask every bridge what it has, find a place for everything, and program the windows."""
        bridges = [function for function in self._functions() if function.carries]
        for function in bridges:
            for _ in range(PROBES):
                self._close(function)
        placement = Placer(self.buses, memory_start=self.board.pci_start).place("pci.0")
        if placement.fits:
            for writes in WRITES.values():
                for bridge in reversed(bridges):
                    for _ in range(writes):
                        self._close(bridge)
        return placement

    def _close(self, bridge: Function) -> None:
        """A write to windows that are not open: they are made anew, and still show nothing."""
        assert bridge.carries is not None, "only bridges have windows"
        self.pci.open_windows(bridge.carries, {})

    def _initialise(self, function: Function, placement: Placement) -> None:
        """What the device itself needs, then its command register: BARs appear one by one."""
        self.board.initialise(function)
        for bar, region in sorted(function.bars, key=lambda item: item[0].number):
            if bar.number != ROM:
                self.pci.place(function, bar, region, self._address(function, bar.number, placement))
        if function.carries is not None:
            windows = {space: placement.windows[function.device.id, space] for space in WRITES}
            for _ in range(ENABLING_WRITES):
                self.pci.open_windows(function.carries, windows)

    def _address(self, function: Function, number: int, placement: Placement) -> int:
        fixed = self.board.fixed_bars.get(function.device.type)
        return placement.bars[function.device.id, number] if fixed is None else fixed

    # Section: below 1 MiB

    def _show(self, what: Callable[[Area], MemoryRegion]) -> None:
        """Two writes, each to a part of the areas; the chipset shows all of them anew at each."""
        areas, split = self.board.areas, self.board.areas_in_first_write
        for part in (areas[:split], areas[split:]):
            with self.core.transaction():
                for area in areas:
                    area.show(self.core, what(area) if area in part else area.shown)

    def _run_display_rom(self, placement: Placement) -> int:
        """The first display's ROM is copied before all others; gives where the next one may stand.

        A display behind a bridge is not found: no bridge was told to pass on what displays answer to.
        """
        displays = [function for function in _in_order(self.pci.buses["pci.0"]) if function.device.type == DISPLAY]
        for function in displays[:1]:
            self._look_at_rom(function, placement)
        return ROMS_START + (VGA_ROM_SIZE if displays else 0)

    def _run_card_roms(self, placement: Placement, end: int) -> list[Function]:
        """Copy the ROMs of all cards, as far as there is room, then QEMU's own; gives the cards."""
        cards = [function for function in self._functions() if self._rom(function) and function.device.type != DISPLAY]
        for function in cards:
            self._look_at_rom(function, placement)
        end += ROM_SIZE * min(len(cards), ROMS_THAT_FIT)
        self.board.show_vapic(end, VAPIC_ROM_SIZE)
        return cards

    def _look_at_rom(self, function: Function, placement: Placement) -> None:
        """An option ROM is on the bus only for as long as it is copied."""
        found = self._rom(function)
        if found is not None:
            self.pci.place(function, *found, placement.bars[function.device.id, ROM])
            self.pci.displace(found[1])

    @staticmethod
    def _rom(function: Function) -> tuple[Bar, MemoryRegion] | None:
        return next((item for item in function.bars if item[0].number == ROM), None)

    def _boot_from_network(self, cards: list[Function]) -> None:
        """Each kind's boot program drives all cards of its kind, tries the first, and finds nobody out there."""
        for kind in dict.fromkeys(card.device.type for card in cards):
            alike = [card for card in cards if card.device.type == kind]
            for card in alike:
                self._size_modern_bar(card, SIZING_PROBES)
                self.pci.enable_master(card)
            self._size_modern_bar(alike[0], BOOT_PROBES)

    def _size_modern_bar(self, card: Function, times: int) -> None:
        """A virtio card's modern BAR moves to the top and back, four commits, each time it is sized."""
        for bar, region in card.bars:
            if bar.space == "pref" and bar.kind == "container":
                home = region.addr
                for _ in range(times):
                    for place in ((SIZED_AT + 1) - bar.size, home):
                        self.pci.displace(region)
                        self.pci.place(card, bar, region, place)


def _in_order(bus: Bus) -> list[Function]:
    return sorted(bus.functions, key=lambda function: function.device.devfn)


def _devices(bus: Bus) -> list[Device]:
    return [function.device for function in _in_order(bus)]
