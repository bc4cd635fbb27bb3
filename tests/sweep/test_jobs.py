"""One job in its process: its limits, its death, and what is said of them."""

import dataclasses

import pytest

from footprint.recording.sweep import Point
from footprint.sweep.conduct import conduct
from footprint.sweep.executors import local_pool, slots_for
from footprint.sweep.grid import axes_of
from footprint.sweep.job import JobLimits, run_job
from footprint.sweep.plan import Planner, Wish
from footprint.sweep.store import Store

ENOUGH = JobLimits(60)
SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from footprint.machines.pseries import pseries
from footprint.scenario import Build, Mark, Param, scenario


@scenario("?", params=(Param("nics", 1), Param("how", "well", choices=("well", "killed", "slow", "greedy", "once"))))
def trying(p):
    log = Path(__file__).with_suffix(".log")
    tries = set(log.read_text().split()) - {str(os.getpid())} if log.exists() else set()
    with log.open("a") as stream:
        stream.write(f"{os.getpid()} ")
    if p.how == "killed" or (p.how == "once" and not tries):
        os.kill(os.getpid(), signal.SIGKILL)
    if p.how == "slow":
        time.sleep(60)
    if p.how == "greedy":
        memory = bytearray(3 << 30)
    yield Build(pseries(cpus=1, nics=p.nics))
    yield Mark("built")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "trying.py"
    path.write_text(SCRIPT)
    return path


def tries(script):
    """How many processes began the script."""
    return len(set(script.with_suffix(".log").read_text().split()))


def jobs(script, *grid, rules=("v7.2.0",)):
    return Planner(Wish(str(script), axes_of(grid), rules=rules)).plan().jobs


def conducted(script, tmp_path, *grid, limits=ENOUGH, **more):
    with local_pool(2) as pool:
        return conduct(jobs(script, *grid, **more), pool, Store(tmp_path / "out", "trying"), limits)


def test_a_point_has_the_exact_metrics_of_its_machine_and_nothing_of_the_process_that_played_it(script):
    (job,) = jobs(script, "nics=2", rules=("v7.2.0", "v2.10.0"))
    outcome = run_job(job, ENOUGH)
    assert [point.rules for point in outcome.points] == ["v7.2.0", "v2.10.0"]
    assert outcome.points[0].metrics["flatviews.alive"] > 0
    assert outcome.points[0].params["nics"] == 2
    assert not [name for name in outcome.points[0].metrics if name.startswith("process.")]
    assert outcome == run_job(job, ENOUGH)


@pytest.mark.parametrize(
    ("how", "limits", "reason"),
    [
        ("killed", ENOUGH, "its process was killed by signal 9"),
        ("slow", JobLimits(5), "took longer than the time limit of 5 s"),
        ("greedy", JobLimits(60, 1 << 30), "needed more than the memory limit of 1.00 GiB"),
    ],
)
def test_a_point_that_fails_is_tried_twice_and_listed_with_its_reason_and_the_others_go_on(
    script, tmp_path, how, limits, reason
):
    points, failed = conducted(script, tmp_path, f"how={how},well", limits=limits)
    assert [point.params["how"] for point in points] == ["well"]
    assert [(point.params["how"], point.reason, point.attempts) for point in failed] == [(how, reason, 2)]
    assert tries(script) == 3


def test_a_point_that_fails_once_is_had_the_second_time(script, tmp_path):
    points, failed = conducted(script, tmp_path, "how=once")
    assert (len(points), failed, tries(script)) == (1, [], 2)


def test_a_machine_that_cannot_be_built_is_not_tried_again(script, tmp_path):
    points, failed = conducted(script, tmp_path, "nics=4,32")
    assert [point.params["nics"] for point in points] == [4]
    assert [(point.params["nics"], point.attempts) for point in failed] == [(32, 1)]
    assert "32 cards and 0 controllers need 32 slots" in failed[0].reason
    assert tries(script) == 2


def test_rule_sets_of_a_machine_that_failed_are_tried_alone(script, tmp_path):
    points, failed = conducted(script, tmp_path, "how=once", rules=("v7.2.0", "v2.10.0"))
    assert [point.rules for point in points] == ["v7.2.0", "v2.10.0"]
    assert (failed, tries(script)) == ([], 3)


def test_a_point_that_is_there_is_not_played_again(script, tmp_path):
    store = Store(tmp_path / "out", "trying")
    (job,) = jobs(script, "nics=2", rules=("v7.2.0", "v2.10.0"))
    kept = Point(job.ids[0][0], {"nics": 2}, "v7.2.0", "built", {"flatviews.alive": 77})
    store.add(kept)
    points, _ = conducted(script, tmp_path, "nics=2", rules=("v7.2.0", "v2.10.0"))
    assert points[0] == kept
    assert points[1].rules == "v2.10.0"
    assert dataclasses.replace(job, ids=job.ids[1:]).command[-4:] == ["-r", "v2.10.0", "--json", "--no-history"]


def test_so_many_points_run_side_by_side_as_the_memory_budget_has_room_for():
    assert slots_for(8, 2 << 30, 5 << 30) == 2
    assert slots_for(8, 2 << 30, 500 << 30) == 8
    assert slots_for(3, None, None) == 3
