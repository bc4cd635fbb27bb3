"""Wrong answers that the field has seen, each as a small real target: what is right of each, in every run.

`FOOTPRINT_FIELD_RUNS=20` repeats each so often; alone, for they measure.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

RUNS = int(os.environ.get("FOOTPRINT_FIELD_RUNS", "1"))

SOURCE = """
import asyncio, ctypes, mmap, os, threading, time, tracemalloc
kept, number = [], 0
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p

def one_object():
    kept.append(object())
def an_object_for_a_moment():
    [object()]

arena, used = None, 0
def arena_of_its_own():
    global arena, used
    if arena is None:
        arena = mmap.mmap(-1, 2 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    arena[used] = 1
    used += 256

ring = None
def ring_of_its_own():
    global ring, used
    if ring is None:
        ring = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    ring[used % len(ring)] = 1
    used += 256

buffer = bytearray(8)
def doubling():
    global buffer, number
    number += 1
    if 8 * number > len(buffer):
        buffer = bytearray(2 * len(buffer))

def grows_by(factor):
    table = [bytearray(16), 0]
    def cycle():
        table[1] += 1
        if 8 * table[1] > len(table[0]):
            table[0] = bytearray(factor * len(table[0]))
    return cycle
by_three, by_four, by_ten = grows_by(3), grows_by(4), grows_by(10)

seen = iter(range(10_000_000))
known, numbers = set(), [*range(2_000_000)]
def set_of_known():
    known.add(numbers[next(seen)])

def doubling_then_raises():
    doubling()
    if number > 8_000:
        raise ValueError("full")

cache = {}
def saw_tooth():
    time.sleep(.002)
    cache[len(cache)] = object()
    if len(cache) >= 3000:
        cache.clear()

def fast_saw_tooth():
    cache[len(cache)] = object()
    if len(cache) >= 60_000:
        cache.clear()

async def keeps():
    kept.append([])
async def asynchronous_generator():
    kept.append([])
    yield 1
gives_a_coroutine = lambda: keeps()
gives_a_generator = lambda: (kept.append(1) for _ in range(3))
class Keeper:
    async def __call__(self):
        kept.append([])
keeper = Keeper()

def three_seconds():
    time.sleep(3)
    kept.append(object())

def hangs_late():
    global number
    number += 1
    if number == 900:
        time.sleep(100)

def raises_late():
    global number
    number += 1
    if number == 9000:
        raise KeyError("late")

def rare_and_slow():
    global number
    time.sleep(.002)
    number += 1
    if number % 500 == 0:
        kept.append([object()])

def tuples():
    tuple(i for i in (1, 2))

def descriptor_in_50_ms():
    time.sleep(.05)
    os.open("/dev/null", 0)

def thread_in_50_ms():
    time.sleep(.05)
    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()

def pipe():
    os.pipe()
def duplicate():
    os.dup(1)
def event():
    os.eventfd(0)
def pipe_by_c():
    libc.pipe((ctypes.c_int * 2)())
def mapping_by_c():
    libc.mmap(None, 8192, 3, 0x22, -1, 0)
def uses_tracemalloc():
    tracemalloc.start()
    kept.append(object())
    tracemalloc.stop()
def closes_everything():
    os.closerange(3, 4096)

class Session:
    def __init__(self):
        self.window = mmap.mmap(-1, 8192, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for size in range(700, 1700, 100):
            setattr(self, f"part{size}", bytearray(size))
class Owner:
    sessions = []
def keeps_sessions():
    Owner.sessions.append(Session())
"""


@pytest.fixture
def field(footprint, tmp_path):
    """The document that ``leaks`` gives about one of these targets."""
    (tmp_path / "field.py").write_text(SOURCE)

    def run(name, *options):
        done = footprint("leaks", f"{tmp_path}/field.py:{name}", "--json", *options, timeout=110)
        assert "Traceback" not in done.stderr
        if not done.stdout:
            return {"verdict": "refused", "reason": done.stderr}
        document = json.loads(done.stdout)
        assert all(finding["low"] > 0 for finding in document["findings"])  # what may be nothing is not told
        return document

    return run


@pytest.fixture(params=range(RUNS), autouse=True)
def again(request):
    """Every case, so often."""
    return request.param


def rates(document):
    return {finding["metric"]: finding["per_cycle"] for finding in document["findings"] if finding["kind"] == "leak"}


def lines(document):
    return " ".join(place["text"] for finding in document["findings"] for place in finding["where"])


def test_an_arena_of_its_own_leaks_in_pages_and_the_reason_is_told(field):
    document = field("arena_of_its_own")
    assert (document["verdict"], rates(document)["uss.bytes"]) == ("leak", pytest.approx(256, rel=0.05))
    assert document["findings"][0]["metric"] == "uss.bytes"
    assert "pages rise while glibc's heap and Python's blocks do not" in document["hints"][0]


@pytest.mark.parametrize(("name", "most"), [("ring_of_its_own", 0.01), ("tuples", 0.01), ("fast_saw_tooth", 30)])
def test_what_fills_up_or_falls_back_is_clean_and_retains_nothing(field, name, most):
    document = field(name)
    assert (document["verdict"], document["findings"]) == ("clean", [])
    assert document["power"]["python.blocks"] <= most


def test_a_growth_that_was_seen_is_not_hidden_by_how_the_target_ends(field):
    document = field("doubling_then_raises")
    assert document["verdict"] in ("leak", "inconclusive")
    assert "raises ValueError: full" in document["ended"]
    assert document["verdict"] == "leak" or "a cycle so far" in document["reason"]


@pytest.mark.parametrize("name", ["doubling", "by_three", "by_four", "by_ten", "set_of_known"])
def test_tables_and_buffers_that_grow_by_any_factor_are_leaks_in_steps(field, name):
    document = field(name)
    assert document["verdict"] == "leak"
    slope = document["findings"][0]
    assert slope["low"] <= slope["per_cycle"] <= slope["high"]
    assert "ever larger steps" in " ".join(document["hints"])


@pytest.mark.parametrize("name", ["asynchronous_generator", "gives_a_coroutine", "keeper"])
def test_whatever_a_call_gives_is_run_to_its_end(field, name):
    document = field(name)
    assert (document["verdict"], rates(document)["gc.objects"]) == ("leak", 1)


def test_a_lambda_that_gives_a_generator_is_refused_with_how_to_write_it(field):
    assert "list(FUNCTION())" in field("gives_a_generator")["reason"]


@pytest.mark.parametrize(("name", "metric"), [("descriptor_in_50_ms", "fds"), ("thread_in_50_ms", "threads")])
def test_a_count_that_rises_in_every_slow_cycle_is_told_after_66_of_them(field, name, metric):
    document = field(name, "--no-where")
    assert (document["verdict"], rates(document)[metric]) == ("leak", 1)
    assert document["cycles"] + document["warmup"] <= 120


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("pipe", "2 descriptors a cycle  pipe  field.py:{} in pipe"),
        ("duplicate", "field.py:{} in duplicate"),
        ("event", "field.py:{} in event"),
        ("pipe_by_c", "field.py:{} in pipe_by_c"),
        ("mapping_by_c", "field.py:{} in mapping_by_c"),
    ],
)
def test_descriptors_and_mappings_have_the_line_that_takes_them_whoever_asks_the_kernel(field, name, place):
    line = SOURCE.splitlines().index(f"def {name}():") + 2
    document = field(name)
    assert document["verdict"] == "leak"
    assert place.format(line) in lines(document)


def test_a_target_that_uses_tracemalloc_itself_has_its_line(field):
    document, line = field("uses_tracemalloc"), SOURCE.splitlines().index("def uses_tracemalloc():") + 3
    assert (document["verdict"], rates(document)["python.blocks"]) == ("leak", 1)
    assert f"kept.append(object())  field.py:{line} in uses_tracemalloc" in lines(document)


def test_the_owner_comes_before_its_small_mappings(footprint, tmp_path, path_without):
    path_without("heaptrack", "valgrind")  # they take long, and name no owner
    (tmp_path / "field.py").write_text(SOURCE)
    said = footprint("leaks", "field.py:keeps_sessions", "--cycles", "400").stdout
    assert "held by list field.Owner.sessions" in said
    assert said.index("held by list field.Owner.sessions") < said.index("anonymous rw-p")


def test_a_cycle_that_hangs_or_raises_is_named_not_the_first_of_its_batch(field):
    ended = field("raises_late")["ended"]
    assert "raises KeyError: 'late'" in ended
    assert "in cycle 9000" in ended
    assert "hangs in cycle 900:" in field("hangs_late", "--seconds", "8")["ended"]


def test_a_target_that_closes_our_pipes_is_told_in_a_sentence(field):
    document = field("closes_everything")
    assert document["verdict"] == "inconclusive"
    assert "it closed the descriptors that it is measured by" in document["reason"]


@pytest.mark.slow
def test_time_that_is_over_is_told_with_what_was_seen(field):
    document = field("three_seconds", "--seconds", "20")
    assert (document["verdict"], document["ended"]) == ("inconclusive", "")
    assert re.fullmatch(r"time over after [56] cycles; 1 block a cycle so far", document["reason"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("saw_tooth", ("clean", "inconclusive")),
        ("rare_and_slow", ("leak", "inconclusive")),
    ],
)
def test_what_needs_many_slow_cycles_is_answered_right(field, name, answers):
    assert field(name)["verdict"] in answers


def other_pythons():
    """Interpreters of 3.8, 3.9 and 3.13, as far as there are any here."""
    usual = [shutil.which(f"python3.{minor}") for minor in (8, 9, 13)]
    paths = [*filter(None, usual), *map(str, Path.home().glob(".pyenv/versions/3.*/bin/python"))]
    minors = {int(match[1]): path for path in paths if (match := re.search(r"3\.(\d+)[^/]*(/bin/python)?$", path))}
    return [minors[minor] for minor in (8, 9, 13) if minor in minors]


@pytest.mark.parametrize("python", other_pythons())
def test_another_python_needs_nothing_of_ours_installed(field, python):
    document = field("one_object", "--python", python)
    assert (document["verdict"], rates(document)["python.blocks"]) == ("leak", 1)
    line = SOURCE.splitlines().index("def one_object():") + 2
    assert f"field.py:{line}" in lines(document)
    assert field("an_object_for_a_moment", "--python", python)["verdict"] == "clean"
