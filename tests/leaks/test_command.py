"""``footprint leaks -- PROG``: programs of any language, a line a cycle."""

import json
import subprocess

import pytest

from tests.conftest import PROGRAMS
from tests.process.test_child import running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A program in C that answers lines, and leaks as many bytes each time as its argument says."""
    server = tmp_path_factory.mktemp("server") / "server"
    subprocess.run(["gcc", "-O0", "-g", "-o", server, PROGRAMS / "server.c"], check=True)
    return server


@pytest.fixture
def uncounted(path_without, monkeypatch, tmp_path):
    """Without the library that counts the heap, and without a compiler that makes it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv("CC", raising=False)
    return lambda *more: path_without("cc", "gcc", "clang", *more)


def measured(footprint, server, size):
    done = footprint("leaks", "--json", "--", server, size)
    document = json.loads(done.stdout)
    assert (done.returncode, document["target"]) == (1, f"{server} {size}")
    return document, {one["metric"]: one for one in document["findings"]}


@pytest.mark.parametrize(("size", "chunk"), [(16, 32), (300_000, 303_104)])
def test_what_a_program_leaks_is_found_from_outside(footprint, server, uncounted, size, chunk):
    uncounted()
    document, found = measured(footprint, server, size)
    assert found["vm.bytes"]["per_cycle"] == pytest.approx(chunk, rel=0.05)
    assert "uss.bytes" in found
    assert found["heap.blocks"]["per_cycle"] == 1
    assert "keep_a_line" in found["vm.bytes"]["where"][0]["text"]
    assert document["unwatched"] == ["heap.bytes: no C compiler is installed (apt install gcc libc6-dev)"]


def test_what_a_program_leaks_is_counted_to_the_byte(footprint, server):
    document, found = measured(footprint, server, 16)
    assert [found[name]["per_cycle"] for name in ("heap.bytes", "heap.blocks")] == [32, 1]
    assert found["heap.bytes"]["low"] == found["heap.bytes"]["high"]
    assert found["heap.bytes"]["where"][0]["frames"][:2] == ["keep_a_line", "main"]
    assert document["channels"] == {"heap.bytes": "a preloaded library"}


def test_where_no_tracer_is_it_is_told_what_to_install(footprint, server, uncounted):
    uncounted("heaptrack", "valgrind")
    assert "apt install heaptrack" in footprint("leaks", "--", server, 1000).stdout


def test_a_program_that_keeps_nothing_is_clean(footprint, server):
    assert footprint("leaks", "--", server).returncode == 0


@pytest.mark.parametrize(("more", "code"), [("", 0), ("kept.append(object())", 1)])
def test_a_program_in_python_is_measured_with_what_its_own_allocator_holds(footprint, tmp_path, more, code):
    (tmp_path / "serve.py").write_text(
        f"import sys\nkept = []\nfor line in sys.stdin:\n    {more or 'pass'}\n    print(len(line), flush=True)\n"
    )
    assert footprint("leaks", "--", "python3", "serve.py").returncode == code


def test_the_line_that_is_sent_can_be_chosen(footprint, tmp_path):
    (tmp_path / "pick.py").write_text(
        "import sys\nfor line in sys.stdin:\n    assert line == 'one of these\\n', line\n    print('ok', flush=True)\n"
    )
    assert footprint("leaks", "--line", "one of these", "--", "python3", "pick.py").returncode == 0
    done = footprint("leaks", "--json", "--", "python3", "pick.py")
    assert done.returncode == 3
    assert "AssertionError: 1" in json.loads(done.stdout)["ended"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["true"], "exits (0) in cycle 1"),
        (["sh", "-c", "kill -SEGV $$"], "killed by signal 11"),
        (["sh", "-c", "read x; exec sleep 60"], "does not answer line 1"),
    ],
)
def test_a_program_that_ends_or_does_not_answer_is_reported_as_that(footprint, command, words):
    done = footprint("leaks", "--json", "--seconds", "3", "--", *command)
    assert done.returncode == 3
    assert words in json.loads(done.stdout)["ended"]


def test_a_program_that_is_not_there_cannot_be_measured(footprint):
    done = footprint("leaks", "--", "nosuchprogram")
    assert (done.returncode, done.stdout) == (3, "")
    assert "nosuchprogram is not installed" in done.stderr


def test_a_program_that_stops_itself_is_told_and_ended(footprint, tmp_path):
    done = footprint("leaks", "--seconds", "3", "--", "python3", PROGRAMS / "stays.py", tmp_path, "5", timeout=30)
    assert done.returncode == 3
    assert "it does not answer line 5 within" in done.stdout
    assert running(str(tmp_path)) == []
