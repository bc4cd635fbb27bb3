"""A machine to plug devices into, stopped, and what a device needs for it: a free place, and backends.

Which machines let a device go without a guest: q35 and virt behind a root port with native hot-plug, pc behind a
bridge with a standard hot-plug controller, pseries everywhere (docs/qemu-memory.md, "Hot-plug of a stopped guest").
CPUs and memory modules of PCs wait for the guest's ACPI code to eject them; qtest writes to the same ports.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footprint.errors import MeasurementError, RequestError, UnknownNameError
from footprint.qemu_process.command_line import NATIVE_HOTPLUG
from footprint.qemu_process.device_types import BUSES, CPU, ListedDevice
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.qmp_pair import CYCLE, Command

PLUGGED = "plugged"
AUDIO = "footprint-audio"


@dataclass(frozen=True, slots=True)
class Bench:
    """A `machine` with a free place: `words` of the command line, and the ids of the places for PCI devices."""

    machine: str
    words: tuple[str, ...]
    place: str
    ports: Mapping[str, int]
    """The I/O ports of the ACPI controllers for memory and CPUs, of a PC."""

    def needs_qtest(self, device: ListedDevice) -> bool:
        """Whether something of the guest's software has to be done for it, to plug `device`."""
        acpi = bool(self.ports) and not device.bus and bool(device.name)
        return acpi or self.has_rtas

    @property
    def has_rtas(self) -> bool:
        """Whether the machine announces what is plugged by events that its kernel reads from firmware."""
        return "pseries" in self.machine


_PORT = ("-device", "pcie-root-port,id=rp0,slot=1,chassis=1")
_ROOM = ("-smp", "1,maxcpus=4", "-m", "128M,slots=4,maxmem=4G")
_ROOM_256 = (*_ROOM[:3], "256M,slots=4,maxmem=4G")
"""Memory of pseries comes in pieces of 256 MiB."""
_SHPC = (
    "-global", "PIIX4_PM.acpi-pci-hotplug-with-bridge-support=off",
    "-device", "pci-bridge,id=rp0,chassis_nr=1,shpc=on,addr=3",
)  # fmt: skip
BENCHES = {
    "q35": Bench("q35", (*_ROOM, *NATIVE_HOTPLUG, *_PORT), "rp0", {"memory": 0xA00, "cpus": 0xCD8}),
    "pc": Bench("pc", (*_ROOM, *_SHPC), "rp0", {"memory": 0xA00, "cpus": 0xAF00}),
    "virt": Bench("virt", ("-cpu", "max", *_PORT), "rp0", {}),
    "pseries": Bench("pseries", (*_ROOM_256, "-cpu", "power9"), "pci.0", {}),
}
"""By machine. Another one is started as it is, and a device finds its place by itself."""
MANY_CPUS = "1,maxcpus=240"
DEFAULT = {"x86_64": "q35", "i386": "q35", "aarch64": "virt", "arm": "virt", "ppc64": "pseries", "riscv64": "virt"}
_VIRTIO_KINDS = ("", "-transitional", "-non-transitional")
NEEDS: dict[str, dict[str, Any]] = {
    "nvme": {"serial": PLUGGED},
    "pci-bridge": {"chassis_nr": 7},
    "spapr-pci-host-bridge": {"index": 1},
    "pci-bridge-seat": {"chassis_nr": 7},
    "ccid-card-emulated": {"backend": "certificates"},
    "pci-ipmi-bt": {"bmc": "footprint-bmc"},
    "pci-ipmi-kcs": {"bmc": "footprint-bmc"},
    **{f"virtio-9p-pci{kind}": {"fsdev": "footprint-fs", "mount_tag": "fs"} for kind in _VIRTIO_KINDS},
}
"""Properties without which a device is refused, whatever it is used for."""
_AT_START = {
    "bmc": ("-device", "ipmi-bmc-sim,id=footprint-bmc"),
    "fsdev": ("-fsdev", "local,id=footprint-fs,path=/,security_model=none,readonly=on"),
}
"""By the property that names it: a backend that can be made only when QEMU starts."""
_BACKENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "drive": ("blockdev-add", {"driver": "null-co", "node-name": "footprint-drive", "size": 1 << 30}),
    "netdev": ("netdev_add", {"type": "hubport", "id": "footprint-netdev", "hubid": 0}),
    "chardev": ("chardev-add", {"id": "footprint-chardev", "backend": {"type": "null", "data": {}}}),
    "memdev": ("object-add", {"qom-type": "memory-backend-ram", "id": "footprint-memory", "size": 256 << 20}),
    "cryptodev": ("object-add", {"qom-type": "cryptodev-backend-builtin", "id": "footprint-crypto"}),
    "canbus": ("object-add", {"qom-type": "can-bus", "id": "footprint-can"}),
    "canbus0": ("object-add", {"qom-type": "can-bus", "id": "footprint-can0"}),
    "canbus1": ("object-add", {"qom-type": "can-bus", "id": "footprint-can1"}),
    "volatile-memdev": (
        "object-add",
        {"qom-type": "memory-backend-ram", "id": "footprint-volatile", "size": 256 << 20},
    ),
}
"""By the property that names it: what makes a backend. One is made before the first cycle, and stays."""
_TAKEN_ALONG = (("cxl-type3", "volatile-memdev"), ("usb-redir", "chardev"))
"""Backends that no other device can have after the first one: each cycle makes its own. cxl-type3 does not give its
memory back, usb-redir takes its character device along.
"""


