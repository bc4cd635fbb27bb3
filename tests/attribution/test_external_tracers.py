"""Native places: by memray in the process, by heaptrack and valgrind around it, or a hint."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from footprint.attribution.external_tracers import Rerun, heaptrack_left, traced
from footprint.attribution.native_stacks import per_cycle
from footprint.install import install_command
from footprint.verdict.place import Explanation, PlaceKind
from tests.conftest import PROGRAMS
from tests.fixtures.leaks import WITHOUT_MEMRAY, explain_word
from tests.process.test_child import running

HEAP = {"heap.bytes": 64.0}
SPARC = {"heap.bytes": 123_072.0}


def native(explanation):
    return [place for place in explanation.places if place.kind == PlaceKind.NATIVE]


def check_session(explanation):
    place = native(explanation)[0]
    assert place.text.startswith("1 block, 48 B a cycle  take_a_block ← open_session")
    assert place.metrics[:2] == ("heap.bytes", "heap.blocks")
    assert explanation.rates == {"heap.blocks": 1}
    assert explanation.untraced == 0


def test_memray_names_the_functions_of_a_library_that_ctypes_has_loaded(explained, session_target, path_without):
    path_without("heaptrack", "valgrind")
    explanation = explained(session_target(), HEAP)
    check_session(explanation)
    assert native(explanation)[0].frames[:3] == ("take_a_block", "open_session", "app.py:4 in cycle")


def test_heaptrack_names_them_where_memray_is_not(explained, session_target, path_without):
    path_without("valgrind")
    explanation = explained(session_target(WITHOUT_MEMRAY), HEAP)
    check_session(explanation)
    assert native(explanation)[0].frames == ("take_a_block", "open_session", "app.py:5 in cycle")


@pytest.mark.parametrize("hiding", ["", WITHOUT_MEMRAY], ids=["memray", "heaptrack"])
def test_six_functions_of_c_do_not_hide_the_line_that_called_them(explained, hiding, tmp_path):
    functions = "".join(
        f"__attribute__((noinline)) void nested_{n}(void) {{ nested_{n - 1}(); last = 0; }}\n" for n in range(2, 7)
    )
    (tmp_path / "nested.c").write_text(
        "#include <stdlib.h>\nvoid *volatile last;\n"
        f"__attribute__((noinline)) void nested_1(void) {{ last = malloc(48); }}\n{functions}"
    )
    library = tmp_path / "libnested.so"
    subprocess.run(["gcc", "-O1", "-g", "-shared", "-fPIC", "-o", library, tmp_path / "nested.c"], check=True)
    called = f"import ctypes\nnested = ctypes.CDLL({str(library)!r})\ndef helper():\n    nested.nested_6()\n"
    explanation = explained(f"{hiding}{called}def cycle():\n    helper()\n", {"heap.bytes": 64.0})
    (place,) = explanation.places
    assert place.frames[:6] == tuple(f"nested_{n}" for n in range(1, 7))
    line = 5 if hiding else 4
    assert f"← app.py:{line} in helper" in place.where_text


def test_where_no_tracer_is_a_hint_says_how_to_get_one(explained, session_target, path_without):
    path_without("heaptrack", "valgrind")
    explanation = explained(session_target(WITHOUT_MEMRAY), HEAP)
    assert not native(explanation) and not explanation.rates
    assert any(install_command("memray") in hint and "apt install heaptrack" in hint for hint in explanation.hints)


BY_DLSYM = """
    import ctypes
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    def cycle():
        libc.malloc(100)
