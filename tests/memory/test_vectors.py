"""Trees, renderings and roots worked out once (docs/qemu-memory.md, "Small examples")."""

from __future__ import annotations

from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.flatview import FlatView
from footprint.memory.radix import NIL, Pages
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY, RuleSet
from footprint.memory.space import AddressSpace
from footprint.reconstruct.mtree_printer import entry_text, node_runs

V7, V8 = HISTORY["v7.2.0"], HISTORY["v8.2.0"]
WHOLE = 1 << 64


def shown(*children: tuple[int, MemoryRegion], bits: int = 12, rules: RuleSet = V7) -> FlatView:
    """The view of a container with these children, added in this order."""
    core = MemoryCore([rules], pages=Pages(bits))
    system = make.container("system", WHOLE)
    for addr, child in children:
        core.add_subregion(system, addr, child, priority=child.priority)
    core.add_subregion(system, 0, make.container("so that the container stays the root", 0))
    view = core.ledgers[0].view(core.create_space("memory", system))
    assert view is not None
    return view


def tree(view: FlatView) -> tuple[str, dict[int, dict[str, str]]]:
    """The root entry, and of each node what leads somewhere: ``{"0..127": "#1"}``, skips above 1 with it."""
    assert view.dispatch is not None and view.dispatch.map is not None
    tree = view.dispatch.map
    nodes: dict[int, dict[str, str]] = {}
    for number in range(tree.used):
        nodes[number] = {}
        for first, last, skip, ptr in node_runs(tree.nodes[number].tolist()):
            if ptr != NIL and not (skip == 0 and ptr == 0):
                index = str(first) if first == last else f"{first}..{last}"
                nodes[number][index] = entry_text(skip, ptr) + (f" skip={skip}" if skip else "")
    return f"ptr=[{tree.ptr}] skip={tree.skip}", nodes


def ranges(view: FlatView) -> list[tuple[str | None, int, int, int, bool]]:
    return [(item.region.name, item.start, item.end, item.offset, item.readonly) for item in view.ranges]


def test_a_region_over_everything_needs_one_node() -> None:
    assert tree(shown((0, make.io("a", WHOLE)))) == ("ptr=[0] skip=1", {0: {"0..127": "#1"}})
    assert tree(shown((0, make.io("a", WHOLE)), bits=13)) == ("ptr=[0] skip=1", {0: {"0..63": "#1"}})


def test_the_first_view_allocates_18_nodes() -> None:
    core = MemoryCore([V7])
    core.create_space("memory", make.io("a", WHOLE))
    assert census(core.ledgers[0])["nodes.allocated"] == 18


def test_64_kib_skip_all_levels_to_the_last_node() -> None:
    root, nodes = tree(shown((0, make.ram("a", 0x10000))))
    assert root == "ptr=[5] skip=6"
    assert nodes == {
        **{k: {"0": f"[5] skip={5 - k}"} for k in range(5)},
        5: {"0..15": "#1"},
    }


def test_1_gib_and_an_apic_share_four_skipped_levels() -> None:
    root, nodes = tree(shown((0, make.ram("ram", 1 << 30)), (0xFEE00000, make.io("apic", 0x1000))))
    assert root == "ptr=[3] skip=4"
    assert nodes == {
        0: {"0": "[3] skip=3"}, 1: {"0": "[3] skip=2"}, 2: {"0": "[3] skip=1"},
        3: {"0": "#1", "3": "[5] skip=2"}, 4: {"503": "[5] skip=1"}, 5: {"0": "#2"},
    }  # fmt: skip


def test_a_leaf_as_large_as_a_level_collapses_into_the_root() -> None:
    root, nodes = tree(shown((0, make.ram("a", 512 << 10)), bits=10))
    assert root == "ptr=[1] skip=0"
    assert nodes == {k: {"0": "#1"} for k in range(5)}
    root, nodes = tree(shown((0, make.ram("a", 512 << 10))))
    assert (root, nodes[5]) == ("ptr=[5] skip=6", {"0..127": "#1"})


def test_pages_of_256_bytes_have_seven_levels() -> None:
    root, nodes = tree(shown((0, make.io("a", 256)), bits=8))
    assert (root, len(nodes), nodes[6]) == ("ptr=[6] skip=7", 7, {"0": "#1"})


