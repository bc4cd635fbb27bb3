"""Boards: from a Topology to regions, spaces and commits, in the order of a real start-up.

The one place where machines meet memory (FACTS §10). The machine's own features are read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from footprint.machines.catalogue import CATALOGUE, Bar, Fixed, Part, Windows
from footprint.machines.topology import Device, Topology
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.features import Features
from footprint.memory.region import FULL, MemoryRegion


@dataclass(slots=True, eq=False)
class Function:
    """A realized PCI function: `master` is the container that its DMA goes through."""

    device: Device
    master: MemoryRegion


@dataclass(slots=True, eq=False)
class Bus:
    """A PCI bus: its memory and I/O spaces, and where the DMA of its functions goes."""

    name: str
    mem: MemoryRegion
    io: MemoryRegion
    dma: MemoryRegion
    functions: list[Function] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the machines of an era are wired: the features that a board, and not the core, obeys."""

    edid: bool
    releases: bool

    @classmethod
    def of(cls, features: Features) -> Wiring:
        """The wiring that `features` ask for."""
        return cls(edid=features.vga_edid, releases=features.release)


def dismantle(core: MemoryCore, regions: Sequence[MemoryRegion]) -> None:
    """Destroy every space of `core`, newest first, then take every region out of its container."""
    for space in reversed(list(core.spaces)):
        core.destroy_space(space)
    with core.transaction():
        for region in reversed(regions):
            if region.container is not None:
                core.del_subregion(region.container, region)
            core.finalize(region)


class Board:
    """What every machine has: "memory" and "I/O", RAM, CPUs, PCI functions."""

    def __init__(self, core: MemoryCore, topology: Topology, wiring: Wiring) -> None:
        self.core = core
        self.topology = topology
        self.wiring = wiring
        self.buses: dict[str, Bus] = {}
        self.regions: list[MemoryRegion] = []
        self.system = self._new(make.container("system", FULL))
        core.create_space("memory", self.system)
        self.io = self._new(make.io("io", 0x10000))
        core.create_space("I/O", self.io)

    def _new(self, region: MemoryRegion) -> MemoryRegion:
        self.regions.append(region)
        return region

    def realize(self, device: Device) -> None:
        """Realize one PCI function: its bus-master space first, then what its row makes."""
        bus = self.buses[device.bus]
        owner = device.id
        master = self._new(make.container("bus master container", FULL, owner=owner))
        self.core.create_space(device.type, master, owner=owner)
        bus.functions.append(Function(device, master))
        for item in CATALOGUE[device.type].makes:
            if isinstance(item, Bar):
                self._make_bar(item, owner)
            elif isinstance(item, Fixed):
                part = self._new(make.io(item.part.name, item.part.size, owner=owner))
                window = bus.mem if item.window == "mem" else bus.io
                self.core.add_subregion(window, item.part.offset, part, priority=item.priority)
            elif isinstance(item, Windows):
                self._make_windows(device, bus)

    def _make_bar(self, bar: Bar, owner: str) -> None:
        makers = {"container": make.container, "io": make.io, "ram": make.ram}
        region = self._new(makers[bar.kind](bar.name, bar.size, owner=owner))
        if bar.logged:
            self.core.set_log(region, True)
        if bar.private_space:
            window = self._new(make.alias("virtio-pci-cfg", region, 0, bar.size, owner=owner))
            self.core.create_space(bar.private_space, window, kind="virtio-cfg", owner=owner)
        for part in bar.parts:
            if self._is_made(part):
                child = self._new(make.io(part.name, part.size, owner=owner))
                self.core.add_subregion(region, part.offset, child)

    def _is_made(self, part: Part) -> bool:
        return self.wiring.edid or part.name != "edid"

    def _make_windows(self, device: Device, parent: Bus) -> None:
        owner = device.id
        mem = self._new(make.container("pci_bridge_pci", FULL, owner=owner))
        io = self._new(make.container("pci_bridge_io", 1 << 32, owner=owner))
        for name, space, target in (
            ("pci_bridge_pref_mem", parent.mem, mem),
            ("pci_bridge_mem", parent.mem, mem),
            ("pci_bridge_io", parent.io, io),
        ):
            window = self._new(make.alias(name, target, 0, 0, owner=owner))
            self.core.add_subregion(space, 0, window, priority=1)
        self.buses[device.id] = Bus(device.id, mem, io, parent.dma)

    def machine_done(self) -> None:
        """Give every function its way to memory, disabled: newest bus first, functions by number."""
        for bus in reversed(self.buses.values()):
            for function in sorted(bus.functions, key=lambda function: function.device.devfn):
                owner = function.device.id
                window = self._new(make.alias("bus master", bus.dma, 0, bus.dma.size, owner=owner))
                self.core.set_enabled(window, False)
                self.core.add_subregion(function.master, 0, window)

    def destroy(self) -> None:
        """Take the whole machine down: every space, newest first, then every region."""
        if not self.wiring.releases:
            return
        dismantle(self.core, self.regions)
        self.regions.clear()
        self.buses.clear()


class Pseries(Board):
    """IBM POWER guests with POWER8 CPUs (no XIVE), FACTS §10.2."""

    def build(self) -> None:
        """Start the machine up to the moment before its firmware runs."""
        core, topology = self.core, self.topology
        memory = self._new(make.ram("ppc_spapr.ram", topology.memory))
        for i in range(topology.cpus):
            core.create_space(f"cpu-memory-{i}", self.system, kind="cpu", owner=f"cpu{i}")
        core.add_subregion(self.system, 0, memory)
        windows = self._host_bridge()
        for device in topology.devices:
            self.realize(device)
        self.machine_done()
        root, window = windows[0]
        core.set_size(window, 0x40000000)
        core.add_subregion(root, 0, window)

    def _host_bridge(self) -> list[tuple[MemoryRegion, MemoryRegion]]:
        """The host bridge, "pci.0"; gives its two DMA windows, each a root and a translating region."""
        core, name = self.core, "pci@800000020000000"
        mmio = self._new(make.container(f"{name}.mmio", FULL))
        low = self._new(make.alias(f"{name}.mmio32-alias", mmio, 0x80000000, 0x80000000))
        core.add_subregion(self.system, 0x200080000000, low)
        high = self._new(make.alias(f"{name}.mmio64-alias", mmio, 0x210000000000, 1 << 40))
        core.add_subregion(self.system, 0x210000000000, high)
        io = self._new(make.container(f"{name}.io", 0x10000))
        ports = self._new(make.alias(f"{name}.io-alias", io, 0, 0x10000))
        core.add_subregion(self.system, 0x200000000000, ports)
        dma = self._new(make.container(f"{name}.iommu-root", FULL))
        core.create_space(name, dma, owner=name)
        core.add_subregion(dma, 0x40000000000, self._new(make.io("msi", 0x1000)))
        windows = []
        for liobn in (0x80000000, 0x80000001):
            root = self._new(make.container(f"tce-root-{liobn:x}", FULL))
            windows.append((root, self._new(make.iommu(f"tce-iommu-{liobn:x}", 0))))
            core.add_subregion(dma, 0, root)
        self.buses["pci.0"] = Bus("pci.0", mmio, io, dma)
        return windows


BOARDS = {"pseries": Pseries}
"""Boards by QEMU's ``-M`` name."""
