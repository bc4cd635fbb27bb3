"""CPUs with memory of their own: what spaces and views they have, and Arm's secure memory beside a real QEMU."""

import json

import pytest

from footprint.machines.generic import guest
from footprint.machines.topology import CpuMemory
from tests.fixtures.real_qemu import VERSIONS, counts, created, differences, modelled, program_of_version, running


def figures(rules, cpus, memory="own", cluster=1, private=True):
    plan = CpuMemory(memory, cluster, private)
    made = counts(modelled(guest("virt", cpus=cpus, cpu_memory=plan), rules=rules))
    return made["address_spaces"], made["flatviews.alive"]


def test_each_cpu_with_memory_of_its_own_has_a_view_of_its_own_since_there_are_spaces_of_cpus():
    assert figures("v2.0.0", 6) == (3, 3)
    assert figures("v2.6.0", 6) == figures("v7.2.0", 6) == (9, 9)


def test_cpus_of_a_cluster_share_a_view_and_share_the_space_too_where_spaces_are_shareable():
    assert figures("v7.2.0", 6, cluster=3) == (9, 5)
    assert figures("v2.6.0", 6, cluster=3) == (5, 5)
    assert figures("v7.2.0", 5, cluster=2) == (8, 6)


def test_a_memory_with_nothing_of_its_own_is_the_systems_since_views_are_shared_through_single_children():
    assert figures("e673ba9af9", 6, private=False)[1] == figures("e673ba9af9", 6, memory="system")[1]
    assert figures("202fc01b05", 6, private=False)[1] == figures("202fc01b05", 6, memory="system")[1] + 6


def test_secure_memory_is_one_view_more_for_all_cpus():
    plain, secure = figures("v7.2.0", 4, memory="system"), figures("v7.2.0", 4, memory="secure")
    assert (secure[0] - plain[0], secure[1] - plain[1]) == (4, 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_virt_with_secure_memory_has_the_same_views_and_made_as_many(version, need):
    topology = guest("virt", cpus=2, devices=["e1000e"], cpu_memory=CpuMemory("secure"))
    ledger = modelled(topology, rules=VERSIONS[version].rules)
    with running(program_of_version(version, topology, need), topology) as real:
        if real.trace.read().created:
            assert created(real) == counts(ledger)["flatviews.created"]
        assert differences(real.ask("info mtree -f -d"), ledger) == []


def test_a_real_board_gives_each_of_its_two_cpus_a_view(footprint, need):
    need("qemu-system-aarch64", "qemu-system-arm")
    done = footprint("run", "cpu_memory", "-b", "qemu", "-s", "machine=mps2-an521", "-s", "cpus=2", "--json")
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert sum(owner["views"] for owner in run["view_owners"] if owner["root"] == "armv7m-container") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-s", "machine=mps2-an521"], "mps2-an521 is not modelled"),
        (["-b", "qemu", "-s", "memory=own"], "no real virt gives its CPUs memory of their own"),
    ],
)
def test_what_one_backend_cannot_play_it_refuses_in_a_sentence(footprint, arguments, words):
    done = footprint("run", "cpu_memory", *arguments, "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert words in done.stderr


def test_the_scenario_tells_spaces_views_and_bytes_then_and_now(footprint):
    done = footprint("run", "cpu_memory", "-s", "cpus=4", "-s", "cluster=2", "--json")
    assert json.loads(done.stdout)["answer"] == (
        "4 CPUs see each cluster of 2 its own memory: under v2.0.0 3 address spaces show 3 views, 161 KiB; under v11.1.0 "
        "7 address spaces show 5 views, 402 KiB."
    )
