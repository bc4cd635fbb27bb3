"""From a Topology to QEMU's command line: the same machine, device by device, in the same order."""

from __future__ import annotations

from pathlib import Path

from footprint.errors import MeasurementError, RequestError
from footprint.machines.machine_types import MACHINE_TYPES, UNMODELLED
from footprint.machines.parts import Slots
from footprint.machines.topology import Device, Topology

QEMU = {row.name: row.program for row in MACHINE_TYPES.values()} | UNMODELLED
"""The program that has a machine, when none is given."""
FIRMWARE = {
    "virt": (Path("/usr/share/AAVMF/AAVMF_CODE.fd"), "qemu-efi-aarch64"),
    "q35": (Path("/usr/share/OVMF/OVMF_CODE.fd"), "ovmf"),
}
"""Images of UEFI firmware as Debian has them, and the packages that bring them."""
DIMM = 128 << 20
"""Bytes of a memory module."""
NATIVE_HOTPLUG = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
"""Lets a device leave a q35 that is stopped (docs/qemu-memory.md, "Hot-plug of a stopped guest")."""
_NEEDS_DRIVE = ("virtio-blk-pci", "nvme")


def program(topology: Topology) -> str:
    """The name of the QEMU that has this machine; raises RequestError."""
    if topology.machine not in QEMU:
        raise RequestError(f"no QEMU is known for machine {topology.machine}; give one with --qemu PATH")
    return QEMU[topology.machine]


def arguments(topology: Topology, *, plugs: bool = False) -> list[str]:
    """The command line's words after the program's; `plugs`: devices will come and go."""
    words = ["-M", topology.machine + (",secure=on" if topology.cpu_memory.kind == "secure" else "")]
    if topology.machine in MACHINE_TYPES:
        if topology.cpu_memory.kind == "own":
            raise RequestError(f"no real {topology.machine} gives its CPUs memory of their own (mps2-an521 does)")
        if cpu := MACHINE_TYPES[topology.machine].cpu:
            words += ["-cpu", cpu]
    words += ["-smp", str(topology.cpus), "-m", _memory(topology), "-nodefaults"]
    if plugs and topology.machine == "q35":
        words += NATIVE_HOTPLUG
    if topology.vga:
        words += ["-vga", "std"]
    for name, index in topology.more_host_bridges.items():
        words += ["-device", f"spapr-pci-host-bridge,index={index},id={name}"]
    for number, device in enumerate(topology.devices, 1):
        for option, values in parts(topology.machine, device, number):
            words += [option, ",".join(f"{name}={value}" if name else value for name, value in values.items())]
    return words


def flash_image(machine: str) -> Path:
    """The firmware's image that guests of `machine` load; raises MeasurementError with what would install it."""
    if machine not in FIRMWARE:
        raise RequestError(f"no firmware image is known for {machine}; {', '.join(FIRMWARE)} have one")
    path, package = FIRMWARE[machine]
    if not path.is_file():
        raise MeasurementError(f"{path} is not installed; install it with: apt install {package}")
    return path


def flash_command(machine: str, *, with_image: bool, name: str = "") -> list[str]:
    """The command line of a small guest of `machine`, with its firmware's image in read-only flash or without flash."""
    words = [name or QEMU[machine], "-M", machine, "-m", "128M", "-nodefaults"]
    image = flash_image(machine)
    return words + (["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={image}"] if with_image else [])


def parts(machine: str, device: Device, number: int = 0) -> list[tuple[str, dict[str, str]]]:
    """What makes a device: options in order, each with its properties; the nameless one is the driver."""
    if not device.is_pci:
        # The region is named after the memory backend; objects and devices do not share their names.
        memory = {"": "memory-backend-ram", "id": device.id, "size": f"{DIMM >> 20}M"}
        return [("-object", memory), ("-device", {"": device.type, "id": device.id, "memdev": device.id})]
    slots = next((item for item in device.row.items if isinstance(item, Slots)), None)
    bus = MACHINE_TYPES[machine].root_bus if device.bus == "pci.0" else device.bus
    values = {"": device.type, "id": device.id, "bus": bus, "addr": f"{device.slot:#x}.{device.function}"}
    made: list[tuple[str, dict[str, str]]] = []
    if slots is not None:
        memory = {"": "memory-backend-ram", "id": f"{device.id}-memory", "size": str(slots.bytes), "reserve": "off"}
        made.append(("-object", memory))
        values |= {"memdev": f"{device.id}-memory", "requested-size": "0"}
        values["dynamic-memslots"] = "on" if slots.dynamic else "off"
    if device.type in _NEEDS_DRIVE:
        made.append(("-blockdev", {"driver": "null-co", "node-name": f"drive-{device.id}"}))
        values["drive"] = f"drive-{device.id}"
    if device.type == "nvme":
        values["serial"] = device.id
    elif device.type == "pci-bridge":
        # Several bridges share a slot; each needs a number of its own.
        values |= {"chassis_nr": str(number), "multifunction": "on"}
    elif device.type == "pcie-root-port":
        values |= {"chassis": str(number), "slot": str(number)}
    return [*made, ("-device", values)]


def _memory(topology: Topology) -> str:
    size = f"{topology.memory >> 10}K"
    modules, slotted = len(topology.dimms), sum(slots.bytes for slots in topology.slotted.values())
    if not modules and not slotted:
        return size
    places = f",slots={modules}" if modules else ""
    return f"{size}{places},maxmem={(topology.memory + modules * DIMM + slotted) >> 10}K"