"""


def test_what_memray_does_not_see_heaptrack_does(explained):
    explanation = explained(BY_DLSYM, {"heap.bytes": 112.0})
    assert [place.text for place in explanation.places] == [
        "1 block, 100 B a cycle  libc.malloc(100)  app.py:6 in cycle"
    ]
    assert explanation.rates == {"heap.blocks": 1}
    assert not explanation.hints


def test_what_memray_does_not_see_is_told_where_nothing_else_is(explained, path_without):
    path_without("heaptrack", "valgrind")
    explanation = explained(BY_DLSYM, {"heap.bytes": 112.0})
    (place,) = explanation.places
    assert place.text.endswith(" B a cycle  libc.malloc(100)  app.py:6 in cycle")
    assert 112 <= place.rate <= 128  # a piece that is left over beside a block goes with it
    assert any("memray sees only a part" in hint for hint in explanation.hints)


def test_a_heap_with_many_holes_and_a_cycle_of_many_lines_have_their_places(explained, path_without):
    path_without("heaptrack", "valgrind")
    explanation = explained(
        f"""
        {WITHOUT_MEMRAY}
        import ctypes
        libc = ctypes.CDLL(None)
        libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        for hole in [(libc.malloc(3000), libc.malloc(24))[0] for _ in range(60_000)]:
            libc.free(hole)
        kept = []
        def lines(number):
            while number:
                number -= 1
        def takes():
            libc.malloc(5000)
        def cycle():
            takes()
            kept.append(object())
            lines(4000)
        """,
        {"heap.bytes": 5016.0, "python.blocks": 1.0},
    )
    told = [place.where_text for place in explanation.places if place.kind == PlaceKind.STACK]
    assert told == [
        "libc.malloc(5000)  app.py:14 in takes ← app.py:16 in cycle", "kept.append(object())  app.py:17 in cycle",
    ]  # fmt: skip


def test_a_line_at_which_nothing_falls_is_told_beside_those_at_which_all_that_rises_falls(explained, path_without):
    path_without("heaptrack", "valgrind")
    explanation = explained(
        f"""
        {WITHOUT_MEMRAY}
        import ctypes
        libc = ctypes.CDLL(None)
        libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        def cycle():
            holes = []
            for size in range(300, 1000, 10):
                holes.append(libc.malloc(size))
                libc.malloc(24)
            for hole in holes:
                libc.free(hole)
        """,
        {"heap.bytes": 2296.0},
    )
    (place,) = explanation.places
    assert place.where_text == "libc.malloc(24)  app.py:11 in cycle"
    assert place.size == pytest.approx(2296, rel=0.05)


def test_of_several_lines_that_call_into_libc_each_byte_is_told_once(explained, path_without, need):
    need("heaptrack", "heaptrack")
    path_without("valgrind")
    explanation = explained(
        f"""
        {WITHOUT_MEMRAY}
        import ctypes
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        def many():
            for size in (100, 200, 300, 400):
                libc.malloc(size)
        def few():
            for size in (50, 150):
                libc.malloc(size)
        def cycle():
            many()
            few()
        """,
        {"heap.bytes": 1280.0},
    )
    assert [place.where_text for place in explanation.places] == [
        "libc.malloc(size)  app.py:9 in many ← app.py:14 in cycle",
        "libc.malloc(size)  app.py:12 in few ← app.py:15 in cycle",
    ]
    assert sum(place.size for place in explanation.places) == pytest.approx(1280)
    assert explanation.rates == {"heap.blocks": 6}


def test_what_pythons_own_blocks_take_is_neither_what_memray_nor_what_the_heap_tells(explained, path_without):
    path_without("heaptrack", "valgrind")
    explanation = explained(
        """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        kept = []
        def cycle():
            libc.malloc(5000)
            kept.append(bytes(4000))
        """,
        {"heap.bytes": 9064.0, "python.blocks": 1.0},
    )
    own, python = (place for place in explanation.places if place.kind == PlaceKind.STACK)
    assert (own.where_text, python.where_text) == (
        "libc.malloc(5000)  app.py:7 in cycle", "kept.append(bytes(4000))  app.py:8 in cycle",
    )  # fmt: skip
    assert own.size == pytest.approx(5008, rel=0.02)
    assert not native(explanation)


def test_a_target_that_hangs_under_the_tracer_keeps_its_other_places(explained, path_without, monkeypatch):
    monkeypatch.setattr("footprint.attribution.external_tracers.SECONDS", 2.0)
    path_without("valgrind")
    source = f"""
        {WITHOUT_MEMRAY}
        import ctypes, time
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        if "libheaptrack" in open("/proc/self/maps").read():
            time.sleep(1000)
        def cycle():
            libc.malloc(100)
    """
    explanation = explained(source, {"heap.bytes": 112.0})
    assert any("heaptrack could not trace it: it was not ready" in hint for hint in explanation.hints)
    assert explanation.untraced


def test_a_program_that_ignores_the_end_of_its_input_is_made_to_exit(path_without, need, tmp_path, monkeypatch):
    need("heaptrack", "heaptrack")
    path_without("valgrind")
    monkeypatch.setattr("footprint.attribution.external_tracers.IDLE", 0.5)
    pipes = set(Path("/tmp").glob("heaptrack_fifo*"))
    rerun = Rerun(
        lambda _: [sys.executable, str(PROGRAMS / "stays.py"), str(tmp_path), "alone"], {**os.environ}, "",
        lambda n: "x\n" * n, seconds=30, stays=True,
    )  # fmt: skip
    explanation = traced(rerun, 20, Explanation(untraced=100_000), {"heap.bytes": 100_016.0})
    assert not explanation.hints
    assert native(explanation)[0].size == pytest.approx(100_000, rel=0.1)
    assert running(str(tmp_path)) == []
    assert set(Path("/tmp").glob("heaptrack_fifo*")) <= pipes


@pytest.fixture
def sparc(wheel, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", wheel("2.1.4"))


def check_sparc(explanation):
    place = native(explanation)[0]
    assert place.text.startswith(
        "12 blocks, 122 880 B a cycle  tlb_init_sparc64 ← cpu_sparc_init_sparc64 ← sparc_cpus_init ← uc_init_engine"
    )
    assert explanation.rates == {"heap.blocks": 12}


def test_memray_names_what_unicorns_sparc64_leaves(sparc, path_without):
    path_without("heaptrack", "valgrind")
    check_sparc(explain_word("unicorn:sparc64", SPARC, cycles=5, before=10))


@pytest.mark.parametrize("other", ["heaptrack", "valgrind"])
def test_the_tracers_around_it_agree(other, sparc, path_without, monkeypatch, tmp_path):
    path_without(*({"heaptrack", "valgrind"} - {other}))
    (tmp_path / "engine.py").write_text(
        f"{WITHOUT_MEMRAY}from footprint.engines.unicorn_cycles import cycles\ncycle, _ = cycles('sparc64')\n"
    )
    check_sparc(explain_word(f"{tmp_path}/engine.py:cycle", SPARC, cycles=2, before=10))


@pytest.mark.parametrize(("more", "cycles", "told"), [(2, 31, 0), (3, 31, 1), (1, 1, 1)])
def test_one_or_two_blocks_in_many_cycles_are_not_told(more, cycles, told):
    grown = per_cycle({("table",): (1, 65_000)}, {("table",): (1 + more, 65_000 * (1 + more))}, cycles)
    assert len(grown) == told


def test_a_record_of_an_older_heaptrack_has_strings_without_their_length():
    record = """
v 10100 1
s /lib/libkept.so
s take_a_block
s /usr/lib/libpython3.11.so.1.0
s cfunction_call
i 10 1 2
i 20 3 4
t 2 0
t 1 1
a 30 2
+ 0
+ 0
- 0
""".strip().splitlines()
    assert heaptrack_left(record) == {("take_a_block",): (1, 48)}


def test_an_extension_in_an_environment_is_told_and_its_file_where_it_has_no_names():
    record = """
v 10100 1
s /home/me/env/lib/python3.11/site-packages/kept/_kept.cpython-311-x86_64-linux-gnu.so
s take_a_block
s /usr/lib/python3.11/lib-dynload/_ctypes.cpython-311-x86_64-linux-gnu.so
s /usr/bin/python3.11
s type_call
i 10 1 2
i 20 1
i 28 1
i 30 3
i 40 4 5
t 5 0
t 4 1
t 3 2
t 2 3
t 1 4
a 30 5
+ 0
""".strip().splitlines()
    assert heaptrack_left(record) == {("take_a_block", "_kept.so"): (1, 48)}
