"""PCI: buses, and functions that are realized on them and leave them again.

See docs/qemu-memory.md, "PCI functions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from footprint.backends.boards.slots import SlottedMemory
from footprint.machines.eras import Dated, Variant
from footprint.machines.parts import Bar, Block, Fixed, Item, Part, Slots, Space, Windows
from footprint.machines.placement import Window
from footprint.machines.topology import Device
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.features import Features
from footprint.memory.region import FULL, MemoryRegion
from footprint.memory.space import AddressSpace, space_kind

WINDOW_SPACES = {"pci_bridge_pref_mem": "pref", "pci_bridge_mem": "mem", "pci_bridge_io": "io"}
BRIDGE_WINDOWS = tuple(WINDOW_SPACES)
"""What a bridge shows of its own bus on the one above, in the order in which it is made."""

NO_WINDOW = Window(0, 0)


@dataclass(frozen=True, slots=True)
class Wiring:
    """How machines are wired: the features that a board, and not the core, obeys.

    `variant` chooses the rows of machines and devices; `releases` is off for a machine that leaves everything behind.
    """

    variant: Variant
    releases: bool

    @classmethod
    def of(cls, features: Features) -> Wiring:
        """The wiring that `features` ask for."""
        obeyed = frozenset({"vga_edid"} if features.vga_edid else ())
        return cls(Variant(features.machine, obeyed), releases=features.release)


@dataclass(slots=True, eq=False)
class Bus:
    """A PCI bus: its memory and I/O spaces, and where the DMA of its functions goes.

    `system` is what fixed places of on-board functions mean by it. `express`: behind a PCI Express port.
    `bridge` is the function that carries it; `windows` what that shows of it above.
    """

    name: str
    mem: MemoryRegion
    io: MemoryRegion
    dma: MemoryRegion
    system: MemoryRegion
    express: bool = False
    functions: list[Function] = field(default_factory=list)
    bridge: Function | None = None
    windows: dict[str, MemoryRegion] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Function:
    """A realized PCI function, with what it made in order.

    `master` is the container that its DMA goes through, `window` the alias in it once there is one.
    `fixed` are regions at fixed places, `bars` those that firmware places, `memory` what a virtio-mem device shows.
    """

    device: Device
    bus: Bus
    master: MemoryRegion
    window: MemoryRegion | None = None
    spaces: list[AddressSpace] = field(default_factory=list)
    regions: dict[MemoryRegion, None] = field(default_factory=dict)
    fixed: list[MemoryRegion] = field(default_factory=list)
    bars: list[tuple[Bar, MemoryRegion]] = field(default_factory=list)
    carries: Bus | None = None
    memory: SlottedMemory | None = None


class Pci:
    """The PCI buses of a machine. `regions` are all that exist, in the order in which they were made."""

    def __init__(self, core: MemoryCore, wiring: Wiring, regions: dict[MemoryRegion, None], *, cpus: int) -> None:
        self.core = core
        self.cpus = cpus
        self.wiring = wiring
        self.regions = regions
        self.buses: dict[str, Bus] = {}
        self.functions: dict[str, Function] = {}

    def realize(self, device: Device, *, hot: bool = False) -> Function:
        """Realize one function: its bus-master space first, then what its row makes, in order.

        A function that comes while the machine runs (`hot`) gets its way to memory at once. `device` has the
        row of this machine's era.
        """
        with self.core.held("device"):
            return self._realize(device, hot=hot)

    def _realize(self, device: Device, *, hot: bool) -> Function:
        bus, owner = self.buses[device.bus], device.id
        master = make.container("bus master container", FULL, owner=owner)
        function = Function(device, bus, master)
        self._new(function, master)
        function.spaces.append(self.core.create_space(device.type, master, owner=owner))
        bus.functions.append(function)
        self.functions[owner] = function
        if hot:
            self.open_way(function)
        self.extend(function, device.row.makes)
        return function

    def unrealize(self, function: Function) -> None:
        """Take one function out: its BARs off the bus, its parts, its way to memory, its spaces, its regions."""
        core = self.core
        self.forget(function)
        for _, region in function.bars:
            if region.container is not None:
                self.displace(region)
        for bar, region in function.bars:
            for part in _leaving(bar, region):
                core.del_subregion(region, part)
        for region in function.fixed:
            self.displace(region)
        if function.window is not None:
            core.del_subregion(function.master, function.window)
        for space in reversed(function.spaces):
            core.destroy_space(space)
        for region in reversed(function.regions):
            del self.regions[region]
            core.finalize(region)

    def forget(self, function: Function) -> None:
        """The function's place is free; what it made stays."""
        function.bus.functions.remove(function)
        del self.functions[function.device.id]

    def extend(self, function: Function, items: tuple[Item | Dated[Item], ...]) -> None:
        """Make more of what belongs to a function, in order."""
        for item in items:
            self._make(function, item)

    def _make(self, function: Function, item: Item | Dated[Item]) -> None:
        assert not isinstance(item, Dated), "only the row of one era is realized"
        match item:
            case Bar():
                if not (item.conventional and function.bus.express):
                    self._make_bar(function, item)
            case Fixed(window, part, priority):
                region = self._part(function, part)
                function.fixed.append(region)
                self.core.add_subregion(self._place(function, window), part.offset, region, priority=priority)
            case Block():
                self._make_block(function, item)
            case Space(name, bar):
                root = next(region for row, region in function.bars if row.name == bar)
                function.spaces.append(self.core.create_space(name, root, owner=function.device.id))
            case Windows():
                self._make_windows(function, item)
            case Slots():
                function.memory = SlottedMemory(self.core, item, function.device.id)
                for region in function.memory.regions:
                    self._new(function, region)

    def _new(self, function: Function, region: MemoryRegion) -> MemoryRegion:
        function.regions[region] = self.regions[region] = None
        return region

    def _forget(self, function: Function, region: MemoryRegion) -> None:
        """A region that is replaced goes at once."""
        del function.regions[region], self.regions[region]
        self.core.finalize(region)

    def _part(self, function: Function, part: Part) -> MemoryRegion:
        size = part.size + part.per_cpu * (self.cpus - 1)
        return self._new(function, make.io(part.name, size, owner=function.device.id))

    @staticmethod
    def _place(function: Function, window: str) -> MemoryRegion:
        bus = function.bus
        return {"mem": bus.mem, "io": bus.io, "system": bus.system}[window]

    def _make_bar(self, function: Function, bar: Bar) -> None:
        owner = function.device.id
        if bar.shows:
            target = next(other for row, other in function.bars if row.name == bar.shows)
            region = self._new(function, make.alias(bar.name, target, 0, bar.size, owner=owner))
        else:
            makers = {"container": make.container, "io": make.io, "ram": make.ram}
            region = self._new(function, makers[bar.kind](bar.name, bar.size, owner=owner))
        function.bars.append((bar, region))
        if bar.logged:
            self.core.set_log(region, True)
        if bar.private_space:
            root = region
            if bar.private_alias:
                root = self._new(function, make.alias(bar.private_alias, region, 0, bar.size, owner=owner))
            self._look_at(function, bar.private_space, root)
        self._fill(function, region, bar.parts)

    def _fill(self, function: Function, region: MemoryRegion, parts: tuple[Part, ...]) -> None:
        for part in parts:
            self.core.add_subregion(region, part.offset, self._part(function, part))

    def _look_at(self, function: Function, name: str, root: MemoryRegion) -> None:
        """A space of a function's own, of the kind that its name tells."""
        space = self.core.create_space(name, root, kind=space_kind(name), owner=function.device.id)
        function.spaces.append(space)

    def _make_block(self, function: Function, block: Block) -> None:
        region = self._new(function, make.container(block.name, block.size, owner=function.device.id))
        function.fixed.append(region)
        self.core.set_enabled(region, block.enabled)
        self.core.add_subregion(self._place(function, block.window), block.offset, region)
        self._fill(function, region, block.parts)

    def _make_windows(self, function: Function, windows: Windows) -> None:
        owner, parent = function.device.id, function.bus
        mem = self._new(function, make.container("pci_bridge_pci", FULL, owner=owner))
        self._look_at(function, "pci_bridge_pci_mem", mem)
        io = self._new(function, make.container("pci_bridge_io", windows.ports, owner=owner))
        self._look_at(function, "pci_bridge_pci_io", io)
        bus = Bus(owner, mem, io, parent.dma, parent.system, express=windows.express, bridge=function)
        for name in BRIDGE_WINDOWS:
            self._add_window(function, bus, name, NO_WINDOW)
        function.carries = self.buses[owner] = bus

    def machine_done(self) -> None:
        """Give every function its way to memory, disabled: newest bus first, functions by number."""
        for bus in reversed(self.buses.values()):
            for function in sorted(bus.functions, key=lambda function: function.device.devfn):
                self.open_way(function)

    def open_way(self, function: Function) -> None:
        """Give `function` its alias of the DMA root, disabled until it may be bus master."""
        dma = function.bus.dma
        window = self._new(function, make.alias("bus master", dma, 0, dma.size, owner=function.device.id))
        self.core.set_enabled(window, False)
        self.core.add_subregion(function.master, 0, window)
        function.window = window

    # Section: what firmware and guests write to configuration space

    def place(self, function: Function, bar: Bar, region: MemoryRegion, address: int) -> None:
        """Show a BAR at `address` of its bus, above what is fixed there."""
        window = function.bus.io if bar.space == "io" else function.bus.mem
        self.core.add_subregion(window, address, region, priority=1)

    def displace(self, region: MemoryRegion) -> None:
        """Take a BAR off its bus."""
        assert region.container is not None, "only a BAR that is placed"
        self.core.del_subregion(region.container, region)

    def enable_master(self, function: Function) -> None:
        """Let `function` read and write memory: its space shows the DMA root."""
        assert function.window is not None, "its way to memory is made when the machine is done"
        self.core.set_enabled(function.window, True)

    def open_windows(self, bus: Bus, windows: Mapping[str, Window]) -> None:
        """Make the windows on `bus` anew, one commit: where `windows` says, the others of size 0."""
        core, function = self.core, bus.bridge
        assert function is not None, "a root bus has no windows"
        with core.transaction():
            for name in reversed(BRIDGE_WINDOWS):
                old = bus.windows.pop(name)
                self.displace(old)
                self._forget(function, old)
            for name in BRIDGE_WINDOWS:
                self._add_window(function, bus, name, windows.get(WINDOW_SPACES[name], NO_WINDOW))

    def _add_window(self, function: Function, bus: Bus, name: str, window: Window) -> None:
        parent = function.bus
        space, target = (parent.io, bus.io) if WINDOW_SPACES[name] == "io" else (parent.mem, bus.mem)
        shown = make.alias(name, target, window.start, window.size, owner=function.device.id)
        bus.windows[name] = self._new(function, shown)
        self.core.add_subregion(space, window.start, shown, priority=1)


def _leaving(bar: Bar, region: MemoryRegion) -> list[MemoryRegion]:
    """The parts that a device takes out of a BAR when it goes: MSI-X backwards, then others in order."""
    made = {part.name: child for part in bar.parts for child in region.subregions if child.name == part.name}
    msix = [child for name, child in made.items() if name.startswith("msix-")]
    others = [child for name, child in made.items() if not name.startswith("msix-")]
    return [*reversed(msix), *(others if bar.emptied else [])]
