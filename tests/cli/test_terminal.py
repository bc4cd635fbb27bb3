"""What reaches a terminal: nothing that steers it, nothing cut, and one sentence when it cannot be written."""

import ast
import json
import os
import pty
import shutil
import subprocess
import sys
import termios
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from footprint.cli.terminal import visible, wrapped
from tests.conftest import DATA, ROOT, runner_in

SMALL = ("run", "power8", "-s", "cpus=1", "-s", "nics=1", "-s", "bridges=1", "-r", "v7.2.0", "--no-report")
CAPTURE = DATA / "captures" / "x86_64__pc.json.gz"
HOSTILE = (
    "nul\0 bell\a red\x1b[31m up\x1b[2A c1\x9b2J del\x7f rtl\u202egnp.exe zero\u200bwidth line\u2028sep tag\U000e0041"
)

PRINTING = [
    ("run", "power8", "-s", "cpus=1", "-s", "nics=1", "-s", "bridges=1", "-r", "v7.2.0", "--json"),
    ("list",),
    ("list", "metrics", "--json"),
    ("show", "out"),
    ("show", "out", "--all"),
    ("show", "out", "--json"),
    ("gate", "out", "--budget", "nodes>=0"),
    ("compare", "out", "out"),
    ("report", "out", "-o", "page.html", "--json", "--force"),
    ("verify", CAPTURE),
    ("leaks", "json:JSONDecoder", "--cycles", "20", "--no-where"),
    ("--help",),
    ("show", "--help"),
    ("--version",),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a small recording in ``out``."""
    folder = tmp_path_factory.mktemp("terminal")
    assert runner_in(folder)(*SMALL, "-o", "out").returncode == 0
    return folder


@pytest.fixture
def recorded(small, tmp_path):
    """A small recording in ``out``; gives a function that runs a verb with a standard output of one's own."""
    shutil.copytree(small / "out", tmp_path / "out")

    def run(*arguments, stdout, stderr=subprocess.PIPE, **more):
        command = [sys.executable, "-m", "footprint", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, stdout=stdout, stderr=stderr, text=True, timeout=120, check=False, **more
        )

    return run


@pytest.mark.parametrize("arguments", PRINTING, ids=lambda words: " ".join(map(str, words[:3])))
def test_a_full_disk_behind_standard_output_is_one_sentence_and_exit_three(recorded, arguments):
    with Path("/dev/full").open("w") as full:
        done = recorded(*arguments, stdout=full)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1:] == ["footprint: cannot write to standard output: no space left on device"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("show", "out"), ("show", "out", "--json"), ("list",)], ids=str)
