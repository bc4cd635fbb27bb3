"""The radix tree: docs/qemu-memory.md, "Small examples"; and counting against building."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.memory import region as make
from footprint.memory.flatview import build_dispatch
from footprint.memory.radix import NIL, NODE_BYTES, SKIP_BITS, Pages, measure
from footprint.memory.region import FULL
from footprint.memory.render import FlatRange


def dispatch(*ranges, bits=12, capacity=256, level_skipping=True):
    items = tuple(FlatRange(make.io("r", end - start), 0, start, end - start) for start, end in ranges)
    return build_dispatch(items, Pages(bits), dummies=1, capacity=capacity, level_skipping=level_skipping)


def runs(tree, node):
    """Runs of equal entries of a node: {(first, last): (skip, ptr)}."""
    found = {}
    row = [int(entry) for entry in tree.nodes[node]]
    first = 0
    for i in range(1, 513):
        if i == 512 or row[i] != row[first]:
            found[first, i - 1] = (row[first] & 63, row[first] >> SKIP_BITS)
            first = i
    return found


NOTHING = (1, NIL)


def test_a_whole_space_needs_one_node():
    tree = dispatch((0, FULL)).map
    assert (tree.used, tree.skip, tree.ptr) == (1, 1, 0)
    assert runs(tree, 0) == {(0, 127): (0, 1), (128, 511): NOTHING}
    assert runs(dispatch((0, FULL), bits=13).map, 0) == {(0, 63): (0, 1), (64, 511): NOTHING}
    assert measure([(0, FULL)], Pages()).wanted == 18


def test_a_small_region_is_six_levels_down_and_all_are_skipped():
    tree = dispatch((0, 0x10000)).map
    assert (tree.used, tree.skip, tree.ptr) == (6, 6, 5)
    for k in range(5):
        assert runs(tree, k)[0, 0] == (5 - k, 5)
    assert runs(tree, 5) == {(0, 15): (0, 1), (16, 511): (0, 0)}


def test_without_level_skipping_every_level_is_read():
    tree = dispatch((0, 0x10000), level_skipping=False).map
    assert (tree.skip, tree.ptr) == (1, 0)
    assert tree.find(3) == (1, 6)
    assert dispatch((0, 0x10000)).map.find(3) == (1, 1)


def test_two_branches():
    tree = dispatch((0, 1 << 30), (0xFEE00000, 0xFEE01000)).map
    assert (tree.used, tree.skip, tree.ptr) == (6, 4, 3)
    assert [runs(tree, k)[0, 0] for k in range(3)] == [(3, 3), (2, 3), (1, 3)]
    assert runs(tree, 3)[0, 0] == (0, 1)
    assert runs(tree, 3)[3, 3] == (2, 5)
    assert runs(tree, 4)[503, 503] == (1, 5)
    assert runs(tree, 5) == {(0, 0): (0, 2), (1, 511): (0, 0)}


def test_a_single_leaf_collapses_up_to_the_root():
    tree = dispatch((0, 512 << 10), bits=10).map
    assert (tree.used, tree.skip, tree.ptr) == (5, 0, 1)
    assert all(runs(tree, k) == {(0, 0): (0, 1), (1, 511): NOTHING} for k in range(5))


def test_seven_levels_for_pages_of_256_bytes():
    tree = dispatch((0, 256), bits=8).map
    assert (tree.used, tree.skip, tree.ptr) == (7, 7, 6)
    assert runs(tree, 6) == {(0, 0): (0, 1), (1, 511): (0, 0)}


def test_pieces_of_a_page_share_a_subpage_that_comes_before_them():
    found = dispatch((0x800, 0x3400), (0x3400, 0x3500))
    sections = [(one.region.name if one.region else None, one.start, one.size) for one in found.sections]
    assert sections[1:] == [
        (None, 0, 0x1000),
        ("r", 0x800, 0x800),
        ("r", 0x1000, 0x2000),
        (None, 0x3000, 0x1000),
        ("r", 0x3000, 0x400),
        ("r", 0x3400, 0x100),
    ]
    assert found.map.used == 6
    assert runs(found.map, 5) == {(0, 0): (0, 1), (1, 2): (0, 3), (3, 3): (0, 4), (4, 511): (0, 0)}
    first, second = found.sections[1].subpage.table, found.sections[4].subpage.table
    assert list(first) == [0] * 0x800 + [2] * 0x800
    assert list(second) == [5] * 0x400 + [6] * 0x100 + [0] * 0xB00


@pytest.mark.parametrize(("bits", "levels"), [(8, 7), (9, 7), (10, 6), (12, 6), (13, 6), (18, 6)])
def test_levels_follow_from_the_page_size(bits, levels):
    assert Pages(bits).levels == levels


edges = st.one_of(
    st.integers(0, FULL),
    st.integers(0, 1 << 20),
    st.builds(
        lambda page, count: min(page * count, FULL), st.sampled_from([1 << 12, 1 << 21, 1 << 30]), st.integers(0, 99)
    ),
)


@given(st.lists(edges, min_size=2, max_size=12, unique=True), st.sampled_from([8, 10, 12, 13]))
def test_counting_a_tree_agrees_with_building_it(points, bits):
    points = sorted(points)
    ranges = list(zip(points[::2], points[1::2], strict=False))
    shape = measure(ranges, Pages(bits))
    found = dispatch(*ranges, bits=bits, capacity=shape.wanted)
    subpages = sum(section.subpage is not None for section in found.sections)
    assert (shape.sections, shape.subpages, shape.nodes) == (len(found.sections) - 1, subpages, found.map.used)
    assert found.map.nbytes == shape.wanted * NODE_BYTES


@given(st.lists(edges, min_size=2, max_size=8, unique=True), st.lists(st.integers(0, FULL - 1), max_size=20))
def test_lookups_find_the_range_that_covers_an_address_whether_levels_are_skipped_or_not(points, addresses):
    points = sorted(points)
    ranges = list(zip(points[::2], points[1::2], strict=False))
    skipping, plain = dispatch(*ranges), dispatch(*ranges, level_skipping=False)
    near = [point + step for point in points for step in (-1, 0, 1) if 0 <= point + step < FULL]
    for address in addresses + near:
        covered = any(start <= address < end for start, end in ranges)
        for found in (skipping.find(address), plain.find(address)):
            assert (found.region is not None) == covered
            assert not covered or found.covers(address)
