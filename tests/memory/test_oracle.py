from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.flatview import FlatView
from footprint.memory.radix import Pages
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY, RuleSet, rule_set
from footprint.memory.space import AddressSpace
from tests.fixtures.strategies import Operation, operations
from tests.memory.oracle import Books, Oracle, Region, Space, View, dispatch

EXAMPLES = int(os.environ.get("FOOTPRINT_EXAMPLES", "150"))
FLIPPED = (
    "v7.2.0,level_skipping=off",
    "v7.2.0,sharing=none",
    "v7.2.0,sharing=root",
    "v7.2.0,empty_view=off",
    "v7.2.0,empty_view=posted",
    "v7.2.0,node_reserve=doubling",
    "v7.2.0,dispatch=per-space",
    "v7.2.0,view_at_init=empty+commit",
    "v8.2.0,dummy_sections=4",
    "v2.10.0,sharing=child",
    "v2.10.0,sharing=root",
    "v2.10.0,view_at_init=direct",
    "v2.10.0,empty_view=on",
    "v2.10.0,nonvolatile=on,unmergeable=on",
)
RULES = [*HISTORY.values(), *map(rule_set, FLIPPED)]


class Both:
    """Plays operations on a core and on the oracle."""

    def __init__(self, rules: list[RuleSet], page_bits: int = 12) -> None:
        self.core = MemoryCore(rules, pages=Pages(page_bits))
        self.oracle = Oracle(rules, page_bits)
        self.regions: list[tuple[MemoryRegion, Region]] = []
        self.spaces: list[tuple[AddressSpace, Space]] = []
        self.used: set[MemoryRegion] = set()
        self.region("container", 1 << 64)
        self.region("ram", 0x10000)
        self.play(("space", 0, ""))

    def region(self, kind: str, size: int, target: tuple[MemoryRegion, Region] | None = None, offset: int = 0) -> None:
        name = f"{kind}{len(self.regions)}"
        if target is not None:
            ours = make.alias(name, target[0], offset, size)
            theirs = Region(name, size, alias=target[1], alias_offset=offset)
        else:
            ours = {"container": make.container, "io": make.io, "ram": make.ram, "rom": make.rom}[kind](name, size)
            theirs = Region(name, size, terminates=kind != "container", ram=kind == "ram", readonly=kind == "rom")
        self.regions.append((ours, theirs))

    def play(self, operation: Operation) -> None:
        match operation:
            case ("create", kind, size, target, offset):
                alias = self.regions[target % len(self.regions)] if kind == "alias" else None
                self.region(kind, size, alias, offset)
            case ("add", container, addr, child, priority):
                parent, one = self.regions[container % len(self.regions)], self.regions[child % len(self.regions)]
                if one[1].container is None and not reaches(one[1], parent[1]):
                    self.core.add_subregion(parent[0], addr, one[0], priority=priority)
                    self.oracle.add(parent[1], addr, one[1], priority)
            case ("del", child):
                ours, theirs = self.regions[child % len(self.regions)]
                if ours.container is not None and theirs.container is not None:
                    self.core.del_subregion(ours.container, ours)
                    self.oracle.delete(theirs.container, theirs)
            case ("move", child, addr):
                ours, theirs = self.regions[child % len(self.regions)]
                self.core.set_address(ours, addr)
                self.oracle.set_address(theirs, addr)
            case ("set", region, name, flag, size, addr):
                self.set(self.regions[region % len(self.regions)], name, flag, size, addr)
            case ("log", region, flag):
                ours, theirs = self.regions[region % len(self.regions)]
                self.core.set_log(ours, flag)
                self.oracle.set_log(theirs, flag)
            case ("space", root, kind):
                ours, theirs = self.regions[root % len(self.regions)]
                name = f"space{len(self.spaces)}"
                self.used.add(ours)
                self.spaces.append(
                    (self.core.create_space(name, ours, kind=kind), self.oracle.create_space(name, theirs, kind))
                )
            case ("destroy", number) if len(self.spaces) > 1:
                space, twin = self.spaces.pop(number % len(self.spaces))
                self.core.destroy_space(space)
                self.oracle.destroy_space(twin)
            case ("finalize", number):
                self.finalize(number % len(self.regions))
            case ("begin",) if self.core.depth < 3:
                self.core.begin()
                self.oracle.begin()
            case ("commit",) if self.core.depth:
                self.core.commit()
                self.oracle.commit()
            case ("settle",):
                self.core.settle()
                self.oracle.settle()

    def set(self, pair: tuple[MemoryRegion, Region], name: str, flag: bool, size: int, addr: int) -> None:
        ours, theirs = pair
        match name:
            case "size":
                self.core.set_size(ours, size)
                self.oracle.set_attribute(theirs, name, size, always=True)
            case "enabled":
                self.core.set_enabled(ours, flag)
                self.oracle.set_attribute(theirs, name, flag, always=True)
            case "alias_offset":
                if ours.alias is not None:
                    self.core.set_alias_offset(ours, addr)
                    self.oracle.set_attribute(theirs, name, addr)
            case "romd_mode":
                self.core.set_romd(ours, flag)
                self.oracle.set_attribute(theirs, name, flag)
            case _:
                getattr(self.core, f"set_{name}")(ours, flag)
                self.oracle.set_attribute(theirs, name, flag)

    def finalize(self, number: int) -> None:
        """A region goes only when nobody refers to it: it is no root, no target and in no container."""
        ours, theirs = self.regions[number]
        targets = {one.alias for one, _ in self.regions}
        if number < 2 or ours in self.used or ours in targets or ours.container is not None:
            return
        self.core.finalize(ours)
        for child in theirs.children:
            child.container = None
        theirs.children, theirs.alias, theirs.enabled = [], None, False
        del self.regions[number]

    def finish(self) -> None:
        """Close what is open, and let every view be made anew."""
        while self.core.depth:
            self.play(("commit",))
        enabled = self.regions[1][0].enabled
        self.play(("set", 1, "enabled", not enabled, 0, 0))

    def differences(self) -> list[str]:
        found = []
        for ledger, books in zip(self.core.ledgers, self.oracle.books, strict=True):
            ours, theirs = census(ledger), books.metrics()
            found += [
                f"{ledger.rules.name}: {name}: {ours[name]}, not {theirs[name]}"
                for name in theirs
                if ours[name] != theirs[name]
            ]
        return found