def test_a_closed_standard_output_is_one_sentence_and_exit_three(recorded, arguments):
    done = recorded(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (3, "footprint: cannot write to standard output: it is closed\n")


@pytest.mark.parametrize("arguments", PRINTING, ids=lambda words: " ".join(map(str, words[:3])))
def test_a_reader_that_has_seen_enough_ends_it_quietly_and_never_as_a_yes(recorded, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = recorded(*arguments, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_full_disk_behind_standard_error_changes_no_answer(recorded):
    with Path("/dev/full").open("w") as full:
        done = recorded("gate", "out", "--budget", "nodes>=0", stdout=subprocess.PIPE, stderr=full)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "1 check passed")


@pytest.fixture
def hostile(small, tmp_path):
    """``odd.json``: a recording whose every name is HOSTILE."""
    shutil.copytree(small / "out", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "recording.json").read_text())
    run = document["runs"][0]
    sample = run["samples"][0]
    samples = [{"mark": HOSTILE, "cycle": n, "metrics": {**sample["metrics"], HOSTILE: n}} for n in range(12)]
    run |= {"rules": HOSTILE, "what": HOSTILE, "samples": samples}
    document |= {"scenario": HOSTILE, "params": {HOSTILE: HOSTILE}, "backend": HOSTILE, "question": HOSTILE}
    (tmp_path / "odd.json").write_text(json.dumps(document))
    return HOSTILE


STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "odd.json"),
        ("show", "odd.json", "--all"),
        ("show", "odd.json", "--json"),
        ("show", "odd.json", "--mark", "none"),
        ("show", "odd.json", "-r", "none"),
        ("gate", "odd.json", "--budget", "nodes>=0"),
        ("gate", "odd.json", "--budget", "nodes<0"),
        ("gate", "odd.json", "--budget", "traced.bytes<0"),
        ("compare", "odd.json", "odd.json", "--all"),
        ("compare", "odd.json", "out"),
        ("show", "no\x1b[31m\u202ename"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("columns", ["80", ""])
def test_names_read_from_files_never_steer_the_terminal(footprint, hostile, arguments, columns):
    done = footprint(*arguments, COLUMNS=columns)
    assert done.returncode in (0, 1, 2), done.stderr
    said = done.stdout + done.stderr
    assert {letter for letter in said if unicodedata.category(letter) in STEERING} <= {"\n"}
    assert "Traceback" not in said
    assert "\\u202e" in said


def test_json_with_hidden_characters_is_the_same_document(footprint, hostile, tmp_path):
    shown = json.loads(footprint("show", "odd.json", "--json").stdout)
    assert shown["scenario"] == HOSTILE
    assert shown["runs"][0]["samples"][0]["metrics"][HOSTILE] == 0
    shown = json.loads(footprint("show", "odd.json", "--json", PYTHONIOENCODING="ascii").stdout)
    assert shown["params"] == {HOSTILE: HOSTILE}


def test_a_terminal_without_unicode_gets_escapes_and_no_traceback(footprint, hostile):
    done = footprint("show", "out", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_what_people_write_stays_as_it_is():
    for text in ("plain", "naïve café", "電源", "🦆", "a\N{NARROW NO-BREAK SPACE}b", "−1 → 2 “x” …"):
        assert visible(text) == text
    assert visible("\x1b\u202e\U000e0041\0\n") == "\\x1b\\u202e\\U000e0041\\x00\\x0a"


def test_wrapping_cuts_neither_words_nor_figures():
    text = "modelled.bytes.peak is 306 118 400 B (292 MiB) under 092aa2fc65@posted at built: meets the budget <= 12 %"
    whole = ("306 118 400 B", "292 MiB", "092aa2fc65@posted", "modelled.bytes.peak", "12 %")
    for columns in range(20, 120):
        lines = wrapped(text, columns, hang="  ")
        assert " ".join(line.strip() for line in lines) == text
        assert all(any(part in line for line in lines) for part in whole)
        assert max(map(cell_len, lines)) <= columns
    assert wrapped(text, None) == [text]


def test_colours_are_for_terminals_and_not_under_no_color(recorded, tmp_path):
    assert "\x1b[1m" in on_a_terminal(recorded, "show", "out")
    assert "\x1b" not in on_a_terminal(recorded, "show", "out", NO_COLOR="1")


def on_a_terminal(recorded, *arguments, **environment):
    """What a terminal of 80 columns gets from both standard streams."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 80))
    try:
        done = recorded(*arguments, stdout=child, stderr=child, env={**os.environ, "TERM": "xterm", **environment})
        assert done.returncode == 0
        return os.read(parent, 65536).decode()
    finally:
        os.close(parent)
        os.close(child)


def test_on_a_terminal_a_note_stands_below_the_data_after_an_empty_line_and_wrapped(recorded):
    said = on_a_terminal(recorded, "show", "out", NO_COLOR="1", COLUMNS="40").splitlines()
    first = next(n for n, line in enumerate(said) if line.startswith("left out for want of room:"))
    assert said[first - 1] == ""
    assert said[first - 2].startswith("v7.2.0 ")
    assert said[-1].endswith("--json shows them)")
    assert len(said) > first + 1
    assert max(map(len, said[first:])) <= 80


def test_in_a_pipe_there_is_no_empty_line_for_a_note(recorded):
    done = recorded("gate", "out", "--budget", "nodes>=0", stdout=subprocess.PIPE)
    assert done.stdout.startswith("1 check passed\n")
    assert done.stderr == ""


@pytest.mark.parametrize("path", sorted((ROOT / "footprint" / "cli").glob("*.py")), ids=lambda path: path.name)
def test_no_verb_prints_but_through_the_terminal_module(path):
    if path.name == "terminal.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "click.echo", "click.secho", "click.echo_via_pager"), f"line {node.lineno}"
            assert not called.endswith((".stdout.write", ".stderr.write")), f"line {node.lineno}"
