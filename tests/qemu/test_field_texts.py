"""Captures as people paste them: quoted, wrapped, indented, fenced, among prose; the same capture, or a refusal."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footprint.errors import InputFileError
from footprint.qemu.capture import Capture, read_capture
from tests.fixtures.captures import CAPTURES, FLAT, SMALL_FLAT, SMALL_TREE, TREE, load, save
from tests.qemu import printed_as
from tests.qemu.test_fuzz_captures import INPUTS, MUTATIONS, answer

CHANGES = (
    printed_as.quoted, printed_as.indented, printed_as.fenced, printed_as.expanded, printed_as.filled,
    printed_as.filled_at_blanks, printed_as.folded, printed_as.in_prose,
)  # fmt: skip
LETTER = """\
From: Ada
Subject: what does this guest hold?

Before the change:

> (qemu) info mtree
> address-space: cpu-memory-0
> address-space: memory
>   0000000000000000-ffffffffffffffff (prio 0, i/o): system
>     0000000000000000-0000000000ffffff (prio 0, ram): alias low @ram
> 0000000000000000-0000000000ffffff
>     0000000004000000-0000000004000fff (prio 0, i/o): uart   <-- here
>
> memory-region: ram
>   0000000000000000-0000000000ffffff (prio 0, ram): ram
> (qemu) info mtree -f
> FlatView #0
>  AS "memory", root: system
>  AS "cpu-memory-0", root: system
>  Root memory region: system
>   0000000000000000-0000000000ffffff (prio 0, ram): ram
>   0000000004000000-0000000004000fff (prio 0, i/o): uart

Bye
"""


def told(capture: Capture) -> str:
    """All that a capture's answers say, without where they stood."""
    text = re.sub(r"\bline=\d+(?:, )?", "", repr((capture.tree.blocks, capture.flat.views)))
    return re.sub(r"node_lines=\([^)]*\)", "", text)


def answers(path: Path) -> dict[str, str]:
    data = load(path)
    return {command: data[command] for command in (TREE, FLAT)}


@cache
def as_json(path: Path) -> str:
    return told(read_capture(path))


def read(folder: Path, text: str, name: str = "letter.txt") -> Capture:
    path = folder / name
    path.write_text(text)
    return read_capture(path)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_a_terminal_s_text_is_the_capture(path: Path, tmp_path: Path) -> None:
    for change in (list, printed_as.quoted, printed_as.indented, printed_as.fenced, printed_as.in_prose):
        capture = read(tmp_path, "\n".join(change(printed_as.prompted(answers(path)))))
        assert told(capture) == as_json(path)
        assert (capture.tree_answer, capture.flat_answer) == (TREE, FLAT)