def reaches(start: Region, wanted: Region) -> bool:
    """Whether placing `start` in `wanted` would make a circle."""
    above, seen = [start], set()
    while above:
        one = above.pop()
        if one is wanted:
            return True
        if one not in seen:
            seen.add(one)
            above += [*one.children, *([one.alias] if one.alias else [])]
    return False


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations(), st.sampled_from((12, 10, 13, 8)))
def test_every_count_and_byte_is_that_of_drawing_everything_anew_under_every_rule_set(
    calls: list[Operation], page_bits: int
) -> None:
    both = Both(RULES, page_bits)
    for call in calls:
        both.play(call)
        if not both.core.depth:
            assert both.differences() == [], call
    both.finish()
    assert both.differences() == []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations(), st.sampled_from((12, 10, 13, 8)))
def test_every_living_view_has_the_oracles_ranges_sections_and_nodes(calls: list[Operation], page_bits: int) -> None:
    both = Both([HISTORY["v7.2.0"], HISTORY["v8.2.0"], HISTORY["v2.10.0"]], page_bits)
    for call in calls:
        both.play(call)
    both.finish()
    twin = {id(ours): theirs for ours, theirs in both.regions}
    for ledger, books in zip(both.core.ledgers, both.oracle.books, strict=True):
        for space, other in both.spaces:
            if other in books.spaces and books.spaces[other] is not None:
                check_view(ledger.view(space), books.spaces[other], books, twin)


HELD = ["v2.10.0", "67ace39b25", "092aa2fc65@posted", "202fc01b05", "v7.2.0", "v11.1.0"]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations())
def test_what_is_done_while_a_core_is_held_is_one_transaction(calls: list[Operation]) -> None:
    both = Both([rule_set(f"{name},transactions=machine") for name in HELD])
    both.oracle.begin()
    with both.core.held("machine"):
        for call in calls:
            both.play(call)
        while both.core.depth:
            both.play(("commit",))
    both.oracle.commit()
    assert both.differences() == []
    both.finish()
    assert both.differences() == []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations())
