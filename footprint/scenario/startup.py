"""What the scenarios of pc, q35 and virt share: parameters, the start-up as Steps, the answer, and notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from footprint.machines.generic import guest, parse_devices, parse_memory
from footprint.machines.machine_types import MACHINE_TYPES
from footprint.machines.topology import Topology
from footprint.recording.model import Number, Recording, Run
from footprint.scenario.scenario import Param
from footprint.scenario.steps import Boot, Build, Destroy, Mark, Settle, Step
from footprint.units import bytes_text, count_text, times_text

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


def cost(recording: Recording, guest: str) -> str:
    """What the `guest` costs under the newest rule set, and how many times as much under the oldest, in one sentence.

    Nothing where the views were not counted. What-ifs are left out, unless there is nothing else.
    """
    counted = [run for run in recording.runs if _figures(run)]
    runs = [run for run in counted if "," not in run.rules] or counted
    if not runs:
        return ""
    oldest, newest = runs[0], runs[-1]
    said = f"Under {newest.rules} {guest} {_said(_figures(newest))}"
    if oldest is newest:
        return f"{said}."
    before, now = _figures(oldest).get(PEAK_BYTES), _figures(newest).get(PEAK_BYTES)
    share = f", {_share(before, now)}" if before and now else ""
    return f"{said}; under {oldest.rules} it {_said(_figures(oldest), brief=True)}{share}."


CREATED, ALIVE, PEAK_BYTES = "flatviews.created", "flatviews.alive", "modelled.bytes.peak"


def _figures(run: Run) -> dict[str, Number]:
    sample = run.sample()
    return (
        {name: sample.metrics[name] for name in (CREATED, ALIVE, PEAK_BYTES) if name in sample.metrics}
        if sample
        else {}
    )


def _said(figures: Mapping[str, Number], *, brief: bool = False) -> str:
    """The figures, each behind its verb; `brief` where they have been told of another rule set."""
    forms = (
        (CREATED, "creates {}", "creates {} views while it starts"),
        (ALIVE, "has {}", "has {} in use" if CREATED in figures else "has {} views in use"),
        (PEAK_BYTES, "allocates {}", "allocates {} for them at the peak"),
    )
    words = []
    for name, short, whole in forms:
        if name in figures:
            text = bytes_text(figures[name]) if name == PEAK_BYTES else count_text(figures[name])
            words.append((short if brief else whole).format(text))
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _share(before: Number, now: Number) -> str:
    """What it allocated before, measured by what it allocates now."""
    if times_text(max(before, now), min(before, now)) == "1":
        return "about as much"
    return f"{times_text(before, now)} times as much" if before > now else f"{times_text(now, before)} times less"


def notes(machine: str, *, firmware: bool) -> tuple[str, ...]:
    """What is true of every such run."""
    boots = ((NO_FIRMWARE if machine == "virt" else FIRMWARE),) if firmware else ()
    return (PEAK, *boots)
