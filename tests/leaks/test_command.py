"""``footprint leaks -- PROG``: programs of any language, a line a cycle."""

import json
import subprocess

import pytest

from tests.conftest import PROGRAMS


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A program in C that answers lines, and leaks as many bytes each time as its argument says."""
    server = tmp_path_factory.mktemp("server") / "server"
    subprocess.run(["gcc", "-O0", "-g", "-o", server, PROGRAMS / "server.c"], check=True)
    return server


@pytest.mark.parametrize(("size", "chunk"), [(16, 32), (1000, 1008), (300_000, 303_104)])
def test_what_a_program_leaks_is_found_from_outside(footprint, server, size, chunk):
    done = footprint("leaks", "--json", "--", server, size)
    document = json.loads(done.stdout)
    assert (done.returncode, document["target"]) == (1, f"{server} {size}")
    found = {one["metric"]: one for one in document["findings"]}
    assert found["vm.bytes"]["per_cycle"] == pytest.approx(chunk, rel=0.05)
    assert "uss.bytes" in found
    assert found["heap.blocks"]["per_cycle"] == 1
    assert "keep_a_line" in found["vm.bytes"]["where"][0]["text"]


def test_where_no_tracer_is_it_is_told_what_to_install(footprint, server, path_without):
    path_without("heaptrack", "valgrind")
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
