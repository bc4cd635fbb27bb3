"""Hot-plug: what comes and goes leaves everything where it was, and costs what it costs the real QEMU."""

import pytest

from footprint.backends.backend import play
from footprint.backends.model import ModelBackend, passes
from footprint.errors import RequestError, UnknownNameError
from footprint.machines.generic import guest
from footprint.machines.parts import Bar, DeviceType, Part, Space
from footprint.machines.pseries import pseries
from footprint.machines.topology import Device
from footprint.memory.census import census
from footprint.memory.rules import HISTORY, rule_set
from footprint.qemu_process.hotplug import Socket
from footprint.recording.metrics import METRICS
from footprint.scenario import Boot, Build, Destroy, EnableBusMaster, Plug, Settle, Unplug
from tests.conftest import ROOT
from tests.fixtures.real_qemu import created, program_of, running

GAUGES = [name for name, row in METRICS.items() if row.gauge and row.probe == "census"]
NEVER_SHRINK = {"nodes.allocated", "modelled.bytes", "modelled.nodes"}
"""What follows QEMU's hint for how many radix nodes to allocate."""

PORT = guest("q35", bridges=1, bridge="pcie-root-port")
EVERY = {"virtio-net-pci": (21, 18), "e1000e": (9, 6), "nvme": (12, 9), "rtl8139": (3, 0), "nec-usb-xhci": (45, 6)}
"""Views that a real 7.2.22 creates for a plug and for an unplug behind a root port of q35."""


def played(scenario, **values):
    """The gauges at `built` and at each `unplugged`, by rule set."""
    from footprint.scenario.find import find

    found = find(scenario)
    text = {name: str(value) for name, value in values.items()}
    samples = {}
    for group in passes([*HISTORY.values()]):
        backend = ModelBackend(group)
        for reached in play(found, found.values(text), backend):
            if reached.mark.name in ("built", "unplugged"):
                for ledger in backend.ledgers:
                    samples.setdefault(ledger.rules.name, []).append(census(ledger))
    return samples


@pytest.mark.parametrize("device", ["virtio-net-pci", "e1000e", "rtl8139", "nec-usb-xhci"])
@pytest.mark.parametrize("machine", ["pc", "q35", "virt", "pseries"])
def test_after_each_unplug_everything_is_back_where_it_was_under_every_rule_set(machine, device):
    samples = played("hotplug", machine=machine, device=device, cycles=3)
    assert set(samples) == set(HISTORY)
    for name, (built, first, *later) in samples.items():
        for gauge in GAUGES:
            before = first if gauge in NEVER_SHRINK else built
            assert {each.get(gauge) for each in later} == {before.get(gauge)}, (name, gauge)


def created_by(*steps, rules="v7.2.0", machine=PORT):
    backend = ModelBackend([rule_set(rules)])
    backend.obey(Build(machine))
    counts = []
    for step in steps:
        before = census(backend.ledgers[0])["flatviews.created"]
        backend.obey(step)
        counts.append(census(backend.ledgers[0])["flatviews.created"] - before)
    return tuple(counts)


@pytest.mark.parametrize("kind", EVERY)
def test_a_plug_and_an_unplug_create_as_many_views_as_in_the_real_qemu(kind):
    plug = Plug(Device(kind, "x", "bridge0", 0))
    assert created_by(plug, Unplug("x"), plug, Unplug("x")) == EVERY[kind] * 2


def test_those_counts_are_what_the_real_qemu_still_does(need):
    with running(program_of(PORT, need), PORT, plugs=True) as real:
        seen, socket = [created(real)], Socket(real, "bridge0")
        socket.plug("virtio-net-pci", "x", addr="0x0")
        seen.append(created(real))
        socket.unplug("x")
        seen.append(created(real))
    assert (seen[1] - seen[0], seen[2] - seen[1]) == EVERY["virtio-net-pci"]


def test_a_bus_master_that_is_on_costs_a_commit_each_way():
    plug = Plug(Device("rtl8139", "x", "bridge0", 0))
    assert created_by(plug, EnableBusMaster("x"), EnableBusMaster("x"), Unplug("x")) == (3, 3, 0, 3)


def test_without_release_functions_each_cycle_leaves_its_spaces_behind_and_says_whose():
    backend = ModelBackend([rule_set("v7.2.0,release=off")])
    backend.obey(Build(PORT))
    spaces = []
    for _ in range(3):
        backend.obey(Plug(Device("virtio-net-pci", "x", "bridge0", 0)))
        backend.obey(Unplug("x"))
        backend.obey(Settle())
        spaces.append(census(backend.ledgers[0])["address_spaces"])
    assert spaces == [spaces[0] + i for i in range(3)]
    said = backend.findings[0]
    assert all(word in said for word in ("'x'", "virtio-net-pci", "bus master container", "msix-table", "release=off"))
    assert "1 address space (virtio-net-pci)" in said
    assert "virtio-pci-cfg" not in said


def test_the_recording_names_the_owner_of_a_leak(footprint, tmp_path):
    rules = "v7.2.0,release=off"
    done = footprint("run", "hotplug", "-s", "cycles=2", "-r", rules, "--json", "--no-report", PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert "Leak with release=off: every unplug of the device 'plugged' (virtio-net-pci)" in done.stdout


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_a_machine_that_booted_and_lost_a_device_is_destroyed_without_rest(machine):
    backend = ModelBackend([HISTORY["v2.10.0"], HISTORY["202fc01b05"]])
    devices = ["virtio-net-pci", "e1000", "nvme"]
    for step in (
        Build(guest(machine, cpus=2, devices=devices, bridges=2, vga=True)), Boot(), Unplug("device1"),
        Settle(), Destroy(), Settle(),
    ):  # fmt: skip
        backend.obey(step)
    for ledger in backend.ledgers:
        found = census(ledger)
        assert {gauge: found[gauge] for gauge in GAUGES if found.get(gauge)} == {}


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        (Plug(Device("VGA", "x", "bridge0", 0)), RequestError, "cannot be plugged in"),
        (Plug(Device("nvme", "x", "nowhere", 0)), UnknownNameError, "bridge0"),
        (Plug(Device("nvme", "x", "pci.0", 31)), RequestError, "'ich9-lpc' is there"),
        (Unplug("bridge0"), RequestError, "cannot be taken out"),
        (Unplug("nobody"), UnknownNameError, "nobody"),
        (EnableBusMaster("nobody"), UnknownNameError, "nobody"),
    ],
)
def test_what_cannot_be_plugged_is_refused(step, error, words):
    with pytest.raises(error, match=words):
        created_by(step)


def test_a_device_of_ones_own_is_described_in_a_few_lines():
    row = DeviceType(
        "gadget",
        (
            Bar("registers", 0x1000, parts=(Part("control", 0, 0x100), Part("msix-table", 0x800, 64))),
            Space("gadget-dma", "registers"),
        ),
        "a device that the catalogue does not have",
    )
    plug = Plug(Device("gadget", "x", "pci.0", 5, own_row=row))
    assert created_by(plug, Unplug("x"), machine=pseries(cpus=1)) == (10, 4)


def test_pseries_has_no_firmware_to_run_here():
    with pytest.raises(RequestError, match="not modelled"):
        created_by(Boot(), machine=pseries(cpus=1))
