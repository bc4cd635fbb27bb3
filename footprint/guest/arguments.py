"""From a Topology to QEMU's command line: the same machine, device by device, in the same order."""

from __future__ import annotations

from footprint.errors import RequestError
from footprint.machines.topology import Device, Topology

QEMU = {
    "pseries": "qemu-system-ppc64",
    "pc": "qemu-system-x86_64",
    "q35": "qemu-system-x86_64",
    "virt": "qemu-system-aarch64",
}
"""The program that has a machine, when none is given."""
CPU = {"pseries": "POWER8"}
"""The CPU model that the board models, where it is not QEMU's default."""
_NEEDS_DRIVE = ("virtio-blk-pci", "nvme")


def program(topology: Topology) -> str:
    """The name of the QEMU that has this machine; raises RequestError."""
    if topology.machine not in QEMU:
        raise RequestError(f"no QEMU is known for machine {topology.machine}; give one with --qemu PATH")
    return QEMU[topology.machine]


def arguments(topology: Topology) -> list[str]:
    """The command line's words after the program's."""
    words = ["-M", topology.machine]
    if topology.machine in CPU:
        words += ["-cpu", CPU[topology.machine]]
    words += ["-smp", str(topology.cpus), "-m", f"{topology.memory >> 10}K", "-nodefaults"]
    for number, device in enumerate(topology.devices, 1):
        if device.type in _NEEDS_DRIVE:
            words += ["-blockdev", f"driver=null-co,node-name=drive-{device.id}"]
        words += ["-device", _device(device, number)]
    return words


def _device(device: Device, number: int) -> str:
    text = f"{device.type},id={device.id},bus={device.bus},addr={device.slot:#x}.{device.function}"
    if device.type == "pci-bridge":
        # Several bridges share a slot; each needs a number of its own.
        text += f",chassis_nr={number},multifunction=on"
    if device.type in _NEEDS_DRIVE:
        text += f",drive=drive-{device.id}"
    if device.type == "nvme":
        text += f",serial={device.id}"
    return text