def test_a_rule_set_beside_one_that_is_held_sees_every_commit(calls: list[Operation]) -> None:
    beside = Both([rule_set(name + what) for name in HELD for what in ("", ",transactions=device")])
    alone = Both([rule_set(name) for name in HELD])
    with beside.core.held("device"):
        for call in calls:
            beside.play(call)
            alone.play(call)
    assert [census(ledger) for ledger in beside.core.ledgers[::2]] == list(map(census, alone.core.ledgers))


def check_view(ours: FlatView | None, theirs: View | None, books: Books, twin: dict[int, Region]) -> None:
    assert ours is not None and theirs is not None
    shown = [
        (twin[id(one.region)], one.offset, one.start, one.size, one.readonly, one.nonvolatile, one.unmergeable)
        for one in ours.ranges
    ]
    expected = [
        (one.region, one.offset, one.start, one.size, one.readonly, one.nonvolatile, one.unmergeable)
        for one in theirs.ranges
    ]
    assert shown == expected
    made = dispatch(theirs.ranges, books.features, books.page_bits)
    assert ours.dispatch is not None
    sections = [(s.start, s.size, twin[id(s.region)] if s.region else None) for s in ours.dispatch.sections]
    assert sections == made.sections
    tree = ours.dispatch.map
    if tree is None:
        assert made.used == 0
        return
    assert tree.used == made.used
    assert (tree.skip, tree.ptr) == made.tree.root
    for number in range(made.used):
        row = [(entry & 63, entry >> 6) for entry in tree.nodes[number].tolist()]
        assert row == [made.tree.entry(number, index) for index in range(512)]


def test_a_space_made_within_a_transaction_on_a_new_alias_follows_later_changes_of_its_target() -> None:
    both = Both([HISTORY["v7.2.0"]])
    for call in (("begin",), ("create", "container", 0x10, 0, 0), ("add", 0, 0x1000, 2, 0)):
        both.play(call)
    both.play(("create", "alias", 0x10, 2, 0))
    both.play(("space", 3, ""))
    both.play(("create", "io", 0x10, 0, 0))
    both.play(("add", 2, 0, 4, 0))
    both.play(("commit",))
    assert both.differences() == []


def test_a_space_made_while_a_core_is_held_follows_later_changes_of_what_its_root_led_to() -> None:
    both = Both([rule_set("v7.2.0,transactions=machine")])
    both.oracle.begin()
    with both.core.held("machine"):
        for call in (("create", "container", 0x10, 0, 0), ("add", 0, 0x1000, 2, 0), ("create", "alias", 0x10, 2, 0)):
            both.play(call)
        both.play(("space", 3, ""))
        both.play(("create", "io", 0x10, 0, 0))
        both.play(("add", 2, 0, 4, 0))
    both.oracle.commit()
    assert both.differences() == []


def test_a_region_that_shows_itself_elsewhere_is_drawn_as_far_as_clipping_lets_it() -> None:
    rules = [HISTORY["v7.2.0"]]
    both = Both(rules)
    both.region("container", 1 << 32)
    both.region("io", 0x1000)
    both.region("alias", 0x10000000, both.regions[2], 0)
    both.play(("add", 2, 0x4000, 3, 0))
    both.core.add_subregion(both.regions[2][0], 0x10000000, both.regions[4][0])
    both.oracle.add(both.regions[2][1], 0x10000000, both.regions[4][1], 0)
    both.play(("add", 0, 0, 2, 0))
    both.play(("space", 0, ""))
    assert both.differences() == []
    view = both.core.ledgers[0].view(both.spaces[-1][0])
    assert view is not None
    assert [one.start for one in view.ranges] == [0x4000, 0x10004000]


@pytest.mark.parametrize("offset", [0, 0x1000])
def test_a_region_that_shows_itself_without_an_end_is_refused(offset: int) -> None:
    from footprint.errors import TopologyError

    core = MemoryCore([HISTORY["v7.2.0"]])
    outer = make.container("outer", 1 << 64)
    core.add_subregion(outer, offset, make.alias("window", outer, 0, 1 << 64))
    with pytest.raises(TopologyError, match=r"shows itself"):
        core.create_space("memory", outer)
        core.add_subregion(outer, 0x100000, make.io("io", 0x1000))
