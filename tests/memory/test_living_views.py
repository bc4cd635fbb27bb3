"""Views that are alive: built once, when somebody looks, and anew when what they show has changed."""

import sys

import pytest

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.listener import Counting
from footprint.memory.region import FULL
from footprint.memory.rules import HISTORY, rule_set


class Machine:
    """Two spaces on two containers, each with some RAM of its own."""

    def __init__(self, rules="v7.2.0"):
        self.core = MemoryCore([rule_set(rules)])
        self.ledger = self.core.ledgers[0]
        self.roots = [make.container(f"root {i}", FULL) for i in range(2)]
        self.spaces = [self.core.create_space(root.name, root) for root in self.roots]
        for root in self.roots:
            self.core.add_subregion(root, 0, make.ram("ram", 0x1000))

    def view(self, i):
        return self.ledger.view(self.spaces[i])

    def widths(self):
        return [[item.size for item in self.view(i).ranges] for i in range(2)]


def test_a_view_is_built_once_and_again_only_when_what_it_shows_has_changed():
    machine = Machine()
    first, second = machine.view(0), machine.view(1)
    assert (machine.view(0), machine.view(1)) == (first, second)
    machine.core.add_subregion(machine.roots[0], 0x1000, make.io("part", 0x10))
    assert machine.view(0) is not first
    assert machine.view(1) is second
    assert machine.widths() == [[0x1000, 0x10], [0x1000]]
    machine.core.add_subregion(machine.roots[0], 0x2000, make.io("part", 0x20))
    assert machine.widths() == [[0x1000, 0x10, 0x20], [0x1000]]


@pytest.mark.parametrize("rules", HISTORY)
def test_spaces_on_one_root_have_views_of_their_own_only_where_nothing_is_shared(rules):
    machine = Machine(rules)
    twin = machine.core.create_space("twin", machine.roots[0])
    shared = rule_set(rules).features.sharing != "none"
    assert (machine.ledger.view(twin) is machine.view(0)) is shared
    assert len(machine.ledger.views()) == (2 if shared else 3)


@pytest.mark.parametrize("rules", HISTORY)
def test_a_space_that_is_gone_has_no_view_and_the_others_keep_theirs(rules):
    machine = Machine(rules)
    kept = machine.view(1)
    machine.core.destroy_space(machine.spaces[0])
    assert machine.ledger.views() == [kept]
    with pytest.raises(KeyError):
        machine.view(0)


@pytest.mark.parametrize("rules", ["092aa2fc65@posted", "v7.2.0"])
def test_spaces_that_show_nothing_have_one_empty_view(rules):
    machine = Machine(rules)
    empty = [machine.core.create_space(f"empty {i}", make.container("nothing", FULL)) for i in range(2)]
    views = [machine.ledger.view(space) for space in empty]
    assert views[0] is views[1]
    assert (views[0].root, views[0].ranges) == (None, ())


def test_a_view_that_no_space_leads_to_any_more_is_let_go():
    machine = Machine()
    view = machine.view(0)
    holders = sys.getrefcount(view)
    machine.core.add_subregion(machine.roots[0], 0x1000, make.io("part", 0x10))
    assert sys.getrefcount(view) == holders - 1


class Commits(Counting):
    """Counts commits, too."""

    commits = 0

    def commit(self):
        self.commits += 1


def test_a_listener_hears_of_its_space_until_the_space_is_gone():
    machine, counting = Machine(), Commits()
    machine.ledger.listen(machine.spaces[0], counting)
    machine.core.add_subregion(machine.roots[0], 0x1000, make.io("part", 0x10))
    assert (counting.heard, counting.commits) == ({"add": 2, "del": 0, "nop": 1}, 2)
    machine.core.destroy_space(machine.spaces[0])
    machine.core.add_subregion(machine.roots[0], 0x2000, make.io("late", 0x10))
    assert (counting.heard, counting.commits) == ({"add": 2, "del": 0, "nop": 1}, 2)
