from __future__ import annotations

from footprint.qemu.forest import Forest, grow
from footprint.qemu.lines import Source
from footprint.qemu.mtree import read_mtree
from footprint.qemu.region_node import Node
from tests.fixtures.captures import TREE, load, named


def forest(text: str) -> Forest:
    return grow(read_mtree(text, Source("FILE")))


def line(depth: int, start: int, end: int, name: str, owner: str = "") -> str:
    return f"{'  ' * depth}{start:016x}-{end:016x} (prio 0, i/o): {name}{owner and ' owner:{dev id=' + owner + '}'}"


def called(grown: Forest, name: str) -> list[Node]:
    return [node for node in grown.nodes if node.line.name == name]


def test_an_alias_target_that_stands_in_a_container_is_one_region() -> None:
    grown = forest(
        "address-space: memory\n" + "\n".join(
            (line(1, 0, 0xFFFF, "system"), line(2, 0x1000, 0x1FFF, "bus"), line(3, 0x1800, 0x18FF, "uart"),
             line(2, 0x4000, 0x4FFF, f"alias window @bus {0:016x}-{0xFFF:016x}"))
        ) + "\n\nmemory-region: bus\n" + line(1, 0x1000, 0x1FFF, "bus") + "\n" + line(2, 0x1800, 0x18FF, "uart") + "\n"
    )  # fmt: skip
    (bus,), (window,) = called(grown, "bus"), called(grown, "window")
    assert window.target is bus
    assert bus.container is called(grown, "system")[0]
    assert (bus.addr, bus.children[0].addr) == (0x1000, 0x800)
    assert len(grown.nodes) == 4


def test_the_region_that_x86_shows_through_many_aliases_is_one() -> None:
    grown = forest(load(named("x86_64__pc"))[TREE])
    assert len(called(grown, "pc.ram")) == len(called(grown, "pci")) == len(called(grown, "system")) == 1
    assert {node.target for node in called(grown, "pam-rom")} == {called(grown, "pc.ram")[0]}


def test_a_region_and_a_root_of_one_name_are_two() -> None:
    grown = forest(load(named("arm__raspi1ap"))[TREE])
    sizes = sorted(node.line.size for node in called(grown, "bcm2835-mbox"))
    assert sizes == [0x90, 0x400]


def test_of_two_targets_with_one_name_the_owner_tells_which() -> None:
    grown = forest(load(named("ppc64__powernv8_two_chips"))[TREE])
    for alias in called(grown, "lpc-isa-io"):
        assert alias.target is not None
        assert alias.target.line.owner == alias.line.owner


def test_of_two_targets_alike_the_order_of_blocks_tells_that_both_are_used() -> None:
    grown = forest(load(named("sh4eb__r2d"))[TREE])
    assert len(called(grown, "timer")) == 2
    assert {id(node.target) for name in ("timer-a7", "timer-p4") for node in called(grown, name)} == {
        id(node) for node in called(grown, "timer")
    }
    assert grown.guesses == ["2 aliases could show any of several regions with one name and owner"]


def test_before_6_2_spaces_on_one_root_have_a_block_each() -> None:
    text = "".join(f"address-space: {name}\n{line(1, 0, 0xFFFF, 'system')}\n\n" for name in ("memory", "cpu-memory"))
    grown = forest(text)
    assert len(grown.nodes) == 1
    assert [root for _, root in grown.spaces] == grown.nodes * 2


def test_below_a_line_that_is_not_shown_stands_a_disabled_region() -> None:
    grown = forest("address-space: memory\n" + line(1, 0, 0xFFFF, "system") + "\n" + line(3, 0, 0xF, "acpi-evt") + "\n")
    (event,) = called(grown, "acpi-evt")
    assert event.container is not None and event.container.line.disabled
    assert "use info mtree -o -D" in grown.guesses[0]


def test_an_alias_whose_target_is_not_printed_shows_a_region_of_the_printed_kind() -> None:
    window = line(2, 0, 0xF, f"alias window @gone {0:016x}-{0xF:016x}")
    grown = forest("address-space: memory\n" + line(1, 0, 0xFFFF, "system") + "\n" + window + "\n")
    target = called(grown, "window")[0].target
    assert target is not None and (target.line.name, target.line.size, target.children) == ("gone", 0x10, [])
    assert grown.lost == called(grown, "window")
    assert "show what is not printed ('gone')" in grown.guesses[0]


def test_a_name_with_an_at_sign_in_it_is_found_by_its_block() -> None:
    window = line(2, 0, 0xF, f"alias w @a @b {0:016x}-{0xF:016x}")
    text = f"address-space: m\n{line(1, 0, 0xFF, 's')}\n{window}\n\nmemory-region: a @b\n{line(1, 0, 0xF, 'a @b')}\n"
    grown = forest(text)
    assert next(node for node in grown.nodes if node.is_alias).target is called(grown, "a @b")[0]
