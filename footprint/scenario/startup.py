"""What the scenarios of pc, q35 and virt share: parameters, the start-up as Steps, and what must be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from footprint.machines.generic import guest, parse_devices, parse_memory
from footprint.machines.machine_types import MACHINE_TYPES
from footprint.machines.topology import Topology
from footprint.scenario.scenario import Param
from footprint.scenario.steps import Boot, Build, Destroy, Mark, Settle, Step

PEAK = (
    "Nothing is freed before machine init ends, so every view that the start-up throws away is allocated at the "
    "same time: the peak is everything ever created."
)
FIRMWARE = (
    "The firmware step has the effect of the SeaBIOS that comes with QEMU 7.2 and Debian's option ROMs: BIOS made "
    "writable, bridges probed, BARs placed, SMM prepared, option ROMs shown, BIOS made read-only, network boot tried. "
    "QEMU 10.0 and 11.1 end with the same views when they run that SeaBIOS; the one that comes with them makes as "
    "many, and shows another part of the option ROMs' area as ROM."
)
NO_FIRMWARE = "QEMU gives virt no firmware unless it is told to: `booted` is `built`."


def device_words(text: str) -> str:
    """`text`, if it is a list of devices such as ``8xvirtio-net-pci+1xnvme``; raises RequestError."""
    parse_devices(text)
    return text


def params(machine: str) -> tuple[Param, ...]:
    """The parameters of a `machine`'s scenario."""
    return (
        Param("cpus", 1, "CPUs", least=1, most=MACHINE_TYPES[machine].most_cpus),
        Param(
            "devices", "", "PCI cards and memory modules, by QEMU's -device names",
            reader=device_words, form="COUNTxTYPE+COUNTxTYPE…; footprint list devices",
        ),
        Param("bridges", 0, "pci-bridge on the root bus, the devices behind them evenly"),
        Param("vga", "none", "standard VGA or none", choices=("std", "none")),
        Param("memory", 128 << 20, "RAM in bytes", reader=parse_memory, form="512M, 6G, or MiB as QEMU's -m"),
        Param("firmware", 0, "1: let the firmware run as well", most=1),
    )  # fmt: skip


def topology(machine: str, p: Any) -> Topology:
    """The guest that the parameter values `p` describe."""
    return guest(
        machine, cpus=p.cpus, devices=parse_devices(p.devices), bridges=p.bridges, vga=p.vga == "std", memory=p.memory
    )


def start_up(machine: Topology, *, firmware: bool) -> Iterator[Step]:
    """Start the guest, let its firmware run if asked to, and take it down; a mark after each."""
    yield Build(machine)
    yield Settle()
    yield Mark("built")
    if firmware:
        yield Boot()
        yield Settle()
        yield Mark("booted")
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")


def notes(machine: str, *, firmware: bool) -> tuple[str, ...]:
    """What is true of every such run."""
    boots = ((NO_FIRMWARE if machine == "virt" else FIRMWARE),) if firmware else ()
    return (PEAK, *boots)
