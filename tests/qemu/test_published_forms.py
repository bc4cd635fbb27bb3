"""Forms in which people publish `info mtree`, each in a few lines: read as QEMU printed them, or refused by the line."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from footprint.errors import InputFileError
from footprint.qemu.capture import Capture, read_capture
from footprint.record.find import find_recording

ROOT = "0000000000000000-ffffffffffffffff (prio 0, i/o): system"
RAM = "0000000000000000-0000000007ffffff (prio 0, ram): ram"
TREE = f"address-space: memory\n  {ROOT}\n    {RAM}\n"
VIEW = f'FlatView #0\n AS "memory", root: system\n Root memory region: system\n  {RAM}\n'


@pytest.fixture
def read(tmp_path: Path):
    def capture_of(text: str) -> Capture:
        (tmp_path / "letter.txt").write_text(text)
        return read_capture(tmp_path / "letter.txt")

    return capture_of


@pytest.fixture
def counts(tmp_path: Path):
    def metrics_and_notes(text: str) -> tuple[dict[str, float], str]:
        (tmp_path / "letter.txt").write_text(text)
        recording = find_recording(str(tmp_path / "letter.txt"))
        sample = recording.runs[0].sample()
        assert sample is not None
        return dict(sample.metrics), " ".join(recording.notes)

    return metrics_and_notes


def shown(capture: Capture) -> list[tuple[tuple[str, ...], list[tuple[int, str]]]]:
    return [(block.spaces, [(line.depth, line.name) for line in block.lines]) for block in capture.tree.blocks]


PLAIN = [(("memory",), [(1, "system"), (2, "ram")])]


def test_what_is_drawn_around_a_tree_is_taken_off(read) -> None:
    drawn = (
        " ┌────► the space\n │                  ┌──► a priority\n"
        f"address-space: memory                 │\n  {ROOT}\n"
        f"    {RAM}──────┐\n                                                 │\n"
        f"memory-region: pc.ram                                            │\n  {RAM} ◄───┘\n"
    )
    capture = read(drawn)
    assert shown(capture)[0] == PLAIN[0]
    assert [block.region for block in capture.tree.blocks] == [None, "pc.ram"]
    assert any("what is drawn around the text taken off (in 7 lines)" in repair for repair in capture.repairs)
    with pytest.raises(InputFileError) as caught:  # what is drawn before a line may stand for its depth
        read(f"address-space: memory\n  {ROOT}\n  ├── {RAM}\n")
    assert caught.value.line == 3


def test_an_alias_broken_before_its_name_is_joined(read) -> None:
    capture = read(
        f"> address-space: memory\n>      {ROOT}\n"
        ">        0000000000000000-000000007fffffff (prio 0, ram): alias\n> ram-below-4g\n"
        "> @pc.ram 0000000000000000-000000007fffffff\n>        0000000000000000-ffffffffffffffff (prio -1, i/o): pci\n"
    )
    [block] = capture.tree.blocks
    assert [(line.name, line.target) for line in block.lines[1:]] == [("ram-below-4g", "pc.ram"), ("pci", None)]


def test_quoted_printable_without_a_header_is_seen_in_an_address_cut_in_two(read) -> None:
    tree = f"(qemu) info mtree\n{TREE}".replace("07ffffff", "07fffff=\nf").replace("ram\n", "ram=20\n")
    assert shown(read(f"-m 1=\n00\n{tree}\n100 =3D 64 + 32\n")) == PLAIN


def test_a_mail_in_base64_is_decoded_and_its_lines_are_those_of_the_letters(read) -> None:
    head = "From: a@b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    mail = head + base64.encodebytes(f"Hello,\n\n(qemu) info mtree\n{TREE}\nBye\n".encode()).decode()
    capture = read(mail)
    assert shown(capture) == PLAIN
    assert "line 5: base64 decoded" in capture.repairs
    with pytest.raises(InputFileError) as caught:
        read(
            head + base64.encodebytes(f"{'x' * 200}\n{TREE.replace('(prio 0, ram)', '(prio 0 ram)')}".encode()).decode()
        )
    assert 8 <= caught.value.line <= 10
    with pytest.raises(InputFileError, match="neither a capture"):
        read(head + base64.encodebytes(b"\x89PNG\0\0").decode())


def test_a_tree_without_its_heading_is_the_one_space_that_has_this_root(read) -> None:
    for comment in ("/*\n  from info mtree of a board\n", "", "Text:\n\n"):
        capture = read(f"{comment}  {ROOT}\n    {RAM}\n*/\nint x;\n")
        assert shown(capture) == PLAIN
        assert any("no heading; taken for 'address-space: memory'" in repair for repair in capture.repairs)
    assert shown(read(f"> {ROOT}\n>   {RAM}\n")) == PLAIN
    with pytest.raises(InputFileError, match="below a heading"):
        read(f"  {ROOT.replace('system', 'bus')}\n    {RAM}\n")
    with pytest.raises(InputFileError, match="a second root in one block") as caught:
        read(f"    {ROOT}\n    {RAM}\n")
    assert caught.value.line == 2


def test_a_view_that_shows_the_root_alone_gets_no_heading_of_a_tree(counts) -> None:
    metrics, _ = counts('FlatView #0\n AS "I/O", root: io\n Root memory region: io\n'
                        "  0000000000000000-000000000000ffff (prio 0, i/o): io\n")  # fmt: skip
    assert (metrics["flatviews.alive"], metrics["flat_ranges"]) == (1, 1)


def test_the_heading_that_was_once_proposed_for_many_spaces_is_read(read) -> None:
    text = f"  address-space shared 2 times:\n    - cpu-memory-0\n    - memory\n    {ROOT}\n      {RAM}\n"
    assert shown(read(text)) == [(("cpu-memory-0", "memory"), PLAIN[0][1])]


def test_carets_and_words_below_a_line_point_at_it_and_are_left_out(read) -> None:
    capture = read(
        f"{TREE}           ^^^^^^^^           ^^^\n               \\ base address and name /\n\n(qemu) info qtree\n"
    )
    assert shown(capture) == PLAIN
    assert "left out: line 4 to 5" in capture.repairs


def test_names_of_spaces_without_a_tree_are_no_machine(read) -> None:
    names = "address-space: cpu-memory-0\naddress-space: cpu-memory-1\naddress-space: memory\n"
    capture = read(f"{TREE}(qemu) info mtree\n{names}")
    assert shown(capture) == PLAIN
    assert "left out: line 5 to 7" in capture.repairs


def test_eight_digits_are_those_of_32_bit_targets_of_1_x(read, counts) -> None:
    text = (
        "(qemu) info mtree\nmemory\n00000000-fffffffe (prio 0, RW): system\n  00000000-07ffffff (prio 0, RW): ram\n"
        "  fffc0000-ffffffff (prio 0, R-): bios\n  80000000-87ffffff (prio 0, RW): alias again @ram 00000000-07ffffff\n"
        "I/O\n00000000-0000ffff (prio 0, RW): io\n"
    )
    capture = read(text)
    assert [block.spaces for block in capture.tree.blocks] == [("memory",), ("I/O",)]
    system, ram, bios, again = capture.tree.blocks[0].lines
    assert (system.end, ram.end, bios.end) == (0x7FFFFFFFFFFFFFFE, 0x7FFFFFF, 0xFFFFFFFF)
    assert (again.target, again.offset_end) == ("ram", 0x7FFFFFF)
    metrics, notes = counts(text)
    assert (metrics["address_spaces"], metrics["flat_ranges"]) == (2, 4)
    assert "addresses of 8 digits widened (in 5 lines)" in notes


def test_an_old_heading_behind_tabs_is_read(read) -> None:
    assert shown(read(f"\t(gdb) monitor info mtree\n\tmemory\n\t{ROOT.replace('i/o', 'RW')}\n\t  {RAM}\n\t\n")) == PLAIN


def test_a_view_without_its_spaces_or_its_heading_is_counted_and_the_spaces_are_not(counts, read) -> None:
    for text in (VIEW.replace(' AS "memory", root: system\n', ""), VIEW.partition("\n")[2].partition("\n")[2]):
        metrics, notes = counts(f"The view becomes:\n\n{text}")
        assert (metrics["flatviews.alive"], metrics["flat_ranges"]) == (1, 1)
        assert "address_spaces" not in metrics
        assert "Not told: address spaces. Those of the view at line 3 are not printed." in notes
        with pytest.raises(InputFileError, match="is not an address space of the view"):
            read(f"(qemu) info mtree\n{TREE}\n(qemu) info mtree -f\n{text}")


def test_a_dispatch_that_ends_with_its_sections_is_left_out(read) -> None:
    dispatch = "  Dispatch\n    Physical sections\n      #0 @0000000000000000..ffffffffffffffff (noname) [unassigned]\n"
    capture = read(f"{VIEW}{dispatch}      ...\n")
    assert capture.flat.views[0].dispatch is None and len(capture.flat.cut) == 1
    assert len(capture.flat.views[0].ranges) == 1


def test_what_follows_an_accelerator_or_stands_in_a_program_is_no_rest_of_a_range(read) -> None:
    view = VIEW.rstrip("\n") + " kvm:tcg\n"
    quoted = "".join(f"> > {line}\n" for line in view.splitlines())
    assert read(f"{quoted}> Why do we need to print this for every region?\n").flat.views[0].ranges[0].name == "ram"
    assert len(read(f'SAMPLE = """{VIEW}"""\n\ndef test():\n    pass\n').flat.views) == 1


def test_a_difference_of_two_answers_is_refused_with_its_line(read) -> None:
    changed = VIEW.replace(f"  {RAM}\n", f"-  {RAM}\n+  {RAM.replace('7ff', 'fff')}\n")
    with pytest.raises(InputFileError) as caught:
        read(f"--- a\n+++ b\n{changed}")
    assert caught.value.line == 6


def test_blanks_that_are_none_are_seen_behind_quoted_printable_too(read) -> None:
    mail = "Content-Type: text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
    lines = ["address-space: memory", f"=A0 {ROOT}", f"=A0=A0=A0 {RAM[:-1]}=\nm"]
    assert shown(read(mail + "".join(f"> >=A0{line}\n" for line in lines))) == PLAIN


def test_a_text_without_any_heading_is_refused_by_the_line_that_lacks_it(read) -> None:
    for line in (f"//!     {RAM}", f"still shows `{RAM}`", "flat=('FlatView #0\\n AS \"memory\", root: system')"):
        with pytest.raises(InputFileError, match="is not below a heading") as caught:
            read(f"A text\nabout (prio 0, ram)\n{line}\n")
        assert caught.value.line == 3


def test_a_space_without_a_name_is_one_though_its_blank_was_taken_off(read) -> None:
    for heading in ("address-space:", "address-space: "):
        assert shown(read(f"monitor) info mtree\n{heading}\n  {ROOT}\n    {RAM}\n")) == [(("",), PLAIN[0][1])]


def test_roots_that_lost_their_blanks_and_steps_of_four_are_told_from_hidden_regions(read) -> None:
    io = "0000000000000000-000000000000ffff (prio 0, i/o): io"
    deep = "0000000000000000-0000000000000fff (prio 1, i/o): deep"
    for steps in ((0, 4, 6), (0, 4, 8)):
        root, child, leaf = (" " * step for step in steps)
        text = f"address-space: I/O\n{io}\n\naddress-space: memory\n{root}{ROOT}\n{child}{RAM}\n{leaf}{deep}\n"
        for indent in ("", "    "):
            capture = read("".join(f"{indent}{line}\n" if line else "\n" for line in text.split("\n")))
            assert [line.depth for line in capture.tree.blocks[1].lines] == [1, 2, 3]


def test_a_quoted_piece_of_full_width_among_lines_broken_at_blanks_may_be_cut_and_is_refused(read) -> None:
    name = "a-machine-with-a-long-name.ram"
    place = "  0000000000000000-0000000007ffffff (prio 0, ram): "
    whole = f"{place}{name}"
    width = len(whole) - 1
    alias = "  0000000008000000-0000000008ffffff (prio 0, ramd): 0000:00:1a.0 BAR 0"
    view = VIEW.partition("  0000")[0]
    broken = f"{view}{whole[:width]}\n{whole[width:]}\n{alias}\n@0000000000001000\n"
    broken = "".join(f"> {line}\n" for line in broken.splitlines())
    with pytest.raises(InputFileError, match="nothing tells whether a blank stood there") as caught:
        read(broken)
    assert caught.value.line == 5


def test_a_tree_of_which_only_the_root_was_left_is_refused(read) -> None:
    with pytest.raises(InputFileError, match="nothing is left of the tree below its roots") as refused:
        read(f"(qemu) info mtree\naddress-space: memory\n  {ROOT}\n    ...\n")
    assert refused.value.line == 4
