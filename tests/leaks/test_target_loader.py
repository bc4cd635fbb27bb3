"""``footprint leaks`` on Python targets: real processes that leak, that do not, and that end badly."""

import json
import re
import subprocess
import sys

import pytest

from footprint.leaks.measure import Options, measure
from footprint.leaks.measurement import WINDOW_BYTES
from tests.conftest import PROGRAMS

PLANTED = PROGRAMS / "planted.py"


@pytest.fixture
def leaks(footprint):
    """The exit code and the document of ``leaks --json`` on a planted target."""

    def run(name, *options):
        done = footprint("leaks", f"{PLANTED}:{name}", "--json", *options)
        return done.returncode, json.loads(done.stdout)

    return run


def rates(document, kind="leak"):
    return {one["metric"]: one["per_cycle"] for one in document["findings"] if one["kind"] == kind}


@pytest.mark.parametrize(
    ("name", "metric", "per_cycle"),
    [
        ("native", "heap.bytes", 32),
        ("one_object", "python.blocks", 1),
        ("list_in_itself", "gc.objects", 1),
        ("mapping", "vm.bytes", 4096),
        ("descriptor", "fds", 1),
        ("thread", "threads", 1),
        ("zombie", "children", 1),
        ("task_result", "python.blocks", 1),
    ],
)
def test_a_leak_is_found_with_its_exact_rate(leaks, name, metric, per_cycle):
    code, document = leaks(name)
    assert (code, document["verdict"]) == (1, "leak")
    assert rates(document)[metric] == pytest.approx(per_cycle, rel=0.001)
    found = next(one for one in document["findings"] if one["metric"] == metric)
    assert found["low"] <= per_cycle <= found["high"] or found["low"] == pytest.approx(per_cycle, rel=0.01)


def test_a_large_leak_is_left_no_more_often_than_it_takes_to_see_it(tmp_path):
    (tmp_path / "app.py").write_text("keep = []\ndef cycle():\n    keep.append(b'x' * (1 << 16))\n")
    said = []
    answer = measure(f"{tmp_path}/app.py:cycle", Options(), said.append)
    found = {one.metric: one.slope.per_cycle for one in answer.leaks}
    assert found["heap.bytes"] == pytest.approx(1 << 16, rel=0.01)
    blocks = re.findall(r"(\d+) cycles, block 2 of 10", "\n".join(said))
    assert int(blocks[0]) * 10 << 16 <= 1.02 * WINDOW_BYTES


@pytest.mark.parametrize(
    ("name", "metric", "truth"), [("rare_native", "heap.bytes", 0.8), ("rare_object", "python.blocks", 0.01)]
)
def test_what_leaks_in_one_cycle_of_a_hundred_is_found(leaks, name, metric, truth):
    code, document = leaks(name)
    assert code == 1
    assert rates(document)[metric] == pytest.approx(truth, rel=0.5)


@pytest.mark.parametrize(
    "name", ["nothing", "cache_of_2000", "large_lru_cache", "documents", "joined_thread", "waited_process"]
)
def test_what_only_looks_like_a_leak_is_not_called_one(leaks, name):
    code, document = leaks(name)
    assert document["verdict"] != "leak"
    if name != "large_lru_cache":  # a cache that is not full yet cannot be told from a leak: no guess
        assert (code, document["verdict"], rates(document)) == (0, "clean", {})


def test_garbage_that_waits_for_the_collector_is_retained_and_no_leak(leaks, footprint):
    code, document = leaks("garbage_cycle")
    assert (code, document["verdict"], rates(document)) == (0, "clean", {})
    assert rates(document, "retained") == {"python.blocks": 2, "gc.objects": 1}
    assert "retained" in footprint("leaks", f"{PLANTED}:garbage_cycle").stdout


def test_a_leak_that_would_fill_the_memory_is_decided_before_it_does(leaks):
    code, document = leaks("huge", "--memory", "2")
    assert (code, document["verdict"], document["ended"], document["reason"]) == (1, "leak", "", "")
    assert rates(document)["heap.bytes"] == pytest.approx(64 << 20, rel=0.01)
    assert document["cycles"] + document["warmup"] < 32


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("late_failure", r"raises ValueError: no more of this \(.*planted\.py:\d+\)"),
        ("exits", r"exits \(3\)"),
        ("vanishes", r"exits \(4\) in cycle 1"),
        ("crashes", r"killed by signal 11 in cycle 1"),
    ],
)
def test_a_target_that_ends_is_reported_as_that(leaks, name, words):
    code, document = leaks(name)
    assert (code, document["verdict"]) == (3, "inconclusive")
    assert re.search(words, document["ended"]), document["ended"]
    assert document["reason"] == document["ended"]


