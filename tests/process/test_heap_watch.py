"""The library that counts a process's heap from within."""

import os
import signal
import subprocess

import pytest

from footprint.attribution.left_blocks import crash_frames, explained
from footprint.errors import MeasurementError
from footprint.process.child import Child
from footprint.process.heap_watch import HeapWatch, heap_library

SOURCE = r"""
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void *volatile kept;
__attribute__((noinline)) void take_one(size_t size) { kept = malloc(size); memset(kept, 1, size); }
__attribute__((noinline)) void break_down(void) { abort(); }
int main(void)
{
    char line[64];
    setvbuf(stdout, NULL, _IONBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        void *two = NULL;
        switch (line[0]) {
        case 'k': take_one((size_t)atol(line + 1)); break;
        case 'c': free(calloc(7, 33)); free(strdup(line)); break;
        case 'r': kept = realloc(kept, (size_t)atol(line + 1)); break;
        case 'a': if (posix_memalign(&two, 256, 1000)) return 2; free(two); free(aligned_alloc(64, 640)); break;
        case 'x': break_down();
        }
        struct mallinfo2 now = mallinfo2();
        printf("%zu\n", now.uordblks + now.hblkhd);
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A program in C that does with its heap what it is told, and answers with what glibc says that is in use."""
    folder = tmp_path_factory.mktemp("heap")
    (folder / "heap.c").write_text(SOURCE)
    subprocess.run(["gcc", "-O1", "-g", "-o", folder / "heap", folder / "heap.c"], check=True)
    subprocess.run(["gcc", "-O1", "-static", "-o", folder / "fixed", folder / "heap.c"], check=True)
    return folder / "heap"


class Told:
    """The program under a watch: `tell` gives it an order, and returns what glibc says."""

    def __init__(self, program, watch):
        self.watch = watch
        theirs, self._orders = os.pipe()
        self._answers, out = os.pipe()
        self.child = Child(
            [str(program)], stdin=theirs, stdout=out, pass_fds=(watch.descriptor,),
            environment={**os.environ, **watch.environment},
        )  # fmt: skip
        os.close(theirs)
        os.close(out)

    def tell(self, order):
        os.write(self._orders, f"{order}\n".encode())
        text = b""
        while not text.endswith(b"\n"):
            chunk = os.read(self._answers, 64)
            if not chunk:
                return None
            text += chunk
        return int(text)

    def close(self):
        self.child.kill()
        os.close(self._orders)
        os.close(self._answers)


@pytest.fixture
def told(program):
    with HeapWatch() as watch:
        told = Told(program, watch)
        told.tell("n")
        yield told
        told.close()


@pytest.mark.parametrize("orders", [["k16"], ["k1000", "k24"], ["k300000"], ["c", "a"], ["k100", "r5000", "r400000"]])
def test_its_bytes_are_those_that_glibc_gives(told, orders):
    assert told.watch.counts(told.child.pid)
    glibc, (ours, blocks) = told.tell("n"), told.watch.read()
    for order in orders:
        after = told.tell(order)
    assert told.watch.read()[0] - ours == after - glibc
    assert told.watch.read()[1] - blocks == sum(order[0] == "k" for order in orders)


def test_what_is_left_while_it_is_traced_is_named_by_its_stack(told):
    told.tell("k48")
    told.watch.trace(on=True)
    for _ in range(10):
        told.tell("k48")
        told.tell("c")
    told.watch.trace(on=False)
    left = list(told.watch.left())
    (place,) = explained(left, 10, told.child.pid).places
    assert (len(left), place.rate, place.size) == (10, 1, 64)
    assert place.frames[:2] == ("take_one", "main")


def test_tracing_again_forgets_what_was_kept_before(told):
    for number in (3, 5):
        told.watch.trace(on=True)
        for _ in range(number):
            told.tell("k48")
        told.watch.trace(on=False)
        assert len(list(told.watch.left())) == number


def test_a_program_that_dies_leaves_its_stack(told):
    assert told.watch.crash is None
    assert told.tell("x") is None
    assert told.child.wait(5) == -signal.SIGABRT
    frames = crash_frames(told.watch.crash)
    assert frames[frames.index("break_down") :][:2] == ("break_down", "main")


def test_a_program_that_loads_no_libraries_is_known_not_to_count(program):
    with HeapWatch() as watch:
        told = Told(program.with_name("fixed"), watch)
        told.tell("k16")
        assert not watch.counts(told.child.pid)
        told.close()


def test_without_a_compiler_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(MeasurementError, match=r"no C compiler is installed \(apt install gcc libc6-dev\)"):
        heap_library()


def test_the_library_is_compiled_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = heap_library()
    assert [made] == list((tmp_path / "footprint").iterdir())
    stamp = made.stat().st_mtime_ns
    assert (heap_library(), made.stat().st_mtime_ns) == (made, stamp)
