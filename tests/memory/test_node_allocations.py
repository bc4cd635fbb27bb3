"""Radix nodes that dispatches got: summed by shape or counted one by one, kept while the reserve grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.memory import region as make
from footprint.memory.node_allocations import NodeAllocations
from footprint.memory.policies import DoublingReserve, HintReserve, NodeReserve, choose
from footprint.memory.radix import NODE_BYTES, Pages
from footprint.memory.region import FULL
from footprint.memory.rules import rule_set
from footprint.memory.space import AddressSpace
from footprint.memory.table import ViewTable
from footprint.memory.tallies import ViewMeasurer

HOST_PAGE = 4096


class Spaces:
    """Spaces that stand in a table, each on a root with so many parts far from one another."""

    def __init__(self, rules="v7.2.0", reserve=None):
        chosen = rule_set(rules)
        policies = choose(chosen.features, chosen.own)
        self.reserve = reserve or policies.reserve
        self.table = ViewTable(policies, ViewMeasurer(Pages()))
        self.allocations = NodeAllocations(self.table, self.reserve, HOST_PAGE)
        self.entries = {}

    def add(self, parts, *, twins=1):
        """`twins` spaces on one root; the last of them."""
        root = make.container("root", FULL)
        for i in range(parts):
            region = make.io("part", 0x1000)
            region.addr, region.container = (i + 1) << 36, root
            root.subregions.append(region)
        entry = self.table.entry(self.table.key(root))
        for _ in range(twins):
            space = AddressSpace("space", root)
            self.entries[space] = entry
            self.table.join(space, entry)
        return space, entry

    def shapes(self):
        """Of every dispatch, in QEMU's order."""
        holders = {self.table.holder(space, entry): entry for space, entry in self.entries.items()}
        return [entry.figures.shape for entry in holders.values() if entry.share.dispatches]


def taken(reserve, shapes):
    """What the reserve gives, one dispatch after the other: the sum, and the bytes untouched."""
    each = [(reserve.take(shape), shape.nodes) for shape in shapes]
    untouched = sum(max(0, NODE_BYTES * (got - used) - HOST_PAGE) for got, used in each)
    return sum(got for got, _ in each), untouched


@pytest.mark.parametrize("reserve", [NodeReserve, DoublingReserve, HintReserve])
@pytest.mark.parametrize("rules", ["v2.10.0", "66a6df1dc6", "v7.2.0"])
@given(
    roots=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 3)), min_size=1, max_size=6), commits=st.integers(1, 3)
)
def test_every_commit_allocates_what_the_reserve_gives_one_dispatch_after_the_other(reserve, rules, roots, commits):
    spaces, plain = Spaces(rules, reserve()), reserve()
    for parts, twins in roots:
        spaces.add(parts, twins=twins)
    for _ in range(commits):
        assert tuple(spaces.allocations.regenerate(spaces.entries)) == taken(plain, spaces.shapes())
    holders = {spaces.table.holder(space, entry): entry for space, entry in spaces.entries.items()}
    living = [spaces.allocations.of(holder, entry) for holder, entry in holders.items() if entry.share.dispatches]
    assert spaces.allocations.total == sum(living)


@given(parts=st.lists(st.integers(1, 12), min_size=1, max_size=6))
def test_who_watches_sees_every_dispatch_in_the_order_of_the_spaces(parts):
    spaces, watched = Spaces(), []
    for count in parts:
        spaces.add(count)
    silent = spaces.allocations.regenerate(spaces.entries)
    settled = spaces.allocations.regenerate(spaces.entries)
    loud = spaces.allocations.regenerate(spaces.entries, lambda entry, nodes: watched.append((entry, nodes)))
    assert loud == settled
    assert [entry for entry, _ in watched] == list(spaces.entries.values())
    assert sum(nodes for _, nodes in watched) == loud.nodes >= silent.nodes


def test_a_growing_hint_leaves_what_was_allocated_before_as_it_was():
    spaces = Spaces()
    _, entry = spaces.add(1)
    for _ in range(2):
        spaces.allocations.regenerate(spaces.entries)
    before = spaces.allocations.of(entry, entry)
    others = list(spaces.entries.items())
    _, large = spaces.add(40)
    got = spaces.allocations.add(large, large, 1, others)
    assert got > before
    assert spaces.allocations.of(entry, entry) == before
    assert spaces.allocations.total == before + got
    assert spaces.allocations.regenerate(spaces.entries).nodes == 2 * got, "the next commit gives all of them the hint"


def test_what_is_released_is_what_was_allocated():
    spaces = Spaces("v2.10.0")
    space, entry = spaces.add(1)
    spaces.allocations.regenerate(spaces.entries)
    others = list(spaces.entries.items())
    large_space, large = spaces.add(40)
    spaces.allocations.add(large_space, large, 1, others)
    total = spaces.allocations.total
    assert total == spaces.allocations.remove(space, entry, 1) + spaces.allocations.remove(large_space, large, 1)
    assert spaces.allocations.total == 0


@pytest.mark.parametrize(("allocated", "untouched"), [(1, 0), (2, 0), (3, 0), (4, 2048), (17, 14 * 2048)])
def test_the_tail_of_an_array_is_untouched_but_for_one_host_page(allocated, untouched):
    spaces = Spaces()
    shape = spaces.table.entry(None).figures.shape._replace(nodes=1)
    assert spaces.allocations.untouched(shape, allocated) == untouched
