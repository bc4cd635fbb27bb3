"""The scenarios of pc, q35 and virt from the command line: figures, marks, notes."""

import json

import pytest

from footprint.backends.model import ModelBackend
from footprint.machines.generic import guest
from footprint.memory.rules import HISTORY
from footprint.qemu.oplog import read_log
from footprint.scenario import Build, Replay
from footprint.scenario.find import find
from tests.conftest import DATA, ROOT


@pytest.fixture
def run(footprint):
    """``run("pc", "devices=1xe1000", "-r", RULES)`` gives the recording as plain data."""

    def recording(name, *arguments):
        values = [word for text in arguments if "=" in text and "," not in text for word in ("-s", text)]
        rest = [text for text in arguments if "=" not in text or "," in text]
        done = footprint("run", name, *values, *rest, "--json", "--no-report", PYTHONPATH=str(ROOT))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return recording


def figures(recording, mark, metric="flatviews.created"):
    return {
        run["rules"]: sample["metrics"][metric]
        for run in recording["runs"]
        for sample in run["samples"]
        if sample["mark"] == mark
    }


@pytest.mark.parametrize(
    ("name", "values", "created", "alive"),
    [
        ("pc", ["devices="], 187, 4),
        ("pc", ["cpus=8"], 250, 11),
        ("pc", ["vga=std"], 213, 4),
        ("pc", ["devices=1xe1000", "bridges=1"], 199, 4),
        ("pc", ["devices=56xe1000", "bridges=2"], 319, 4),
        ("pc", ["devices=112xe1000", "bridges=4"], 451, 4),
        ("pc", ["devices=112xvirtio-net-pci", "bridges=4"], 1795, 4),
        ("q35", ["devices="], 181, 4),
        ("q35", ["devices=1xvirtio-net-pci"], 195, 4),
        ("virt", ["devices="], 112, 3),
        ("virt", ["devices=1xvirtio-net-pci", "cpus=2"], 126, 3),
    ],
)
def test_each_machine_creates_as_many_views_as_the_real_one(run, name, values, created, alive):
    recording = run(name, *values, "-r", "v7.2.0")
    assert figures(recording, "built") == {"v7.2.0": created}
    assert figures(recording, "built", "flatviews.alive") == {"v7.2.0": alive}


def test_the_firmware_runs_when_it_is_asked_to(run):
    recording = run("pc", "firmware=1", "-r", "v7.2.0")
    assert [sample["mark"] for sample in recording["runs"][0]["samples"]] == ["built", "booted", "destroyed"]
    assert figures(recording, "booted") == {"v7.2.0": 217}


def test_virt_boots_nothing_and_says_so(run):
    recording = run("virt", "firmware=1", "-r", "v7.2.0")
    assert figures(recording, "booted") == figures(recording, "built")
    assert any("no firmware" in note for note in recording["notes"])


@pytest.mark.parametrize("name", ["pc", "q35", "virt", "pc112", "hotplug", "bus_masters"])
def test_under_older_rules_the_notes_say_that_the_start_up_is_that_of_7_2(run, name):
    recording = run(name, "-r", "v2.10.0")
    assert any("7.2's start-up under older rules" in note for note in recording["notes"])


@pytest.mark.parametrize(
    ("name", "rules", "words"),
    [
        ("pc", "v8.2.0", "Under v8.2.0 this is 7.2's start-up under newer rules"),
        ("q35", "v9.2.0", "Under v9.2.0 this is 10.0's start-up under older rules"),
        ("virt", "v11.1.0,machine=7.2", "the machine is that of QEMU 7.2"),
        ("power8", "v4.2.0", "Under v4.2.0 this is 7.2's start-up under older rules"),
        ("power8", "v11.1.0,transactions=machine", "No QEMU did that"),
        ("pc", "v7.2.0,transactions=device", "No QEMU did that"),
        ("pc", "v7.2.0", ""),
        ("q35", "v10.0.0", ""),
        ("virt", "v11.1.0", ""),
        ("power8", "092aa2fc65@posted", ""),
    ],
)
def test_a_run_says_whose_machine_a_rule_set_plays_if_not_its_own_and_what_no_qemu_did(run, name, rules, words):
    small = ("cpus=1", "nics=0", "bridges=0") if name == "power8" else ()
    notes = run(name, *small, "-r", rules)["notes"]
    told = [note for note in notes if note.startswith(("Under ", "What if"))]
    assert [words in note for note in told] == ([True] if words else [])


