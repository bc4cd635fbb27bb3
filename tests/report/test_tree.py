"""The tree that the report reads back from a recording is the tree that was built."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.memory.radix import NIL, Pages, PhysPageMap
from footprint.probes.view_snapshot import _runs
from footprint.recording.model import Stretch, View
from footprint.report.machine.spans import spans
from footprint.report.machine.tree import tree


class Noted(PhysPageMap):
    """A tree that remembers the level of each node as it is made."""

    def _new_node(self, level):
        self.made = [*getattr(self, "made", []), level]
        return super()._new_node(level)


def built(parts, bits=12, *, compact=True):
    """A tree with section 1, 2 … on the page ranges `parts`, and the view that a recording would hold."""
    radix = Noted(Pages(bits), 6 * 2 * len(parts) + 8)
    for section, (start, end) in enumerate(parts, 1):
        radix.set_pages(start, end - start, section)
    if compact:
        radix.compact()
    ranges = tuple(Stretch(hex(start << bits), hex(end << bits), "ram", "ram") for start, end in parts)
    nodes = tuple(_runs(radix, node) for node in range(radix.used))
    count = len(parts)
    return radix, View(
        "system", ("memory",), ranges, count, 0, 0, Pages(bits).levels, radix.skip, radix.ptr, nodes, radix.used, count
    )


edges = st.one_of(
    st.integers(0, 1 << 52),
    st.builds(lambda level, n: min(n << 9 * level, 1 << 52), st.integers(0, 5), st.integers(0, 1024)),
)


@settings(max_examples=150, deadline=None)
@given(st.sets(edges, min_size=2, max_size=14), st.booleans())
def test_of_any_ranges_every_level_and_every_leaf_is_found_again(cuts, compact):
    cuts = sorted(cuts)
    parts = list(zip(cuts[::2], cuts[1::2], strict=False))
    radix, view = built(parts, compact=compact)
    found = tree(view, spans(view))
    assert found.page_bits == 12
    assert found.level == dict(enumerate(radix.made))
    assert {span.start >> 12: leaf.section for leaf in found.leaves for span in leaf.shows} == {
        start: section for section, (start, _) in enumerate(parts, 1)
    }
    assert all(len(leaf.shows) == 1 for leaf in found.leaves)


@settings(max_examples=50, deadline=None)
@given(st.sets(edges, min_size=2, max_size=14))
def test_without_the_ranges_a_level_is_right_or_not_told(cuts):
    cuts = sorted(cuts)
    radix, view = built(list(zip(cuts[::2], cuts[1::2], strict=False)))
    found = tree(view, ())
    assert set(found.level) >= set(found.depth)
    assert all(radix.made[node] == level for node, level in found.level.items())


def test_a_node_reached_by_a_skip_stands_as_many_levels_lower_and_those_between_are_passed_over():
    radix, view = built([(0, 1 << 18), (0x200000000, 0x200000001)])
    found = tree(view, spans(view))
    assert (found.skip, found.ptr, found.depth) == (3, 2, {2: 1, 6: 2})
    assert found.level == dict(enumerate(radix.made)) == {0: 5, 1: 4, 2: 3, 3: 2, 4: 2, 5: 1, 6: 0}
    assert found.passed == (0, 1, 3, 4, 5)
    assert found.reads == (1, 2)


def test_a_root_that_became_a_leaf_reads_no_node_at_all():
    _, view = built([(0, 1 << 18)])
    found = tree(view, spans(view))
    assert (found.reads, found.depth, len(found.passed)) == ((0, 0), {}, 4)
    assert found.level == {0: 5, 1: 4, 2: 3, 3: 2}


@pytest.mark.parametrize("bits", [8, 10, 12, 13, 16])
def test_the_size_of_a_page_follows_from_the_ranges_and_the_leaves(bits):
    _, view = built([(3, 700), (5000, 5001), (1 << 30, (1 << 30) + 7)], bits)
    assert tree(view, spans(view)).page_bits == bits


def test_without_all_nodes_or_with_other_ranges_nobody_claims_to_know_the_page():
    _, view = built([(3, 700)])
    assert tree(view, spans(view)[:0]).page_bits is None
    wrong = View(
        "x", (), (Stretch("0x0", "0x100000000", "a", "ram"),), 1, levels=6, skip=6, ptr=0, nodes=(((0, 0, 0, 1),),)
    )
    assert tree(wrong, spans(wrong)).page_bits is None


number = st.integers(-2, 9) | st.sampled_from([511, 512, NIL, 1 << 40, -1 << 40])
runs = st.lists(st.tuples(number, number, number, number), max_size=5).map(tuple)


@settings(max_examples=200, deadline=None)
@given(st.lists(runs, max_size=7).map(tuple), number, number, number)
def test_nodes_that_make_no_sense_make_a_tree_without_them_or_none(nodes, levels, skip, ptr):
    view = View("x", (), (), 0, levels=levels, skip=skip, ptr=ptr, nodes=nodes, node_count=len(nodes))
    found = tree(view, ())
    assert found is None or all(0 <= level < levels for level in found.level.values())
