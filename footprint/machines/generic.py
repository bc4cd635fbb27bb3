"""pc, q35 and virt: guests of any size, from words on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.errors import RequestError, UnknownNameError
from footprint.machines.catalogue import CATALOGUE, virtio_mem
from footprint.machines.machine_types import MACHINE_TYPES
from footprint.machines.parts import Slots
from footprint.machines.topology import SLOTS, SYSTEM_MEMORY, CpuMemory, Device, Topology
from footprint.units import natural

FIRST_SLOT = 3

LEAST_MEMORY, MOST_MEMORY = 1 << 20, 255 << 30


def parse_devices(text: str) -> tuple[str, ...]:
    """``2xe1000+1xnvme`` as a type for each device, in order; nothing for an empty text."""
    types: list[str] = []
    for word in text.split("+") if text else ():
        count, times, name = word.partition("x")
        if not times:
            raise RequestError(f"devices: {word!r} is not COUNTxTYPE, as in devices=8xvirtio-net-pci+1xnvme")
        try:
            number = natural(count, least=0)
        except ValueError as error:
            raise RequestError(f"devices: in {word!r} {error}, as in 8xvirtio-net-pci") from None
        if name not in CATALOGUE:
            raise UnknownNameError("device", name, CATALOGUE)
        if number > SLOTS * SLOTS:
            raise RequestError(f"devices: {word!r} finds no place: a machine has at most {SLOTS * SLOTS} slots")
        types += [name] * number
    return tuple(types)


def parse_memory(text: str) -> int:
    """Bytes of RAM: ``4G``, ``512M``, or as QEMU's ``-m`` a number of MiB; from 2**20 on it is bytes."""
    units = {"K": 10, "M": 20, "G": 30, "T": 40}
    shift = units.get(text[-1:].upper())
    valid = "memory is a number of MiB as in 512, or a size as in 512M or 6G, from 1M to 255G"
    try:
        number = natural(text if shift is None else text[:-1], least=1)
    except ValueError:
        raise RequestError(f"memory={text} is not valid; {valid}") from None
    if shift is None:
        shift = 0 if number >= LEAST_MEMORY else 20
    if not LEAST_MEMORY <= number << shift <= MOST_MEMORY:
        raise RequestError(f"memory={text} is not valid; {valid}")
    return number << shift


def guest(
    machine: str, *, cpus: int = 1, devices: Sequence[str] = (), bridges: int = 0, vga: bool = False,
    memory: int = 128 << 20, bridge: str = "pci-bridge", cpu_memory: CpuMemory = SYSTEM_MEMORY,
    slots: Slots | None = None,
) -> Topology:  # fmt: skip
    """A `machine` (pc, q35 or virt) with these types of `devices`, in their order.

    Without bridges they take a slot each of the root bus, from slot 3. With `bridges` (of type `bridge`)
    these do, and device i of n goes behind bridge ⌊i·N/n⌋, slots from 1; behind a PCI Express port from
    slot 0, of which it has one. Memory modules take no slot. With `slots` a virtio-mem device, vmem0, with that
    memory takes the last one. Raises RequestError for what finds no place.
    """
    row = MACHINE_TYPES[machine]
    if slots is not None and machine == "virt":
        raise RequestError("memory in slots finds no place: virt takes it only with UEFI firmware")
    if cpus > row.most_cpus:
        raise RequestError(f"{machine} starts with at most {row.most_cpus} CPUs, not {cpus}")
    _check_kinds(machine, devices)
    on_bus = [kind for kind in devices if not CATALOGUE[kind].size]
    placed = _placed(machine, on_bus, bridges, bridge)
    slotted = []
    if slots is not None:
        slotted = [Device("virtio-mem-pci", "vmem0", "pci.0", row.last_slot, own_row=virtio_mem(slots))]
    front = [Device(bridge, f"bridge{i}", "pci.0", FIRST_SLOT + i) for i in range(bridges)]
    cards, modules = iter(placed), 0
    line = []
    for kind in devices:
        if CATALOGUE[kind].size:
            line.append(Device(kind, f"dimm{modules}", "dimms", modules))
            modules += 1
        else:
            line.append(next(cards))
    line += slotted
    display = Device("VGA", "vga", "pci.0", row.vga_slot) if vga else None
    if display is not None and machine == "virt":
        # virt makes no display of its own: there it is the first device of the command line.
        return Topology(machine, cpus, memory, (display, *front, *line), cpu_memory=cpu_memory)
    return Topology(machine, cpus, memory, (*front, *line), display, cpu_memory)


def _check_kinds(machine: str, devices: Sequence[str]) -> None:
    for kind in sorted(set(devices)):
        row = CATALOGUE[kind]
        if row.size and machine == "virt":
            raise RequestError(f"{kind} finds no place: virt takes memory modules only with UEFI firmware")
        if row.most is not None and devices.count(kind) > row.most:
            raise RequestError(f"{machine} takes at most {row.most} {kind}, not {devices.count(kind)}")


def _placed(machine: str, kinds: Sequence[str], bridges: int, bridge: str) -> list[Device]:
    free = MACHINE_TYPES[machine].last_slot - FIRST_SLOT + 1
    taken, what = (bridges, "bridges") if bridges else (len(kinds), "devices")
    if taken > free:
        raise RequestError(
            f"{taken} {what} find no place on the root bus of {machine}, which has {free} free slots"
            + ("" if bridges else "; put them behind bridges")
        )
    if not bridges:
        return [Device(kind, f"device{i}", "pci.0", FIRST_SLOT + i) for i, kind in enumerate(kinds)]
    express = bridge == "pcie-root-port"
    first, last = (0, 0) if express else (1, SLOTS - 1)
    filled = [first] * bridges
    placed = []
    for i, kind in enumerate(kinds):
        number = i * bridges // len(kinds)
        if filled[number] > last:
            most = (last - first + 1) * bridges
            raise RequestError(f"{len(kinds)} devices find no place behind {bridges} bridges, at most {most}")
        placed.append(Device(kind, f"device{i}", f"bridge{number}", filled[number]))
        filled[number] += 1
    return placed
