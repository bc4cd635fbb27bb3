from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY
from footprint.reconstruct.overlaps import OutOfPatienceError, Patience, has_rivals, lay_out
from footprint.reconstruct.precedence import Precedence


def region(addr: int, size: int, priority: int = 0) -> MemoryRegion:
    sibling = make.io("x", size)
    sibling.addr, sibling.priority = addr, priority
    return sibling


def test_only_enabled_siblings_of_one_priority_at_different_addresses_are_rivals() -> None:
    assert has_rivals([region(0, 0x1000), region(0x800, 0x100)])
    assert has_rivals([region(0, 0x10000), region(0x100, 0x10), region(0x800, 0x100)])
    assert not has_rivals([region(0, 0x1000), region(0x800, 0x100, 1)])
    assert not has_rivals([region(0, 0x1000), region(0, 0x100)])
    assert not has_rivals([region(0, 0x1000), region(0x1000, 0x100)])
    hidden = region(0x800, 0x100)
    hidden.enabled = False
    assert not has_rivals([region(0, 0x1000), hidden])


SIZE = 24
CHILDREN = st.lists(
    st.tuples(
        st.integers(0, SIZE - 1), st.integers(0, 12), st.sampled_from((0, 0, 0, 1)), st.booleans(), st.integers(0, 6)
    ),
    max_size=8,
)


@settings(deadline=None)
@given(CHILDREN)
def test_the_candidates_for_the_top_are_those_that_a_look_at_every_byte_finds(
    children: list[tuple[int, int, int, bool, int]],
) -> None:
    core = MemoryCore([HISTORY["v7.2.0"]])
    container = make.container("container", SIZE)
    shown: dict[MemoryRegion, range] = {}
    for addr, size, priority, is_open, hole in children:
        child = (make.container if is_open else make.io)("child", size)
        shown[child] = range(addr, addr + size)
        if is_open:
            core.add_subregion(child, hole, make.io("inner", 3))
            shown[child] = range(addr + hole, min(addr + size, addr + hole + 3))
        core.add_subregion(container, addr, child, priority=priority)
    layout = lay_out(container.subregions, SIZE, Patience())
    for byte in range(SIZE):
        here = [child for child in container.subregions if byte in shown[child]]
        top = [child for child in here if child.priority == here[0].priority]
        first: dict[int, MemoryRegion] = {}
        for child in top:
            first.setdefault(child.addr, child)
        assert set(layout.at(byte)) == set(first.values())
        assert [part[2] for part in layout.within(byte, byte + 1)] == [layout.at(byte)] * bool(here)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40), st.integers(0, 40))
def test_an_order_keeps_to_every_pair_that_could_be_put(pairs: list[tuple[int, int]], kept: int) -> None:
    siblings = [region(i, 1) for i in range(10)]
    known = Precedence(Patience())
    put = [pair for pair in pairs if pair[0] != pair[1] and known.put(siblings[pair[0]], siblings[pair[1]])]
    order = known.sort(siblings)
    assert sorted(order, key=lambda sibling: sibling.addr) == siblings
    assert all(order.index(siblings[upper]) < order.index(siblings[lower]) for upper, lower in put)
    assert all(known.is_over(siblings[upper], siblings[lower]) for upper, lower in put)
    known.forget(kept)
    assert known.pairs == list(dict.fromkeys((siblings[upper], siblings[lower]) for upper, lower in put))[:kept]


def test_a_pair_is_refused_where_others_put_the_lower_one_on_top() -> None:
    low, middle, high = (region(i, 1) for i in range(3))
    known = Precedence(Patience())
    assert known.put(high, middle) and known.put(middle, low)
    assert not known.put(low, high)
    known.forget(1)
    assert known.put(low, high)


def test_siblings_of_which_nothing_is_known_stay_in_order() -> None:
    siblings = [region(i, 1) for i in range(6)]
    known = Precedence(Patience())
    known.put(siblings[4], siblings[1])
    assert [sibling.addr for sibling in known.sort(siblings)] == [0, 2, 3, 4, 1, 5]


def test_patience_ends() -> None:
    patience = Patience(2)
    patience.spend(2)
    with pytest.raises(OutOfPatienceError):
        patience.spend(1)