def bench_of(program: str, machine: str | None) -> Bench:
    """The bench on `machine` (None: the usual one of this QEMU); raises RequestError where none is known."""
    target = re.search(r"qemu-system-(\w+)", Path(program).name)
    name = machine or (DEFAULT.get(target[1]) if target else None)
    if name is None:
        raise RequestError(f"no machine of {Path(program).name} is known to plug devices into; give one with --machine")
    kind = name.split(",")[0]
    # pc-q35-9.0 and the like are versions of these.
    known = next((BENCHES[key] for key in ("q35", "pseries", "virt", "pc") if re.search(rf"\b{key}\b", kind)), None)
    if known is None:
        return Bench(name, (), "", {})
    return Bench(name, known.words, known.place, known.ports)


def command_line(program: str, bench: Bench, device: ListedDevice | None, *, qtest: int | None = None) -> list[str]:
    """Starts `program` with the `bench`, and the bus that `device` goes on; `qtest` is the descriptor for it."""
    # A CPU that is plugged anew takes a new place in TCG's table each time, and QEMU aborts when that is full.
    room = [
        MANY_CPUS if word == _ROOM[1] and device is not None and device.name == CPU else word for word in bench.words
    ]
    words = [program, "-M", bench.machine, "-nodefaults", *room, "-audiodev", f"none,id={AUDIO}"]
    for name in NEEDS.get(device.name, {}) if device is not None else ():
        words += _AT_START.get(name, ())
    controller = BUSES.get(device.bus, "") if device is not None else ""
    if controller == "usb-ccid":
        words += ["-device", "qemu-xhci,id=usb0"]
    if controller:
        words += [
            "-device",
            ",".join([controller, "id=bus0", *(f"{k}={v}" for k, v in NEEDS.get(controller, {}).items())]),
        ]
    if qtest is not None:
        words += [
            "-chardev",
            f"socket,id=footprint-qtest,fd={qtest}",
            "-object",
            "qtest,id=qtest0,chardev=footprint-qtest,log=/dev/null",
        ]
    return words


@dataclass(frozen=True, slots=True)
class Plugging:
    """What is given to QEMU once `before` the first cycle, and what each cycle does and undoes."""

    before: tuple[Command, ...]
    do: tuple[Command, ...]
    undo: tuple[Command, ...]


def plugging(guest: Guest, bench: Bench, device: ListedDevice, given: Mapping[str, str]) -> Plugging:
    """How `device` is plugged into `guest` with the properties that were `given`; raises RequestError for a wrong one.

    Backends that it needs and that were not given are made.
    """
    if device.name == CPU:
        return _of(_cpu(guest))
    monitor = guest.monitor
    with guest.speaking(f"when asked what {device.name} takes"):
        known = {row["name"]: row for row in monitor.execute("device-list-properties", typename=device.name)}
    if wrong := [name for name in given if name not in known and name != "bus"]:
        raise UnknownNameError(f"property of {device.name}", wrong[0], sorted(known))
    before, each = [], []
    values: dict[str, Any] = {"driver": device.name, "id": PLUGGED}
    if device.bus == "PCI" and bench.place:
        values["bus"] = bench.place
        if bench.machine.startswith("pc") and "q35" not in bench.machine:
            values["addr"] = "1"
    for name, value in NEEDS.get(device.name, {}).items():
        values[name] = value
    for name, (command, arguments) in _BACKENDS.items():
        if name in known and name not in given and not _is_no_use(device.name, name, known):
            if (device.name, name) in _TAKEN_ALONG:
                arguments = {**arguments, "id": f"{arguments['id']}-{CYCLE}"}
                each.append(Command(command, arguments=arguments))
            else:
                before.append(Command(command, arguments=arguments))
            values[name] = arguments.get("node-name") or arguments["id"]
    if "audiodev" in known:
        values["audiodev"] = AUDIO
    return _of({**values, **given}, tuple(before), tuple(each))


def _is_no_use(device: str, name: str, known: Container[str]) -> bool:
    """Whether a usual backend is none for this property: a process has to be behind it, or there is a better one."""
    return (name == "chardev" and device.startswith("vhost-user")) or (name == "memdev" and "volatile-memdev" in known)


def _of(values: Mapping[str, Any], before: tuple[Command, ...] = (), each: tuple[Command, ...] = ()) -> Plugging:
    plug = Command("device_add", arguments=dict(values))
    return Plugging(before, (*each, plug), (Command("device_del", arguments={"id": str(values["id"])}),))


def _cpu(guest: Guest) -> dict[str, Any]:
    with guest.speaking("when asked for its free CPU places"):
        places = guest.monitor.execute("query-hotpluggable-cpus")
    free = [place for place in places if "qom-path" not in place]
    if not free:
        raise MeasurementError(f"{guest.process.name} has no free place for a CPU on this machine")
    # QEMU lists the last first; the next one is the one that every machine takes.
    return {"driver": free[-1]["type"], "id": PLUGGED, **free[-1]["props"]}


def properties(words: Sequence[str]) -> dict[str, str]:
    """``["addr=3", "vectors=2"]`` as a dict; raises RequestError for what is not prop=value."""
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise RequestError(f"{word!r} is not prop=value, as in qemu:nvme,serial=1")
        values[name] = value
    return values
