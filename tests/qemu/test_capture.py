from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from footprint.errors import InputFileError
from footprint.qemu.capture import read_capture
from tests.fixtures.captures import FLAT, SMALL_FLAT, SMALL_TREE, TREE, named, save


def test_a_capture_keeps_its_command_and_further_keys() -> None:
    capture = read_capture(named("x86_64__pc"))
    assert capture.target == "x86_64"
    assert capture.command[1:] == ("-M", "pc")
    assert set(capture.other) == {"info mtree", "info mtree -D", "info mtree -f -o"}


def test_plain_and_packed_captures_read_alike(tmp_path: Path) -> None:
    plain = save(tmp_path / "a.json", SMALL_TREE, SMALL_FLAT)
    packed = tmp_path / "a.json.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_capture(plain).flat.views == read_capture(packed).flat.views


def test_without_owners_the_next_best_answer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"info mtree": SMALL_TREE, "info mtree -f": SMALL_FLAT}))
    capture = read_capture(path)
    assert (capture.tree_answer, capture.flat_answer) == ("info mtree", "info mtree -f")
    assert capture.target is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"[1]", "not an object"),
        (b"{}", "has no 'info mtree -o -D'"),
        (json.dumps({"version": "7.2"}).encode(), "and no 'info mtree -f -d'"),
        (json.dumps({TREE: 3, FLAT: ""}).encode(), "is not text"),
        (json.dumps({"command": "qemu", TREE: "", FLAT: ""}).encode(), "is not a list of words"),
        (b'{"command": [], "info mtree -o -D": "\\ud800", "info mtree -f -d": ""}', "surrogate"),
        (b'{\n"a": \n\xff}', "no UTF-8"),
        (gzip.compress(b"{}", mtime=0)[:-3], "cut off"),
        (b"\x1f\x8bnonsense", "broken gzip"),
    ],
)
def test_what_is_no_capture_is_an_error_that_says_why(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=reason):
        read_capture(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_capture(tmp_path / "gone.json")


def test_an_error_names_the_answer_and_its_line(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", SMALL_TREE.replace("(prio 0, ram)", "(prio 0, rum)"), SMALL_FLAT)
    with pytest.raises(InputFileError, match="in the answer to 'info mtree -o -D'") as caught:
        read_capture(path)
    assert caught.value.line == 3
