"""Rendering and merging: docs/qemu-memory.md, "Small examples"; and the order that decides who wins."""

import pytest

from footprint.errors import TopologyError
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL
from footprint.memory.render import MergeRule, render

MODERN = MergeRule(nonvolatile=True, unmergeable=True)


@pytest.fixture
def core():
    return MemoryCore([])


def shown(root, rule=MODERN):
    """(name, start, end, offset, read-only) of each merged range."""
    return [
        (piece.region.name, piece.start, piece.end, piece.offset, piece.readonly) for piece in rule.merge(render(root))
    ]


def test_among_equal_priorities_the_newest_is_on_top(core):
    root = make.container("root", FULL)
    core.add_subregion(root, 0, make.io("A", 0x1000))
    core.add_subregion(root, 0x800, make.io("B", 0x1000))
    assert shown(root) == [("A", 0, 0x800, 0, False), ("B", 0x800, 0x1800, 0, False)]


def test_higher_priority_is_on_top_whatever_came_last(core):
    root = make.container("root", FULL)
    core.add_subregion(root, 0, make.io("A", 0x1000), priority=1)
    core.add_subregion(root, 0x800, make.io("B", 0x1000))
    assert shown(root) == [("A", 0, 0x1000, 0, False), ("B", 0x1000, 0x1800, 0x800, False)]


def three_windows(core):
    """RAM of 16 KiB seen through X at 0 and Y at 0x1000, in sequence, and Z at 0x2000, elsewhere."""
    root, ram = make.container("root", FULL), make.ram("R", 0x4000)
    windows = [make.alias(name, ram, offset, 0x1000) for name, offset in (("X", 0), ("Y", 0x1000), ("Z", 0x3000))]
    for i, window in enumerate(windows):
        core.add_subregion(root, i * 0x1000, window)
    return root, windows


def test_aliases_of_one_region_merge_where_offset_and_address_continue(core):
    root, _ = three_windows(core)
    assert shown(root) == [("R", 0, 0x2000, 0, False), ("R", 0x2000, 0x3000, 0x3000, False)]


def test_a_read_only_alias_does_not_merge(core):
    root, (_, y, _) = three_windows(core)
    core.set_readonly(y, True)
    assert shown(root) == [
        ("R", 0, 0x1000, 0, False),
        ("R", 0x1000, 0x2000, 0x1000, True),
        ("R", 0x2000, 0x3000, 0x3000, False),
    ]


def test_unmergeable_keeps_ranges_apart_only_under_the_rules_that_know_it(core):
    root, (_, y, _) = three_windows(core)
    core.set_unmergeable(y, True)
    assert len(shown(root)) == 3
    assert len(shown(root, MergeRule(nonvolatile=True, unmergeable=False))) == 2


def test_nonvolatile_keeps_ranges_apart_only_under_the_rules_that_know_it(core):
    root, (_, y, _) = three_windows(core)
    core.set_nonvolatile(y, True)
    assert len(shown(root)) == 3
    assert len(shown(root, MergeRule(nonvolatile=False, unmergeable=False))) == 2


def test_an_alias_may_start_before_its_target_does(core):
    root, elsewhere = make.container("root", FULL), make.container("elsewhere", FULL)
    target = make.io("T", 0x10000)
    core.add_subregion(elsewhere, 0x20000, target)
    core.add_subregion(root, 0x100, make.alias("window", target, 0x8000, 0x1000))
    assert shown(root) == [("T", 0x100, 0x1100, 0x8000, False)]


def test_a_terminating_region_fills_the_gaps_between_its_children(core):
    io = make.io("io", 0x100)
    core.add_subregion(io, 0x40, make.io("port", 0x10))
    assert shown(io) == [("io", 0, 0x40, 0, False), ("port", 0x40, 0x50, 0, False), ("io", 0x50, 0x100, 0x50, False)]


def test_children_of_an_alias_are_not_drawn(core):
    ram = make.ram("R", 0x1000)
    window = make.alias("window", ram, 0, 0x1000)
    core.add_subregion(window, 0, make.io("child", 0x10))
    assert shown(window) == [("R", 0, 0x1000, 0, False)]


def test_a_root_is_drawn_at_its_own_address(core):
    outer, inner = make.container("outer", FULL), make.container("inner", 0x10000)
    core.add_subregion(inner, 0, make.io("A", 0x1000))
    core.add_subregion(outer, 0x4000, inner)
    assert shown(inner) == [("A", 0x4000, 0x5000, 0, False)]


def test_what_runs_over_the_end_of_the_space_is_cut(core):
    root = make.container("root", FULL)
    core.add_subregion(root, FULL - 0x1000, make.io("A", 0x2000))
    assert shown(root) == [("A", FULL - 0x1000, FULL, 0, False)]


def test_a_change_is_seen_through_every_alias_above_it(core):
    root, inside = make.container("root", FULL), make.container("inside", FULL)
    core.add_subregion(root, 0x1000, make.alias("window", inside, 0, 0x1000))
    assert shown(root) == []
    part = make.io("part", 0x100)
    core.add_subregion(inside, 0x10, part)
    assert shown(root) == [("part", 0x1010, 0x1110, 0, False)]
    core.set_size(part, 0x80)
    assert shown(root) == [("part", 0x1010, 0x1090, 0, False)]
    core.set_enabled(part, False)
    assert shown(root) == []


def test_a_region_may_show_itself_elsewhere_because_clipping_ends_that(core):
    root = make.container("root", FULL)
    core.add_subregion(root, 0x8000, make.ram("ram", 0x1000))
    core.add_subregion(root, 0, make.alias("mirror", root, 0x8000, 0x1000))
    assert shown(root) == [("ram", 0, 0x1000, 0, False), ("ram", 0x8000, 0x9000, 0, False)]


def test_a_region_that_shows_itself_without_an_end_is_refused(core):
    root = make.container("root", FULL)
    core.add_subregion(root, 0, make.alias("mirror", root, 0, FULL))
    with pytest.raises(TopologyError, match="shows itself"):
        render(root)


def test_adding_a_placed_region_again_names_both_places(core):
    first, second = make.container("first", 0x1000), make.container("second", 0x1000)
    part = make.io("part", 0x10)
    core.add_subregion(first, 0x20, part)
    with pytest.raises(TopologyError, match=r"'part' .* 'second' at 0x0: it already is at \[0x20, 0x30\) of 'first'"):
        core.add_subregion(second, 0, part)
