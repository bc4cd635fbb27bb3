"""Which address spaces come to be under which rules, and when they are gone."""

import itertools

import pytest

from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.policies import choose
from footprint.memory.region import FULL
from footprint.memory.rules import HISTORY, rule_set
from footprint.memory.space import AddressSpace
from footprint.memory.space_roster import SpaceRoster


def roster(rules):
    chosen = rule_set(rules)
    return SpaceRoster(choose(chosen.features, chosen.own))


def cpus(count, root=None):
    root = root or make.container("system", FULL)
    return [AddressSpace(f"cpu-memory-{i}", root, "cpu") for i in range(count)]


@pytest.mark.parametrize(
    ("rules", "admitted"),
    [("v2.0.0", [False] * 3), ("v2.6.0", [True, False, False]), ("967dc9b119", [True] * 3)],
)
def test_cpus_have_no_space_then_one_for_all_then_one_each(rules, admitted):
    books = roster(rules)
    assert [books.admits(space) for space in cpus(3)] == admitted


def test_cpus_with_different_roots_never_share_a_space():
    books = roster("v2.6.0")
    assert [books.admits(space) for space in cpus(2) + cpus(2)] == [True, False, True, False]


@pytest.mark.parametrize("rules", HISTORY)
def test_a_space_of_neither_sort_exists_under_all_rules(rules):
    books = roster(rules)
    space = AddressSpace("e1000", make.container("bus master", FULL))
    assert books.admits(space)
    assert books.leaver(space) is space


@pytest.mark.parametrize(("rules", "exists"), [("v2.10.0", True), ("v2.11.0", False)])
def test_the_configuration_space_of_a_virtio_function_exists_before_v2_11(rules, exists):
    space = AddressSpace("virtio-pci-cfg-as", make.container("cfg", FULL), "virtio-cfg")
    assert roster(rules).admits(space) is exists


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_shared_space_is_gone_with_the_last_cpu_in_whatever_order_they_go(order):
    books, spaces = roster("v2.6.0"), cpus(3)
    for space in spaces:
        books.admits(space)
    assert [books.leaver(spaces[i]) for i in order] == [None, None, spaces[0]]
    assert books.admits(spaces[1]), "the next CPU begins anew"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_no_view_stays_when_all_cpus_are_gone(order):
    core = MemoryCore([rule_set("v2.6.0")])
    system = make.container("system", FULL)
    core.add_subregion(system, 0, make.ram("ram", 0x1000))
    spaces = [core.create_space(f"cpu-memory-{i}", system, kind="cpu") for i in range(3)]
    counts = []
    for i in order:
        counts.append(census(core.ledgers[0])["address_spaces"])
        core.destroy_space(spaces[i])
    core.settle()
    assert counts == [1, 1, 1]
    assert [census(core.ledgers[0])[name] for name in ("address_spaces", "flatviews.allocated")] == [0, 0]
