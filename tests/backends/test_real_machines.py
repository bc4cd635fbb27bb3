"""pc, q35 and virt at `built`, beside the QEMU 7.2 of the distribution: counts, and every view to the last node."""

import random

import pytest

from footprint.machines.catalogue import CATALOGUE
from footprint.machines.generic import guest
from tests.fixtures.real_qemu import counts, created, differences, modelled, program_of, running

MACHINES = ("pc", "q35", "virt")
KINDS = [name for name, row in CATALOGUE.items() if not row.size]


def check(need, topology):
    program = program_of(topology, need)
    ledger = modelled(topology)
    with running(program, topology) as real:
        theirs = created(real)
        tree, flat = real.ask("info mtree"), real.ask("info mtree -f -d")
    ours = counts(ledger)
    assert ours["flatviews.created"] == theirs
    assert ours["flatviews.alive"] == flat.count("FlatView #")
    assert ours["address_spaces"] == tree.count("address-space: ")
    assert not differences(flat, ledger)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_with_nothing_in_it_starts_as_the_real_one(need, machine):
    check(need, guest(machine))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("machine", MACHINES)
def test_each_device_alone_starts_as_the_real_one(need, machine, kind):
    check(need, guest(machine, devices=[kind]))


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_memory_modules_start_as_the_real_ones(need, machine):
    check(need, guest(machine, devices=["pc-dimm", "e1000", "pc-dimm"], memory=5 << 30))


@pytest.mark.parametrize("machine", MACHINES)
def test_standard_vga_and_more_than_4_gib_start_as_the_real_ones(need, machine):
    check(need, guest(machine, vga=True, memory=6 << 30, cpus=8))


@pytest.mark.parametrize("ports", [1, 3])
def test_devices_in_express_ports_start_as_the_real_ones(need, ports):
    devices = ["virtio-net-pci", "e1000e", "nvme"][:ports]
    check(need, guest("q35", devices=devices, bridges=ports, bridge="pcie-root-port"))


def mixture(machine, seed):
    """A guest thrown together; the same for the same seed."""
    chance = random.Random(f"{machine} {seed}")
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


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("machine", MACHINES)
def test_random_mixtures_start_as_the_real_ones(need, machine, seed):
    check(need, mixture(machine, seed))
