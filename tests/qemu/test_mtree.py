from __future__ import annotations

import pytest

from footprint.errors import InputFileError
from footprint.qemu.lines import Source
from footprint.qemu.mtree import MtreeText, RegionLine, read_mtree
from tests.fixtures.captures import CAPTURES, TREE, load

HEAD = "address-space: memory\n"
SYSTEM = "  0000000000000000-ffffffffffffffff (prio 0, i/o): system"


def read(text: str) -> MtreeText:
    return read_mtree(text, Source("FILE", "info mtree"))


def region(line: str) -> RegionLine:
    return read(f"{HEAD}{SYSTEM}\n{line}\n").blocks[0].lines[-1]


def test_a_region_is_taken_apart_with_its_line_number() -> None:
    got = region(
        "    00000000000c0000-00000000000dffff (prio -1000, rom): pc.rom parent:{obj path=/machine/unattached}"
    )
    assert got == RegionLine(
        3, 2, 0xC0000, 0xDFFFF, -1000, "rom", "pc.rom", owner="parent:{obj path=/machine/unattached}"
    )
    assert got.size == 0x20000


def test_a_whole_address_space_has_2_to_the_64_bytes_and_one_address_has_one() -> None:
    assert read(HEAD + SYSTEM).blocks[0].lines[0].size == 1 << 64
    assert region("    0000000000000061-0000000000000061 (prio 0, i/o): pcspk").size == 1


def test_an_alias_is_taken_apart_from_both_ends() -> None:
    got = region(
        "    0000200000000000-000020000000ffff (prio 0, i/o): alias pci@800000020000000.io-alias "
        "@pci@800000020000000.io 0000000000000000-000000000000ffff [disabled] owner:{dev id=pci.0}"
    )
    assert (got.name, got.target) == ("pci@800000020000000.io-alias", "pci@800000020000000.io")
    assert (got.offset, got.offset_end, got.disabled, got.owner) == (0, 0xFFFF, True, "owner:{dev id=pci.0}")


@pytest.mark.parametrize(
    "name", ["a b", "bcm2835-gpu-ram-alias[*]", "x @y", "alias 1", "", "prio (0)", "{}", "<b>&amp;"]
)
def test_names_may_hold_anything_but_a_line_end(name: str) -> None:
    assert region(f"    {0:016x}-{0xFFF:016x} (prio 0, i/o): {name} [disabled] orphan").name == name
    assert region(f"    {0:016x}-{0xFFF:016x} (prio 0, i/o): alias {name} @t {0:016x}-{1:016x}").name == name


def test_both_an_owner_and_a_parent_belong_to_the_owner() -> None:
    got = region(f"    {0:016x}-{0xFFF:016x} (prio 0, i/o): r owner:{{dev id=a}} parent:{{obj path=/b}}")
    assert (got.name, got.owner) == ("r", "owner:{dev id=a} parent:{obj path=/b}")


@pytest.mark.parametrize("indent", ["[DETECTED OVERFLOW!]     ", "    [DETECTED OVERFLOW!] "])
def test_the_mark_of_an_overflow_stands_before_or_behind_the_indentation(indent: str) -> None:
    got = region(f"{indent}{0x1000:016x}-{0xFFF:016x} (prio 0, i/o): r")
    assert (got.depth, got.size) == (2, 1 << 64)


def test_non_volatile_marks_and_the_kind_container_are_known() -> None:
    assert region(f"    {0:016x}-{0xFFF:016x} (prio 0, nv-ram): r").nonvolatile
    assert region(f"    {0:016x}-{0xFFF:016x} (prio 0, container): r").kind == "container"


def test_spaces_on_one_root_share_a_block_and_alias_targets_have_their_own() -> None:
    text = f"address-space: cpu\n{HEAD}{SYSTEM}\n\nmemory-region: ram\n{SYSTEM}\n\n\n"
    blocks = read(text).blocks
    assert [(block.spaces, block.region) for block in blocks] == [(("cpu", "memory"), None), ((), "ram")]


def test_a_block_whose_root_is_hidden_is_empty() -> None:
    assert read("address-space: a\n\nmemory-region: b\n\n").blocks[0].lines == ()


def test_carriage_returns_of_the_monitor_are_no_part_of_names() -> None:
    assert read((HEAD + SYSTEM + "\n\n").replace("\n", "\r\n")).blocks[0].lines[0].name == "system"


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_every_line_of_a_real_capture_is_a_region_a_heading_or_blank(path) -> None:
    text = load(path)[TREE]
    tree = read(text)
    headings = sum(len(block.spaces) or 1 for block in tree.blocks)
    assert headings + sum(len(block.lines) for block in tree.blocks) == sum(map(bool, text.split("\n")))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "holds no address space"),
        (SYSTEM, 1, "heading"),
        (f"{HEAD}{SYSTEM}\n   oops", 3, "is not a region"),
        (f"{HEAD}{SYSTEM.replace('prio 0', 'prio 4294967296')}", 2, "32 bits"),
        (f"{HEAD}{SYSTEM}\n{'  ' * 65}{SYSTEM.strip()}", 3, "65 levels deep"),
        (f"{HEAD}{SYSTEM}{'x' * 5000}", 2, "at most 4096"),
        (f"{HEAD}{SYSTEM[1:]}", 2, "is not a region"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason) as caught:
        read(text)
    assert caught.value.line == line
    assert "info mtree" in str(caught.value)
