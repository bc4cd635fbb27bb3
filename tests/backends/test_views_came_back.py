"""A real 7.2 and a real 10.0 with three cards: compare says whose views came back, and which address spaces."""

import json
import re

import pytest

from footprint.machines.pseries import pseries
from tests.fixtures.real_qemu import program_of_version

BARE = ("-s", "vga=none", "-s", "ohci=0", "-s", "scsi=0")
CARDS = [word for slot in (1, 2, 3) for word in ("-device", f"virtio-net-pci,id=net{slot},bus=b,addr={slot}")]


@pytest.fixture
def programs(need):
    """The path of each version's program."""
    return {name: program_of_version(name, pseries(cpus=1, nics=3, bridges=1), need) for name in ("7.2", "10.0")}


def said(done):
    """The first five lines of an answer that found differences, and the address spaces that were gained."""
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()[:5]
    (spaces,) = (line for line in lines if line.startswith("address spaces: "))
    return lines, dict(re.findall(r"\+(\d+) `([^`]+)`", spaces)[n][::-1] for n in range(spaces.count("+")))


BACK = {"virtio-pci-cfg-mem-as": "3", "pci_bridge_pci_io": "1", "pci_bridge_pci_mem": "1"}


def test_of_recordings(footprint, programs):
    for name, program in programs.items():
        guest = ("-s", "cpus=1", "-s", "nics=3", "-s", "bridges=1", *BARE)
        done = footprint("run", "power8", *guest, "-b", "qemu", "--qemu", program, "-o", name, "--no-report")
        assert done.returncode == 0, done.stderr
    lines, spaces = said(footprint("compare", "7.2", "10.0"))
    assert "views: +3 views of virtio-net-pci's `virtio-pci`" in lines
    assert spaces == BACK
    document = json.loads(footprint("compare", "7.2", "10.0", "--json").stdout)
    assert not document["equal"]


def test_of_captures(footprint, programs):
    for name, program in programs.items():
        machine = ("-M", "pseries", "-display", "none", "-vga", "none", "-device", "pci-bridge,id=b,chassis_nr=1")
        done = footprint("capture", "-o", f"{name}.json.gz", "--", program, *machine, *CARDS)
        assert done.returncode == 0, done.stderr
    lines, spaces = said(footprint("compare", "7.2.json.gz", "10.0.json.gz"))
    assert "views: +3 views of virtio-net-pci's `virtio-pci`" in lines
    assert spaces == BACK
