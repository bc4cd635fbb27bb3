"""pc, q35, virt and pseries at `built`, beside real QEMUs of several releases: counts, and every view to the last node.

Each test runs on the QEMU 7.2 of the distribution, and on 10.0 and 11.1 where they are (tests/real-qemu).
"""

import dataclasses
import os
import random
import subprocess

import pytest

from footprint.machines.catalogue import CATALOGUE
from footprint.machines.generic import guest
from footprint.machines.pseries import pseries
from footprint.memory.rules import HISTORY
from tests.conftest import ROOT
from tests.fixtures.real_qemu import (
    VERSIONS,
    counts,
    created,
    differences,
    modelled,
    program_of_version,
    running,
    start_up_modelled,
    start_up_of,
)

MACHINES = ("pc", "q35", "virt")
KINDS = [name for name, row in CATALOGUE.items() if not row.size]

on_every_version = pytest.mark.parametrize("version", VERSIONS)


def check(need, topology, version):
    program, rules = program_of_version(version, topology, need), VERSIONS[version].rules
    ledger = modelled(topology, rules=rules)
    with running(program, topology) as real:
        theirs = created(real)
        tree, flat = real.ask("info mtree"), real.ask("info mtree -f -d")
    ours = counts(ledger)
    # A QEMU without a log for its trace events counts none; gdb counts for it.
    assert ours["flatviews.created"] == (theirs or len(start_up_of(program, topology)))
    assert ours["flatviews.alive"] == flat.count("FlatView #")
    assert ours["address_spaces"] == tree.count("address-space: ")
    assert not differences(flat, ledger)


@on_every_version
@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_with_nothing_in_it_starts_as_the_real_one(need, machine, version):
    check(need, guest(machine), version)


@on_every_version
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("machine", MACHINES)
def test_each_device_alone_starts_as_the_real_one(need, machine, kind, version):
    check(need, guest(machine, devices=[kind]), version)


@on_every_version
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_memory_modules_start_as_the_real_ones(need, machine, version):
    check(need, guest(machine, devices=["pc-dimm", "e1000", "pc-dimm"], memory=5 << 30), version)


@on_every_version
@pytest.mark.parametrize("machine", MACHINES)
def test_standard_vga_and_more_than_4_gib_start_as_the_real_ones(need, machine, version):
    check(need, guest(machine, vga=True, memory=6 << 30, cpus=8), version)


@on_every_version
@pytest.mark.parametrize("ports", [1, 3])
def test_devices_in_express_ports_start_as_the_real_ones(need, ports, version):
    devices = ["virtio-net-pci", "e1000e", "nvme"][:ports]
    check(need, guest("q35", devices=devices, bridges=ports, bridge="pcie-root-port"), version)


def mixture(machine, seed):
    """A guest thrown together; the same for the same seed."""
    chance = random.Random(f"{machine} {seed}")
    if machine == "pseries":
        bridges = chance.randint(0, 4)
        return pseries(
            cpus=chance.randint(1, 16),
            nics=chance.randint(0, 31 if bridges else 20),
            bridges=bridges,
            vga=chance.random() < 0.5,
            ohci=chance.randint(0, 2),
            scsi=chance.randint(0, 2),
        )
    kinds = KINDS if machine == "virt" else [*KINDS, "pc-dimm"]
    devices = [chance.choice(kinds) for _ in range(chance.randint(0, 12))]
    only = [kind for i, kind in enumerate(devices) if kind != "virtio-balloon-pci" or kind not in devices[:i]]
    return guest(
        machine,
        cpus=chance.randint(1, 8),
        devices=only,
        bridges=chance.randint(0, 4),
        vga=chance.random() < 0.3,
        memory=chance.choice([128 << 20, 1 << 30, 3 << 30, 3584 << 20, 5 << 30]),
    )


@on_every_version
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("machine", [*MACHINES, "pseries"])
def test_random_mixtures_start_as_the_real_ones(need, machine, seed, version):
    check(need, mixture(machine, seed), version)


@on_every_version
@pytest.mark.parametrize("bridges", [5, 0])
def test_several_host_bridges_start_as_the_real_ones(need, bridges, version):
    topology = pseries(cpus=3, nics=9, bridges=bridges, vga=True, ohci=1, scsi=1, host_bridges=3)
    check(need, topology, version)
    program = program_of_version(version, topology, need)
    assert start_up_modelled(topology, VERSIONS[version].rules) == start_up_of(program, topology)


@on_every_version
@pytest.mark.parametrize("machine", [*MACHINES, "pseries"])
def test_every_view_of_a_start_up_comes_in_its_turn_with_its_sections_and_nodes(need, machine, version):
    topology = mixture(machine, "in order")
    program = program_of_version(version, topology, need)
    theirs = start_up_of(program, topology)
    assert start_up_modelled(topology, VERSIONS[version].rules) == theirs


@on_every_version
def test_the_structures_are_as_large_as_the_binary_allocates_them(need, version, tmp_path):
    program, found = program_of_version(version, guest("pc"), need), tmp_path / "sizes"
    command = ["gdb", "-q", "-nx", "-batch", "-x", str(ROOT / "benchmarks" / "structure_sizes.py"), "--args", program]
    subprocess.run(
        [*command, "-M", "pc", "-S", "-nodefaults", "-display", "none"],
        env={**os.environ, "FOOTPRINT_SIZES": str(found)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    sizes = {name: int(size) for name, size in (line.split() for line in found.read_text().splitlines())}
    assert sizes == dataclasses.asdict(HISTORY[VERSIONS[version].rules].layout)