def test_pc112_has_its_published_figures_at_booted(run):
    recording = run("pc112")
    created, alive = (figures(recording, "booted", f"flatviews.{what}") for what in ("created", "alive"))
    assert (created["v7.2.0"], alive["v7.2.0"]) == (2341, 4)
    assert (created["v2.11.0"], alive["v2.11.0"]) == (2341, 4)
    assert alive["202fc01b05"] > 112
    assert {(one["metric"], one["value"], one["mark"]) for one in recording["published"]} == {
        ("flatviews.alive", 4, "booted"),
        ("flatviews.created", 2000, "booted"),
    }


def test_bus_masters_cost_a_view_each_until_functions_share_one(run):
    recording = run("bus_masters", "functions=8", "bridges=0")
    alive = {
        each["rules"]: [
            sample["metrics"]["flatviews.alive"] for sample in each["samples"] if sample["mark"] == "enabled"
        ]
        for each in recording["runs"]
    }
    assert alive["v7.2.0"] == [4] * 8
    assert alive["v2.10.0"] == [alive["v2.10.0"][0]] * 8
    assert alive["e673ba9af9"] == [alive["e673ba9af9"][0] - i for i in range(8)]


@pytest.mark.parametrize(
    ("log", "topology"),
    [
        ("pc_min", guest("pc")),
        ("virt_arm", guest("virt", cpus=2, devices=["virtio-net-pci"])),
    ],
)
def test_a_recorded_start_up_makes_the_same_views_in_the_same_order(log, topology):
    def watched(step):
        backend = ModelBackend([HISTORY["v7.2.0"]])
        original, seen = backend._start, []

        def start(pages):
            core = original(pages)
            core.ledgers[0].watch = seen.append
            return core

        backend._start = start
        backend.obey(step)
        return [(one.root and one.root.name, one.ranges, one.sections, one.nodes, one.nodes_allocated) for one in seen]

    ours, theirs = watched(Build(topology)), watched(Replay(read_log(DATA / "oplogs" / f"{log}.txt.gz")))
    assert ours == theirs


def test_power8_answers_that_the_views_are_back_since_when_and_what_a_cure_would_give(footprint):
    recording = json.loads(footprint("run", "power8", "--json").stdout)
    assert recording["answer"] == (
        "The series took the peak from 17.1 GiB to 286 MiB, 61 times less, but the views are back since v9.2.0, by QEMU "
        "commit 55fa4be6f7: this guest has 260 of them under v11.1.0 where v7.2.0 has 4, creates 280 379 instead of "
        "6 043, and allocates 13.3 GiB at its peak instead of 286 MiB, 48 times as much. One transaction around machine "
        "init (a what-if) would create 779 and allocate 37.8 MiB."
    )


def test_power8_has_no_answer_of_its_own_where_the_rule_sets_cannot_tell(footprint):
    recording = json.loads(footprint("run", "power8", "-s", "cpus=2", "-s", "nics=2", "-s", "bridges=1",
                                     "-r", "v2.10.0", "-r", "v11.1.0", "--json").stdout)  # fmt: skip
    assert "answer" not in recording


def test_radix_answers_that_level_skipping_frees_nothing_and_shortens_the_walk(run):
    recording = run("radix", "devices=2xvirtio-net-pci", "firmware=0")
    skipping = figures(recording, "built", "nodes")
    assert skipping["v2.0.0"] == skipping["v2.0.0,level_skipping=off"]
    reads = figures(recording, "built", "lookups.ranges.reads")
    assert reads["v2.0.0"] < reads["v2.0.0,level_skipping=off"]
    assert reads["v7.2.0,level_bits=12"] < reads["v7.2.0"] < reads["v7.2.0,level_bits=4"]
    assert recording["answer"].startswith(f"Level skipping frees no node (there are {skipping['v2.0.0']})")


def test_radix_looks_up_addresses_of_pseries_too(run):
    assert run("radix", "machine=pseries", "-r", "v7.2.0")["runs"][0]["samples"][0]["metrics"]["lookups"] == 3000


def test_a_parameter_that_came_later_is_told_only_where_it_is_not_the_default():
    power8 = find("power8")
    assert "host_bridges" not in power8.told(power8.values({}))
    assert power8.told(power8.values({"host_bridges": "2"}))["host_bridges"] == 2
