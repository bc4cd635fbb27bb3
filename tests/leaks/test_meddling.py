"""Targets that meddle with what measures them: clocks, tracemalloc, the collector. The answer is as right as any."""

import json
import re
import sys

import pytest

from tests.fixtures.leaks import WITHOUT_MEMRAY

OLD = "numpy==1.26.4" if sys.version_info >= (3, 12) else "numpy==1.23.5"
BLOCK = {"python.blocks": 1.0}
WITHOUT_ALL_BUT_LINES = "import sys; sys.modules['footprint.attribution.explain'] = None\n"
"""In a target: its Python is taken for one that is too old for holders."""

FROZEN = """
import time
kept = []
def cycle():
    time.time = time.perf_counter = time.monotonic = time.process_time = lambda: 42.0
    time.time_ns = time.perf_counter_ns = time.monotonic_ns = time.process_time_ns = lambda: 42
    kept.append(object())
"""
TRACEMALLOC = {
    "on from its import": ("tracemalloc.start()", ""),
    "on and off": ("", "tracemalloc.start(), tracemalloc.stop()"),
    "on and off by names of its own": ("from tracemalloc import start, stop", "start(), stop()"),
    "below the module": ("import _tracemalloc", "_tracemalloc.start(2), _tracemalloc.stop()"),
    "a snapshot in each cycle": ("tracemalloc.start()", "tracemalloc.take_snapshot()"),
    "cleared in each cycle": ("from tracemalloc import clear_traces; tracemalloc.start()", "clear_traces()"),
}


def uses_tracemalloc(how):
    once, each = TRACEMALLOC[how]
    return f"import tracemalloc\n{once}\nkept = []\ndef cycle():\n    kept.append(object())\n    {each or 'pass'}\n"


def test_clocks_that_stand_still_in_the_target_go_on_for_us(footprint, tmp_path):
    (tmp_path / "frozen.py").write_text(FROZEN)
    done = footprint("leaks", "frozen.py:cycle", "--json")
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert document["verdict"] == "leak"
    assert "frozen.py:7 in cycle" in str(document["findings"])


@pytest.mark.parametrize("how", TRACEMALLOC)
@pytest.mark.parametrize("old", ["", WITHOUT_ALL_BUT_LINES], ids=["", "lines alone"])
def test_a_target_that_uses_tracemalloc_itself_has_its_place(explained, how, old):
    explanation = explained(WITHOUT_MEMRAY + old + uses_tracemalloc(how), BLOCK, cycles=10, before=1)
    stacks = [place.text for place in explanation.places if place.kind == "stack"]
    assert re.match(r"1 block, [\d.]+ B a cycle  kept.append\(object\(\)\)  app.py:\d in cycle$", stacks[0])
    assert len(stacks) == 1
    held = [place for place in explanation.places if place.kind == "holder"]
    assert len(held) == (0 if old else 1)


def test_a_tracing_that_the_target_ends_all_the_same_is_told_and_the_holder_is_named(explained):
    source = (
        "import tracemalloc\nkept, stop = [], [tracemalloc.stop]\ndef cycle():\n    stop[0]()\n    kept.append([])\n"
    )
    explanation = explained(source, BLOCK, cycles=10, before=1)
    assert [place.kind for place in explanation.places] == ["holder"]
    assert explanation.hints == ("it switches tracemalloc itself, so that its lines cannot be told",)


def test_what_is_ours_is_no_place_where_the_target_unfreezes_the_collector(explained):
    source = "import gc\nkept = []\ndef cycle():\n    gc.unfreeze()\n    kept.append([])\n"
    explanation = explained(source, {"python.blocks": 1.0, "gc.objects": 1.0}, cycles=10, before=1)
    assert [place.kind for place in explanation.places] == ["stack", "holder"]
    assert "footprint" not in str(explanation.places)


def test_a_limit_that_the_target_sets_itself_does_not_hide_what_grew_until_it_failed(footprint, tmp_path):
    (tmp_path / "limited.py").write_text(
        "import os, resource\ndef cycle():\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))\n    os.open('/dev/null', 0)\n"
    )
    document = json.loads(footprint("leaks", "limited.py:cycle", "--json").stdout)
    assert document["verdict"] == "inconclusive"
    assert "Too many open files" in document["ended"]
    assert "1 descriptor a cycle so far" in document["reason"]


def test_a_descriptor_that_comes_with_a_mapping_has_the_line_that_takes_it(explained):
    explanation = explained(
        """
        import mmap, tempfile
        kept, file = [], tempfile.TemporaryFile()
        file.write(bytes(8192)), file.flush()
        def cycle():
            kept.append(mmap.mmap(file.fileno(), 4096))
        """,
        {"fds": 1.0, "maps": 1.0, "vm.bytes": 4096.0},
    )
    (place,) = [place for place in explanation.places if place.kind == "file"]
    assert place.text.endswith("app.py:6 in cycle")


def test_what_we_count_ourselves_is_no_holder(explained):
    source = (
        "kept, number = [], 0\ndef cycle():\n    global number\n    number += 1\n"
        "    if number > 15:  # only among the later of the traced cycles\n"
        "        kept.append([Exception(), cycle.__get__(1), iter([]), type(cycle)(cycle.__code__, {}), {1: []}, {()}])\n"
    )
    explanation = explained(source, {"python.blocks": 1.0, "gc.objects": 1.0}, cycles=10, before=1)
    assert "held by list kept" in str(explanation.places)
    assert "Counter" not in str(explanation.places)


def test_an_old_environment_has_its_verdict_and_the_line_of_its_array(footprint, tmp_path):
    (tmp_path / "arrays.py").write_text(
        "import numpy as np\nassert np.__version__ < '2'\nkept = []\n"
        "def keeps():\n    kept.append(np.zeros(100))\n"
        "def nothing():\n    row = np.arange(1000.0)\n    row @ row, np.sort(row)\n"
    )
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    done = footprint("leaks", "arrays.py:keeps", "--python", OLD, "--cycles", "1000", "--json", **cache)
    document = json.loads(done.stdout)
    rates = {finding["metric"]: finding["per_cycle"] for finding in document["findings"]}
    assert (document["verdict"], rates["python.blocks"]) == ("leak", 1)
    assert 800 <= rates["heap.bytes"] <= 1000
    first = document["findings"][0]["where"][0]["text"]
    assert "kept.append(np.zeros(100))  arrays.py:5 in keeps" in first
    done = footprint("leaks", "arrays.py:nothing", "--python", OLD, "--cycles", "1000", "--json", **cache)
    assert json.loads(done.stdout)["verdict"] == "clean"
