"""``footprint sweep`` as people use it."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.conftest import DATA
from tests.fixtures.processes import interruptible

SMALL = ("-s", "cpus=1", "-s", "bridges=1", "-g", "nics=4,8,16,31")
BOTH = ("-r", "v2.10.0", "-r", "v7.2.0")
GRID = ("-g", "nics=1..31", "-g", "cpus=1..4", "-s", "bridges=1", *BOTH)


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "points").glob("*.json")}


def begun(folder, *words, environment=None):
    """A sweep that runs."""
    command = [sys.executable, "-m", "footprint", "sweep", "power8", *words]
    return interruptible(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    )


def wait_for_points(folder, count, process):
    deadline = time.monotonic() + 90
    while len(list(folder.glob("points/*.json"))) < count:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_created_views_grow_with_the_square_under_v2_10_and_linearly_under_v7_2_and_the_laws_predict(footprint):
    grid = ("-g", "nics=16,32,64,128", *BOTH, "--predict", "nics=255", "--find", "modelled.bytes.peak<=100MiB")
    document = json.loads(footprint("sweep", "power8", *grid, "--json").stdout)
    assert document["schema"] == "footprint.sweep/1"
    assert [(point["params"]["nics"], point["rules"]) for point in document["points"]] == [
        (nics, rules) for nics in (16, 32, 64, 128) for rules in ("v2.10.0", "v7.2.0")
    ]
    fits = {fit["rules"]: fit for fit in document["fits"] if fit["metric"] == "flatviews.created"}
    for rules, exponent, real in (("v2.10.0", 2, 793_726), ("v7.2.0", 1, 6_043)):
        fit = fits[rules]
        assert fit["over"] == "nics"
        assert fit["low"] <= fit["exponent"] <= fit["high"]
        assert fit["exponent"] == pytest.approx(exponent, abs=0.1)
        assert fit["predictions"][0]["value"] == pytest.approx(real, rel=0.02)
    largest = {row["rules"]: row for row in document["find"]}
    for row in largest.values():
        assert row["value"] <= 100 << 20 < row["beyond"]
        assert row["played"] == 2
    assert document["failed"] == []


def test_a_sweep_writes_its_points_its_document_and_a_page_and_says_how_it_grows(footprint, tmp_path):
    done = footprint("sweep", "power8", *SMALL, *BOTH)
    assert done.returncode == 0
    assert "flatviews.created grows as nics² under v2.10.0; it grows as nics under v7.2.0" in done.stdout
    folder = tmp_path / "reports" / "sweep-power8"
    assert len(contents(folder)) == 8
    assert json.loads((folder / "sweep.json").read_text())["schema"] == "footprint.sweep/1"
    assert "<svg" in (folder / "index.html").read_text()
    again = footprint("sweep", "power8", *SMALL, *BOTH)
    assert again.returncode == 2
    assert "--resume plays what it lacks" in again.stderr
    before = {path: path.stat().st_mtime_ns for path in folder.glob("points/*")}
    wider = footprint("sweep", "power8", *SMALL, *BOTH, "-r", "v11.1.0", "--resume")
    assert wider.returncode == 0
    assert len(contents(folder)) == 12
    assert all(path.stat().st_mtime_ns == old for path, old in before.items())
    compared = footprint("compare", "sweep-power8", "-r", "v7.2.0", "-r", "v11.1.0")
    assert compared.returncode == 1
    assert "flatviews.created matters everywhere" in compared.stdout
    assert footprint("report", "sweep-power8", "-o", "page.html").returncode == 0


def test_what_failed_is_listed_and_makes_the_exit_code_3(footprint):
    done = footprint("sweep", "power8", *SMALL[:4], "-g", "nics=4,32", "-r", "v7.2.0")
    assert done.returncode == 3
    assert "1 of 2 points, 1 failed" in done.stdout
    assert "failed: nics=32 v7.2.0: 32 cards find no place behind 1 bridge" in done.stdout


def test_captures_are_an_axis(footprint):
    captures = DATA / "captures" / "x86_64__*.json.gz"
    document = json.loads(
        footprint("sweep", "-g", f"file={captures}", "-r", "v2.10.0", "-r", "v7.2.0", "--json").stdout
    )
    files = {point["params"]["file"] for point in document["points"]}
    assert len(files) >= 2
    assert len(document["points"]) == 2 * len(files)


def test_a_real_qemu_and_its_model_grow_by_the_same_law(footprint, need):
    program = need("qemu-system-ppc64", "qemu-system-ppc")
    grid = ("-g", "nics=1,2,4", "-s", "cpus=1", "-s", "bridges=1", "--metric", "flatviews.alive", "--json")
    real = json.loads(footprint("sweep", "power8", *grid, "-b", "qemu", "-g", f"qemu={program}").stdout)
    model = json.loads(footprint("sweep", "power8", *grid, "-r", "v7.2.0").stdout)
    assert real["fits"][0]["terms"] == model["fits"][0]["terms"]
    assert real["points"][0]["metrics"]["process.rss.peak"] > 0


def test_ctrl_c_ends_it_at_once_keeps_what_is_done_and_leaves_no_process(tmp_path):
    process = begun(tmp_path, *GRID, "-o", "cut")
    wait_for_points(tmp_path / "cut", 6, process)
    children = psutil.Process(process.pid).children(recursive=True)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - started < 10
    assert "points are kept in cut; the same command with --resume plays the rest" in said
    assert len(contents(tmp_path / "cut")) >= 6
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_sweep_that_was_killed_goes_on_and_ends_as_one_that_was_not(footprint, tmp_path):
    words = ("-g", "nics=2,4,8,16,31", "-s", "cpus=1", "-s", "bridges=1", *BOTH, "--no-report")
    kept = {}
    for count in (2, 6):
        process = begun(tmp_path, *words, "-o", "cut", "--resume")
        wait_for_points(tmp_path / "cut", count, process)
        process.kill()
        process.communicate(timeout=30)
        time.sleep(0.2)
        for path in (tmp_path / "cut").glob("points/*.json"):
            status = path.stat()
            assert kept.setdefault(path.name, (status.st_ino, status.st_mtime_ns)) == (
                status.st_ino,
                status.st_mtime_ns,
            )
    assert footprint("sweep", "power8", *words, "-o", "cut", "--resume").returncode == 0
    assert footprint("sweep", "power8", *words, "-o", "whole").returncode == 0
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    documents = [json.loads((tmp_path / name / "sweep.json").read_text()) for name in ("cut", "whole")]
    for document in documents:
        del document["environment"]
    assert documents[0] == documents[1]


def test_a_dask_worker_that_dies_changes_no_byte_of_a_point(footprint, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed (pip install 'qemu-footprint[dask]')")
    words = ("-g", "nics=2,4,8,16,31", "-s", "cpus=1", "-s", "bridges=1", *BOTH, "--no-report", "--workers", "2")
    process = begun(tmp_path, *words, "-o", "dask", "--dask")
    wait_for_points(tmp_path / "dask", 4, process)
    workers = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if any("spawn_main" in word for word in child.cmdline())
    ]
    assert len(workers) == 2
    workers[0].kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert footprint("sweep", "power8", *words, "-o", "local").returncode == 0
    assert contents(tmp_path / "dask") == contents(tmp_path / "local")


def test_a_scheduler_that_does_not_answer_is_told_and_so_is_dask_that_is_missing(footprint, tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError('hidden')")
    done = footprint("sweep", "power8", *SMALL, "--dask", PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert done.returncode == 3
    assert "pip install 'qemu-footprint[dask]'" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("power8",), "a sweep needs an axis"),
        (("power8", "-g", "nics=1,2", "--predict", "cpus=4"), "cpus is no axis with numbers; valid: nics"),
        (("power8", "-g", "nics=1,2", "-g", "cpus=1,2", "--find", "nodes<=4"), "say over which axis"),
        (("power8", "-g", "nics=1,2", "--find", "nodes>=4"), "write METRIC<=NUMBER"),
        (("power8", "-g", "nics=1,2", "--metric", "nodez"), "unknown metric 'nodez'"),
        (("power8", "-g", "nics=1,2", "-b", "qemu", "--workers", "2"), "one point at a time"),
        (("power8", "-g", "nics=1,2", "--memory-budget", "much"), "is no size"),
        (("power8", "-g", "nics=1,2", "--memory-budget", "1GiB"), "has no room for one point"),
        (("power8", "-g", "nics=1,2", "-b", "unicorn"), "valid: model, qemu"),
        (("power8", "-g", "nics=1,2", "--dask", "--scheduler", "tcp://a:1"), "give one of them"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(footprint, words, sentence):
    done = footprint("sweep", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
