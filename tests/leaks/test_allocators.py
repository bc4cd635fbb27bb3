"""Memory of other allocators than glibc's, for real: preloaded, of C++, in private arenas, and by one's own mmap."""

import json
import os
import subprocess

import pytest

PRELOADED = {"jemalloc": "libjemalloc.so.2", "mimalloc": "libmimalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4"}
TARGETS = """
import ctypes, mmap
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
libc.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
libc.free.argtypes = (ctypes.c_void_p,)
kept = []

def keeps():
    libc.memset(libc.malloc(256), 1, 256)
def frees():
    block = libc.malloc(256)
    libc.memset(block, 1, 256)
    libc.free(block)
def maps():
    kept.append(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))

used = 0
def chunks_of_an_arena():
    global used
    if used % (1 << 20) == 0:
        kept.append(mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    kept[-1][used % (1 << 20)] = 1
    used += 512
libc.aligned_alloc.restype, libc.aligned_alloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,) * 2
def pins_pages():
    libc.memset(libc.aligned_alloc(16384, 144), 1, 144)  # what lies between is free, and too small for the next
"""
CPLUSPLUS = """
#include <cstring>
#include <vector>
extern "C" void keeps() { std::memset(new char[256], 1, 256); }
extern "C" void frees() { std::vector<char> block(256, 1); }
"""


@pytest.fixture
def answered(footprint, tmp_path):
    """The document about one of these targets, in a process with this library preloaded."""
    (tmp_path / "targets.py").write_text(TARGETS)

    def run(name, *, file="targets.py", preloaded=None):
        environment = {"LD_PRELOAD": preloaded} if preloaded else {}
        done = footprint("leaks", f"{tmp_path}/{file}:{name}", "--json", "--no-where", **environment)
        return json.loads(done.stdout)

    return run


def rates(document):
    return {finding["metric"]: finding["per_cycle"] for finding in document["findings"] if finding["kind"] == "leak"}


def installed(library):
    """Whether it is there; in CI it must be."""
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    if library not in listed:
        if os.environ.get("CI"):
            pytest.fail(f"{library} is not installed")
        pytest.skip(f"{library} is not installed")
    return library


@pytest.mark.parametrize("allocator", PRELOADED)
def test_what_another_allocator_keeps_leaks_in_pages_and_has_its_name(answered, allocator):
    document = answered("keeps", preloaded=installed(PRELOADED[allocator]))
    assert document["verdict"] == "leak"
    assert rates(document)["uss.bytes"] == pytest.approx(256, rel=0.1)
    assert allocator in document["hints"][0]


@pytest.mark.parametrize("allocator", PRELOADED)
def test_what_another_allocator_gets_back_is_clean_and_nothing_is_promised_of_glibcs_heap(answered, allocator):
    document = answered("frees", preloaded=installed(PRELOADED[allocator]))
    assert (document["verdict"], rates(document)) == ("clean", {})
    assert "heap.bytes" not in document["power"]
    assert document["power"]["uss.bytes"] > 0
    assert allocator in document["hints"][0]


@pytest.mark.parametrize(("name", "answer"), [("keeps", "leak"), ("frees", "clean")])
def test_new_of_c_plus_plus_is_glibcs_heap(answered, tmp_path, need, name, answer):
    (tmp_path / "library.cpp").write_text(CPLUSPLUS)
    command = [need("g++", "g++"), "-shared", "-fPIC", "-O0", "-o", f"{tmp_path}/library.so", f"{tmp_path}/library.cpp"]
    subprocess.run(command, check=True)
    (tmp_path / "cpp.py").write_text(
        f"import ctypes\nlibrary = ctypes.CDLL({str(tmp_path / 'library.so')!r})\n"
        "keeps, frees = (lambda: library.keeps()), (lambda: library.frees())\n"
    )
    document = answered(name, file="cpp.py")
    assert document["verdict"] == answer
    assert answer == "clean" or rates(document)["heap.bytes"] == 272


def test_a_mapping_a_cycle_and_chunks_of_an_arena_are_leaks(answered):
    assert rates(answered("maps"))["vm.bytes"] == pytest.approx(4096, rel=0.1)
    arena = answered("chunks_of_an_arena")
    assert arena["verdict"] == "leak"
    assert rates(arena)["uss.bytes"] == pytest.approx(512, rel=0.1)


def test_small_blocks_that_pin_pages_are_told_by_their_true_cost(answered):
    document = answered("pins_pages")
    assert (document["verdict"], document["findings"][0]["metric"]) == ("leak", "uss.bytes")
    assert rates(document)["heap.bytes"] == 160
    assert rates(document)["uss.bytes"] > 50 * 160
    assert "pins pages whose other blocks were freed" in document["hints"][0]
