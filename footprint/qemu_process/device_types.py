"""The device types that a QEMU knows, as its monitor lists them (``info qdm``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r'name "([^"]+)"(?:, bus ([^,\n]+))?(.*)')
CPU = "cpu"
"""Stands for a CPU of the machine's own type."""


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device type: its `name`, the kind of `bus` that it goes on (empty: none), under which heading it is listed."""

    name: str
    bus: str
    heading: str


def read_device_types(text: str) -> dict[str, ListedDevice]:
    """What users may make, by name; what only boards make is left out."""
    types, heading = {}, ""
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            if not match[3].endswith("no-user"):
                types[match[1]] = ListedDevice(match[1], match[2] or "", heading)
        elif line.endswith("devices:"):
            heading = line.removesuffix(" devices:")
    return types


def pluggable(types: dict[str, ListedDevice]) -> list[str]:
    """Those that may be plugged into a machine that runs, and one for all CPU types; whether they can, QEMU says."""
    names = [row.name for row in types.values() if _may_be_plugged(row)]
    has_cpus = any(row.heading == "CPU" for row in types.values())
    return [*sorted(names), *([CPU] if has_cpus else [])]


def _may_be_plugged(row: ListedDevice) -> bool:
    return row.heading != "CPU" and (row.bus in BUSES or row.name in WITHOUT_BUS)


WITHOUT_BUS = ("pc-dimm", "nvdimm", "spapr-pci-host-bridge", "spapr-nvdimm")
BUSES = {
    "PCI": "",
    "usb-bus": "qemu-xhci",
    "SCSI": "virtio-scsi-pci",
    "virtio-serial-bus": "virtio-serial-pci",
    "ccid-bus": "usb-ccid",
    "nvme-bus": "nvme",
}
"""Buses that take devices while the machine runs, with the device that brings one (PCI: the machine does)."""
