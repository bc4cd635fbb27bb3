"""A real guest whose Linux plugs memory in slots and gives it back: its ranges beside the model's.

A guest takes half a minute to start without KVM, so these run where FOOTPRINT_LINUX_GUESTS is set.
"""

import os

import pytest

from footprint.backends.model import ModelBackend
from footprint.backends.qemu import QemuBackend, QemuOptions
from footprint.errors import RequestError
from footprint.machines.generic import guest
from footprint.machines.parts import Slots
from footprint.memory.rules import rule_set
from footprint.qemu.flat import read_flat
from footprint.qemu.lines import Source
from footprint.qemu_process.linux_guest import initramfs
from footprint.scenario import Build, Destroy, ShowSlots
from footprint.scenario.find import find
from tests.fixtures.real_qemu import VERSIONS, program_of_version

GIB = 1 << 30
RAM = "vmem0-memory"
NEWER = [version for version in VERSIONS if version != "7.2"]
CHANGES = [(0,), (0, 1), (0,), ()]


def topology(*, dynamic=True):
    return guest("q35", memory=512 << 20, slots=Slots(2, GIB, dynamic=dynamic))


def printed(backend):
    """The ranges of the device's memory in "memory", as a real QEMU prints them."""
    text = read_flat(backend.guests[0].ask("info mtree -f"), Source("real"))
    view = next(view for view in text.views if "memory" in [space.name for space in view.spaces])
    return [(item.start, item.end + 1, item.offset) for item in view.ranges if item.name == RAM]


def modelled(ledger):
    view = ledger.view(next(iter(ledger.spaces)))
    return [(item.start, item.end, item.offset) for item in view.ranges if item.region.name == RAM]


@pytest.mark.skipif(
    "FOOTPRINT_LINUX_GUESTS" not in os.environ, reason="set FOOTPRINT_LINUX_GUESTS=1 to start real Linux guests"
)
@pytest.mark.parametrize("version", NEWER)
def test_a_real_guest_shows_the_ranges_of_the_model_slot_by_slot(version, need):
    plan = topology()
    program = program_of_version(version, plan, need)
    rules = VERSIONS[version].rules
    model = ModelBackend([rule_set(rules), rule_set(f"{rules},unmergeable=off")])
    model.obey(Build(plan))
    counts = []
    with QemuBackend(QemuOptions(program)) as real:
        real.obey(Build(plan))
        for slots in CHANGES:
            real.obey(ShowSlots("vmem0", slots))
            model.obey(ShowSlots("vmem0", slots))
            separate, merged = map(modelled, model.ledgers)
            assert printed(real) == separate
            counts.append((len(printed(real)), len(merged)))
        real.obey(Destroy())
    assert counts == [(1, 1), (2, 1), (1, 1), (0, 0)]


@pytest.mark.parametrize("version", NEWER)
def test_memory_that_is_not_dynamic_is_one_range_from_the_start(version, need):
    from footprint.qemu_process.command_line import arguments
    from footprint.qemu_process.guest import Guest

    plan = topology(dynamic=False)
    model = ModelBackend([rule_set(VERSIONS[version].rules)])
    model.obey(Build(plan))
    with Guest([program_of_version(version, plan, need), *arguments(plan)]) as real:
        text = read_flat(real.ask("info mtree -f"), Source("real"))
    view = next(view for view in text.views if "memory" in [space.name for space in view.spaces])
    shown = [(item.start, item.end + 1, item.offset) for item in view.ranges if item.name == RAM]
    assert shown == modelled(model.ledgers[0])


def test_an_order_that_linux_does_not_choose_is_refused():
    scenario = find("virtio_mem")
    steps = tuple(scenario.play(scenario.values({"order": "down"})))
    with pytest.raises(RequestError, match="choose which slots a guest plugs"):
        QemuBackend().prepare(scenario, steps)


def test_without_the_kernels_modules_it_is_told_how_to_get_them(tmp_path):
    kernel = tmp_path / "vmlinuz-none"
    with pytest.raises(Exception, match="apt install linux-image-cloud-amd64"):
        initramfs(kernel)