def test_ranges_that_share_pages_get_subpages_with_their_own_tables() -> None:
    view = shown((0x800, make.io("a", 0x2C00)), (0x3400, make.io("b", 0x100)))
    assert view.dispatch is not None
    sections = [(s.region.name if s.region else None, s.start, s.start + s.size) for s in view.dispatch.sections[1:]]
    assert sections == [
        (None, 0, 0x1000), ("a", 0x800, 0x1000), ("a", 0x1000, 0x3000),
        (None, 0x3000, 0x4000), ("a", 0x3000, 0x3400), ("b", 0x3400, 0x3500),
    ]  # fmt: skip
    assert tree(view)[1][5] == {"0": "#1", "1..2": "#3", "3": "#4"}
    first, second = view.dispatch.sections[1].subpage, view.dispatch.sections[4].subpage
    assert first is not None and second is not None
    assert first.table.tolist() == [0] * 0x800 + [2] * 0x800
    assert second.table.tolist() == [5] * 0x400 + [6] * 0x100 + [0] * 0xB00
    assert view.dispatch.find(0x3410).region is view.ranges[1].region


def test_of_equal_siblings_the_newest_is_on_top() -> None:
    a, b = make.io("A", 0x1000), make.io("B", 0x1000)
    assert ranges(shown((0, a), (0x800, b))) == [("A", 0, 0x800, 0, False), ("B", 0x800, 0x1800, 0, False)]
    a, b = make.io("A", 0x1000), make.io("B", 0x1000)
    a.priority = 1
    assert ranges(shown((0, a), (0x800, b))) == [("A", 0, 0x1000, 0, False), ("B", 0x1000, 0x1800, 0x800, False)]


def windows(**flags: bool) -> list[tuple[int, MemoryRegion]]:
    ram = make.ram("R", 0x4000)
    middle = make.alias("Y", ram, 0x1000, 0x1000)
    for name, flag in flags.items():
        setattr(middle, name, flag)
    return [
        (0, make.alias("X", ram, 0, 0x1000)),
        (0x1000, middle),
        (0x2000, make.alias("Z", ram, 0x3000, 0x1000)),
    ]


def test_windows_that_continue_each_other_merge_unless_their_flags_forbid() -> None:
    assert ranges(shown(*windows())) == [("R", 0, 0x2000, 0, False), ("R", 0x2000, 0x3000, 0x3000, False)]
    assert len(ranges(shown(*windows(unmergeable=True), rules=V8))) == 3
    assert len(ranges(shown(*windows(unmergeable=True), rules=V7))) == 2
    assert ranges(shown(*windows(readonly=True))) == [
        ("R", 0, 0x1000, 0, False), ("R", 0x1000, 0x2000, 0x1000, True), ("R", 0x2000, 0x3000, 0x3000, False),
    ]  # fmt: skip


def test_an_alias_starts_its_placed_target_at_the_offset_whatever_the_targets_own_place() -> None:
    target = make.ram("target", 0x10000)
    core = MemoryCore([V7])
    core.add_subregion(make.container("elsewhere", WHOLE), 0x20000, target)
    assert ranges(shown((0x100, make.alias("w", target, 0x8000, 0x1000)))) == [("target", 0x100, 0x1100, 0x8000, False)]


def key(core: MemoryCore, space: AddressSpace) -> str | None:
    view = core.ledgers[0].view(space)
    assert view is not None
    return view.root.name if view.root else None


def test_a_root_leads_through_what_covers_all() -> None:
    core = MemoryCore([V7])
    target, outer = make.io("S", WHOLE), make.container("C", WHOLE)
    window = make.alias("W", target, 0, WHOLE)
    core.add_subregion(outer, 0, window)
    space = core.create_space("memory", outer)
    assert key(core, space) == "S"
    core.set_enabled(window, False)
    assert key(core, space) is None
    core.set_enabled(window, True)
    core.set_address(window, 0x1000)
    assert key(core, space) == "C"
    core.set_address(window, 0)
    core.set_size(window, 1 << 32)
    assert key(core, space) == "W"


def test_a_root_with_one_enabled_child_is_that_child_until_there_is_another() -> None:
    core = MemoryCore([V7])
    outer, hidden = make.container("C", WHOLE), make.io("D", 0x1000)
    core.add_subregion(outer, 0, hidden)
    core.set_enabled(hidden, False)
    core.add_subregion(outer, 0, make.io("E", 0x10000))
    space = core.create_space("memory", outer)
    assert key(core, space) == "E"
    core.add_subregion(outer, 0x100000, make.io("F", 0x1000))
    assert key(core, space) == "C"


def test_a_root_that_is_enabled_and_shows_nothing_keeps_its_own_view() -> None:
    core = MemoryCore([V7])
    outer = make.container("C", WHOLE)
    core.add_subregion(outer, 0, make.container("D", 0x1000))
    core.add_subregion(outer, 0, make.container("E", 0x1000))
    space = core.create_space("memory", outer)
    assert key(core, space) == "C"
    assert census(core.ledgers[0])["flatviews.empty"] == 1