def test_a_target_that_hangs_is_ended(leaks):
    code, document = leaks("hangs", "--seconds", "2")
    assert code == 3
    assert "hangs in cycle 1" in document["ended"]


def test_the_copy_that_a_target_forks_and_forgets_is_not_measured_twice(leaks):
    code, document = leaks("forks_and_returns", "--cycles", "20")
    assert (code, document["verdict"]) == (0, "clean")


def test_as_many_cycles_are_measured_as_asked(leaks):
    assert leaks("one_object", "--cycles", "200")[1]["cycles"] == 200
    assert leaks("nothing", "--cycles", "333")[1]["cycles"] == 333


def test_only_the_metrics_asked_for_decide(leaks):
    assert leaks("one_object", "--metrics", "fds,threads")[0] == 0
    assert leaks("one_object", "--metrics", "python.blocks")[0] == 1


def test_setup_and_teardown_run_once_around_the_cycles(leaks, tmp_path):
    (tmp_path / "setups.txt").touch()
    leaks("nothing")
    assert (tmp_path / "setups.txt").read_text() == "setup teardown "


def test_a_module_is_found_in_the_folder_it_is_run_in(footprint, tmp_path):
    (tmp_path / "mine.py").write_text("kept = []\nclass Thing:\n    def one(self=None):\n        kept.append([])\n")
    done = footprint("leaks", "mine:Thing.one", "--json")
    assert (done.returncode, rates(json.loads(done.stdout))["gc.objects"]) == (1, 1)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (f"{PLANTED}:nativ", ["unknown callable", "did you mean 'native'?"]),
        (f"{PLANTED}:wants", ["wants arguments (argument)"]),
        (f"{PLANTED}:generates", ["generator function"]),
        (f"{PLANTED}:NUMBER", ["is a int, not a callable"]),
        ("nosuch:thing", ["no module 'nosuch'"]),
        ("./nosuch.py:thing", ["nosuch.py: no such file"]),
        ("unicorn:vax", ["unknown architecture", "sparc64"]),
        ("unicorn:arm:jump", ["unknown cycle", "open, map, run"]),
        ("nosuch", ["unknown scenario", "hotplug"]),
    ],
)
def test_a_word_that_names_nothing_is_refused_in_one_sentence(footprint, target, words):
    done = footprint("leaks", target)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cycles", "19"], "from 20"),
        (["--metrics", "rss.bytes"], "cannot decide a verdict; choose from heap.bytes"),
        (["--line", "x"], "goes with -- PROG"),
        (["-s", "cycles=3"], "-s goes with a scenario"),
        (["--seconds", "0"], "range"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(footprint, options, words):
    done = footprint("leaks", f"{PLANTED}:nothing", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_file_that_fails_when_it_is_imported_is_reported_as_that(footprint, tmp_path):
    (tmp_path / "bad.py").write_text("import nosuch_thing\ndef cycle(): pass\n")
    done = footprint("leaks", "bad.py:cycle", "--json")
    assert done.returncode == 3
    assert "nosuch_thing" in json.loads(done.stdout)["ended"]


def test_a_python_in_which_nothing_is_installed_runs_the_target_as_well(footprint, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "other"], check=True)
    source = "kept = []\ndef cycle():\n    kept.append(object())\n"
    (tmp_path / "app.py").write_text(source)
    python = tmp_path / "other" / "bin" / "python"
    done = footprint("leaks", f"{tmp_path}/app.py:cycle", "--json", "--python", python, cwd="/")
    assert (done.returncode, rates(json.loads(done.stdout))["python.blocks"]) == (1, 1)
    assert "app.py:3" in done.stdout


def test_what_a_target_prints_is_not_mixed_with_the_answer(footprint, tmp_path):
    (tmp_path / "loud.py").write_text("def cycle():\n    print('noise')\n")
    done = footprint("leaks", "loud.py:cycle", "--json")
    assert json.loads(done.stdout)["verdict"] == "clean"
    assert "noise" not in done.stderr


@pytest.mark.slow
def test_a_cache_of_slow_cycles_is_given_the_time_to_fill(tmp_path):
    (tmp_path / "app.py").write_text(
        "import time\nknown, n = {}, 0\n"
        "def cycle():\n    global n\n    n += 1\n    known[n % 2000] = [n]\n    time.sleep(0.0098)\n"
    )
    assert measure(f"{tmp_path}/app.py:cycle", Options()).verdict != "leak"