@settings(max_examples=max(10, INPUTS // 10), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(CAPTURES),
    changes=st.lists(st.sampled_from(CHANGES), max_size=5, unique=True),
    crlf=st.booleans(),
)
def test_whatever_was_done_to_it_a_text_is_the_same_capture_or_refused_with_its_line(
    path: Path, changes: list[printed_as.Change], crlf: bool, tmp_path: Path
) -> None:
    lines = printed_as.prompted(answers(path))
    for change in [*changes, *([printed_as.crlf] if crlf else [])]:
        lines = change(lines)
    try:
        capture = read(tmp_path, "\n".join(lines))
    except InputFileError as error:
        assert error.line is not None
        assert any("fill" in change.__name__ or "fold" in change.__name__ for change in changes), error
    else:
        assert told(capture) == as_json(path)


@pytest.mark.parametrize("change", [printed_as.filled, printed_as.filled_at_blanks, printed_as.folded])
def test_wrapped_text_is_mostly_put_together_again(change: printed_as.Change, tmp_path: Path) -> None:
    refused = 0
    for path in CAPTURES:
        try:
            capture = read(tmp_path, "\n".join(change(printed_as.prompted(answers(path)))))
        except InputFileError:
            refused += 1
        else:
            assert told(capture) == as_json(path)
            assert any("wrapped lines joined" in repair for repair in capture.repairs)
    assert refused <= len(CAPTURES) // 3


def test_each_repair_and_what_was_left_out_is_reported_with_line_numbers(tmp_path: Path) -> None:
    capture = read(tmp_path, LETTER)
    assert capture.repairs == (
        "left out: line 1 to 2, 4, 24",
        "line 7 to 15: '> ' taken off; 1 wrapped line joined; notes behind line 12 taken off",
        "line 17 to 22: '> ' taken off",
    )
    names = [line.name for block in capture.tree.blocks for line in block.lines]
    assert names == ["system", "low", "uart", "ram"]


def test_a_mail_s_transport_and_a_terminal_s_editing_are_undone(tmp_path: Path) -> None:
    expected = told(read(tmp_path, LETTER))
    encoded = LETTER.replace("=", "=3D").replace("(prio 0, i/o): uart", "(prio 0, i/=\no): uart")
    mail = "Content-Transfer-Encoding: quoted-printable\n\n" + encoded
    assert told(read(tmp_path, mail)) == expected
    typed = "(qemu) " + "".join(f"\x1b[{i}D\x1b[K" * bool(i) + "info mtree"[: i + 1] for i in range(10))
    edited = read(tmp_path, LETTER.replace("(qemu) info mtree\n", typed + "\x1b[K\n"))
    assert told(edited) == expected
    assert edited.tree_answer == "info mtree"
    assert told(read(tmp_path, LETTER.replace("\n", "\r\n"))) == expected
    (tmp_path / "wide.txt").write_bytes(LETTER.encode("utf-16"))
    assert told(read_capture(tmp_path / "wide.txt")) == expected


def test_a_line_that_can_be_read_in_two_ways_is_an_error_with_its_number(tmp_path: Path) -> None:
    for old, new, line, reason in (
        ("4000fff (prio 0, i/o): uart   <-- here", "4000fff (prio 0, i/o: uart", 12, "is not a region|no line of"),
        (">     0000000004000000-0000000004000fff (prio 0, i/o): uart   <--", "> what is this?\n>     0000000004000000-"
         "0000000004000fff (prio 0, i/o): uart   <--", 12, "no line of QEMU|does not complete"),
        (">     0000000004", ">\t    0000000004", 12, "tab behind a quote mark"),
        ("> memory-region: ram\n", "", 14, "second root|heading"),
    ):  # fmt: skip
        assert old in LETTER
        with pytest.raises(InputFileError, match=reason) as caught:
            read(tmp_path, LETTER.replace(old, new, 1))
        assert caught.value.line == line, reason


def test_an_error_shows_the_line_and_where_in_it_the_fault_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", SMALL_TREE.replace("(prio 0, ram)", "(prio 0, rum)"), SMALL_FLAT)
    with pytest.raises(InputFileError) as caught:
        read_capture(path)
    assert caught.value.shown[caught.value.column :].startswith("rum)")


def test_headings_of_old_qemus_are_a_name_alone(tmp_path: Path) -> None:
    old = (
        "(qemu) info mtree\nmemory\n0000000000000000-7ffffffffffffffe (prio 0, RW): system\n"
        "  0000000000000000-0000000007ffffff (prio 0, RW): alias low @pc.ram 0000000000000000-0000000007ffffff\n"
        "I/O\n0000000000000000-000000000000ffff (prio 0, RW): io\n"
        "aliases\npc.ram\n0000000000000000-0000000007ffffff (prio 0, RW): pc.ram\n"
    )
    tree = read(tmp_path, old).tree
    assert [(block.spaces, block.region) for block in tree.blocks] == [
        (("memory",), None), (("I/O",), None), ((), "pc.ram"),
    ]  # fmt: skip
    assert [line.depth for block in tree.blocks for line in block.lines] == [1, 2, 1, 1]


def test_of_several_machines_one_is_chosen_by_its_number(tmp_path: Path) -> None:
    text = LETTER + "\nAfter the change:\n\n" + LETTER.replace("uart", "timer").partition("change:\n")[2]
    path = tmp_path / "letter.txt"
    path.write_text(text)
    with pytest.raises(
        InputFileError, match=r"holds 2 machines: #1 \(line 7 to 15 and 17 to 22, 'Before the change:'"
    ) as caught:
        read_capture(path)
    assert "'After the change:'" in str(caught.value)
    shown = [{line.name for view in read_capture(f"{path}#{i}").flat.views for line in view.ranges} for i in (1, 2)]
    assert shown == [{"ram", "uart"}, {"ram", "timer"}]
    with pytest.raises(InputFileError, match="no machine #3"):
        read_capture(f"{path}#3")


def test_one_machine_told_in_several_ways_is_one(tmp_path: Path) -> None:
    path = CAPTURES[-1]
    data = load(path)
    texts = {command: data[command] for command in ("info mtree", TREE, "info mtree -f -o", FLAT) if command in data}
    assert len(texts) > 2
    capture = read(tmp_path, "\n".join(printed_as.prompted(texts)))
    assert told(capture) == as_json(path)


def test_what_is_left_out_by_hand_is_named(tmp_path: Path) -> None:
    capture = read(tmp_path, LETTER.replace(">     0000000004000000-0000000004000fff", "> ...\n>     0000000004000000-"
                                           "0000000004000fff", 1))  # fmt: skip
    assert capture.holes == (12,)
    assert "lines are missing at line 12" in " ".join(capture.repairs)


def test_hostile_texts_get_an_answer_or_an_error_in_time(tmp_path: Path) -> None:
    said = set()
    for seed in range(max(50, INPUTS // 5)):
        rnd = random.Random(seed)
        path = rnd.choice(CAPTURES)
        lines = printed_as.prompted(answers(path))
        for change in rnd.sample(CHANGES, rnd.choice((0, 1, 2))):
            lines = change(lines)
        text = "\n".join(lines)
        for _ in range(rnd.choice((1, 1, 2))):
            text = rnd.choice(MUTATIONS)(rnd, text)
        file = tmp_path / "mutant.txt"
        file.write_text(text, errors="replace")
        try:
            said.add(answer(file).split(":")[0])
        except BaseException as error:
            raise AssertionError(f"seed {seed}") from error
    assert {"exact", "error"} <= said


@settings(max_examples=max(20, INPUTS // 20), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from([*LETTER.split("\n"), "```", "...", "> > a", "address-space: ", "FlatView #1", "\x1b[D=20="])
    )
)
def test_any_lines_in_any_order_get_an_answer(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines))
    assert answer(path)


def without_quotes() -> str:
    return re.sub(r"^> ?", "", LETTER, flags=re.M)


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: text.replace(">", "&gt;").replace('"', "&quot;").replace("<--", "&lt;--"),
        lambda _: without_quotes().replace("(qemu) info mtree\n", "{noformat}\n").replace("Bye", "{noformat}\nBye"),
        lambda _: without_quotes().replace("(qemu) info mtree\n", "<pre>").replace("\nBye", "</pre>\nBye"),
        lambda _: "\n".join(f" {line}" if line[:1] == " " else line for line in without_quotes().split("\n")),
        lambda _: without_quotes().replace("\n  ", "\n\n  "),
        lambda _: without_quotes().replace("(qemu) info", "(gdb) monitor info"),
        lambda _: "".join(f"{' * ' if line else ' *'}{line}\n" for line in without_quotes().split("\n")),
    ],
    ids=["html", "jira", "pre", "flowed", "double spaced", "gdb", "comment"],
)  # fmt: skip
def test_whatever_stands_around_is_taken_off(dress: Callable[[str], str], tmp_path: Path) -> None:
    text = dress(LETTER)
    assert text != LETTER
    plain, dressed = read(tmp_path, LETTER), read(tmp_path, text)
    assert told(dressed).replace("<-- here", "") == told(plain)


def test_a_qmp_session_s_answers_are_found(tmp_path: Path) -> None:
    path = CAPTURES[-1]
    lines = ['{"QMP": {"version": {}}}', '{"return": {}}']
    for text in answers(path).values():
        lines += ['{"execute": "human-monitor-command"}', json.dumps({"return": text.replace("\n", "\r\n")})]
    assert told(read(tmp_path, "\n".join(lines))) == as_json(path)


def test_where_indentation_is_lost_nothing_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="indentation is lost") as caught:
        read(tmp_path, re.sub(r"^> +", "", LETTER, flags=re.M))
    assert caught.value.line == 10


def test_regions_without_any_heading_are_an_error_with_their_line(tmp_path: Path) -> None:
    headless = LETTER.replace("address-space", "space").replace("memory-region", "region").partition("info mtree -f")[0]
    headless = headless.replace(": system", ": bus")
    with pytest.raises(InputFileError, match="below a heading") as caught:
        read(tmp_path, headless)
    assert caught.value.line == 9
