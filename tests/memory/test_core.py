"""Which call makes QEMU rebuild its views, and what that makes.

See docs/qemu-memory.md, "Table of views", "What makes an update pending".
"""

import pytest

from footprint.errors import TopologyError
from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL
from footprint.memory.rules import HISTORY, rule_set


class Machine:
    """A core under one rule set, with "memory" on a container that holds some RAM."""

    def __init__(self, rules="v7.2.0"):
        self.core = MemoryCore([rule_set(rules)])
        self.system = make.container("system", FULL)
        self.memory = self.core.create_space("memory", self.system)
        self.ram = make.ram("ram", 0x10000)
        self.core.add_subregion(self.system, 0, self.ram)

    def __getitem__(self, metric):
        return census(self.core.ledgers[0])[metric]

    def created_by(self, change):
        before = self["flatviews.created"]
        change()
        return self["flatviews.created"] - before


@pytest.fixture
def machine():
    return Machine()


def test_a_change_that_nobody_can_see_still_rebuilds_every_view(machine):
    bar = make.container("bar", 0x1000)
    assert machine.created_by(lambda: machine.core.add_subregion(bar, 0, make.io("part", 0x10))) == 1


def test_placing_what_is_disabled_rebuilds_nothing(machine):
    part = make.io("part", 0x10)
    machine.core.set_enabled(part, False)
    assert machine.created_by(lambda: machine.core.add_subregion(machine.system, 0x20000, part)) == 0
    assert machine.created_by(lambda: machine.core.set_enabled(part, True)) == 1
    assert machine["flat_ranges"] == 2


def test_setting_what_is_already_so_is_no_call_at_all(machine):
    for change in (
        lambda: machine.core.set_enabled(machine.ram, True),
        lambda: machine.core.set_size(machine.ram, 0x10000),
        lambda: machine.core.set_address(machine.ram, 0),
        lambda: machine.core.set_readonly(machine.ram, False),
    ):
        assert machine.created_by(change) == 0


@pytest.mark.parametrize("setter", ["set_readonly", "set_nonvolatile", "set_unmergeable"])
def test_a_flag_of_a_disabled_region_rebuilds_nothing(machine, setter):
    part = make.ram("part", 0x10)
    machine.core.set_enabled(part, False)
    assert machine.created_by(lambda: getattr(machine.core, setter)(part, True)) == 0
    assert machine.created_by(lambda: getattr(machine.core, setter)(machine.ram, True)) == 1


def test_only_the_first_and_the_last_that_follow_writes_rebuild(machine):
    calls = [machine.created_by(lambda log=log: machine.core.set_log(machine.ram, log)) for log in (1, 1, 0, 0)]
    assert calls == [1, 0, 0, 1]


def test_a_transaction_makes_one_rebuild_of_many_changes(machine):
    def change():
        with machine.core.transaction():
            for i in range(5):
                machine.core.add_subregion(machine.system, 0x20000 + i * 0x1000, make.io(f"part {i}", 0x1000))

    assert machine.created_by(change) == 1
    assert machine["flat_ranges"] == 6


def test_a_commit_without_a_begin_is_refused(machine):
    with pytest.raises(TopologyError, match="commit without a begin"):
        machine.core.commit()


def test_moving_a_region_is_one_rebuild_and_puts_it_on_top(machine):
    io = make.io("io", 0x1000)
    machine.core.add_subregion(machine.system, 0x20000, io)
    other = make.io("other", 0x1000)
    machine.core.add_subregion(machine.system, 0x30000, other)
    assert machine.created_by(lambda: machine.core.set_address(io, 0x30000)) == 1
    view = machine.core.ledgers[0].view(machine.memory)
    assert [item.region.name for item in view.ranges] == ["ram", "io"]


def test_spaces_that_lead_to_one_region_share_its_view(machine):
    outer = make.container("outer", FULL)
    window = make.alias("window", machine.system, 0, FULL)
    space = machine.core.create_space("dma", outer)
    assert machine["flatviews.empty"] == 1
    machine.core.add_subregion(outer, 0, window)
    ledger = machine.core.ledgers[0]
    assert ledger.view(space) is ledger.view(machine.memory)
    machine.core.add_subregion(outer, 0x100000, make.io("private", 0x10))
    assert ledger.view(space) is not ledger.view(machine.memory)


def test_views_released_wait_for_the_grace_period(machine):
    machine.core.set_size(machine.ram, 0x20000)
    machine.core.set_size(machine.ram, 0x30000)
    created = machine["flatviews.created"]
    assert (machine["flatviews.freed"], machine["flatviews.allocated"]) == (0, created)
    weight = machine["modelled.bytes"]
    machine.core.settle()
    assert (machine["flatviews.allocated"], machine["flatviews.peak"]) == (2, created)
    assert machine["modelled.bytes"] < weight == machine["modelled.bytes.peak"]


@pytest.mark.parametrize("rules", HISTORY)
def test_a_destroyed_machine_leaves_nothing_but_the_one_empty_view(rules):
    machine = Machine(rules)
    extra = machine.core.create_space("extra", make.container("nothing", FULL))
    machine.core.settle()
    machine.core.destroy_space(extra)
    machine.core.destroy_space(machine.memory)
    machine.core.del_subregion(machine.system, machine.ram)
    machine.core.settle()
    held = int(rule_set(rules).features.empty_view != "off")
    assert machine["flatviews.allocated"] == held
    assert machine["modelled.bytes"] == (56 + 64 + 16 * 64) * held
    gauges = ("address_spaces", "flatviews.alive", "dispatches.alive", "flat_ranges", "sections", "nodes")
    assert [machine[name] for name in gauges] == [0] * len(gauges)


def test_the_allocation_hint_never_shrinks():
    machine = Machine("v7.2.0")
    many = [make.io(f"part {i}", 0x1000) for i in range(8)]
    for i, part in enumerate(many):
        machine.core.add_subregion(machine.system, (i + 1) << 40, part)
    high = machine["nodes.allocated"]
    for part in many:
        machine.core.del_subregion(machine.system, part)
    assert machine["nodes"] == 6
    assert machine["nodes.allocated"] == high


@pytest.mark.parametrize("rules", HISTORY)
def test_a_living_view_is_what_the_books_say(rules):
    machine = Machine(rules)
    machine.core.add_subregion(machine.system, 0x20800, make.io("odd", 0x1234))
    other = make.container("other", FULL)
    machine.core.create_space("other", other)
    views = machine.core.ledgers[0].views()
    maps = [view.dispatch.map for view in views if view.dispatch.map is not None]
    assert machine["flatviews.alive"] == len(views)
    assert machine["flat_ranges"] == sum(len(view.ranges) for view in views)
    assert machine["sections"] == sum(len(view.dispatch.sections) for view in views)
    assert machine["nodes"] == sum(tree.used for tree in maps)
    assert machine["modelled.nodes"] == sum(tree.nbytes for tree in maps)
