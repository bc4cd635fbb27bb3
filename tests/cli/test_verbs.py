"""The verbs as a user types them."""

import json
import re

import pytest

from footprint.memory.features import CHOICES
from footprint.memory.rules import HISTORY
from footprint.recording.metrics import METRICS

SMALL = ("-s", "cpus=2", "-s", "nics=3", "-s", "bridges=1")


def test_help_names_every_verb_and_loads_nothing_heavy(footprint):
    done = footprint("--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    for verb in ("list", "run", "show", "report", "gate", "verify"):
        assert f"  {verb} " in done.stdout
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"numpy", "matplotlib", "qemu", "jinja2", "rich", "msgspec", "psutil", "pympler", "sqlite3"}


def test_json_prints_the_recording_and_nothing_else(footprint, tmp_path):
    rules = ("-r", "v7.2.0", "-r", "v7.2.0,empty_view=off")
    done = footprint("run", "power8", *SMALL, *rules, "--json", "--no-history")
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert document["schema"] == "footprint.recording/1"
    assert (document["scenario"], document["backend"], document["params"]["nics"]) == ("power8", "model", 3)
    assert [run["rules"] for run in document["runs"]] == ["v7.2.0", "v7.2.0,empty_view=off"]
    assert [run["features"]["empty_view"] for run in document["runs"]] == ["on", "off"]
    assert list(tmp_path.iterdir()) == []


def test_every_sample_has_every_census_and_process_metric(footprint):
    document = json.loads(footprint("run", "power8", *SMALL, "--json").stdout)
    expected = {name for name, row in METRICS.items() if row.probe == "census"}
    expected |= {"process.rss", "process.uss", "process.pss"}  # a real QEMU's process has more
    for run in document["runs"]:
        assert [sample["mark"] for sample in run["samples"]] == ["built", "destroyed"]
        for sample in run["samples"]:
            assert set(sample["metrics"]) == expected
            assert all(isinstance(value, int) for value in sample["metrics"].values())


def test_at_destroyed_only_the_one_empty_view_is_left(footprint):
    document = json.loads(footprint("run", "power8", *SMALL, "-r", "all", "--json").stdout)
    assert [run["rules"] for run in document["runs"]] == list(HISTORY)
    for run in document["runs"]:
        held = int(run["features"]["empty_view"] != "off")
        metrics = run["samples"][-1]["metrics"]
        left = {name: metrics[name] for name, row in METRICS.items() if row.probe == "census" and row.gauge}
        expected = {"flatviews.allocated": held, "modelled.bytes": held * 1144, "modelled.resident": held * 1144}
        assert left == dict.fromkeys(left, 0) | expected


def test_a_machine_without_release_functions_leaves_everything(footprint):
    document = json.loads(footprint("run", "power8", *SMALL, "-r", "v7.2.0,release=off", "--json").stdout)
    built, destroyed = (sample["metrics"] for sample in document["runs"][0]["samples"])
    for name in ("address_spaces", "flatviews.alive", "nodes", "modelled.bytes"):
        assert destroyed[name] == built[name] > 0


@pytest.mark.parametrize("feature", CHOICES)
def test_every_feature_can_be_flipped_alone(footprint, feature):
    words = [f"v7.2.0,{feature}={value}" for value in CHOICES[feature]]
    rules = [word for name in words for word in ("-r", name)]
    done = footprint("run", "power8", *SMALL, *rules, "--json")
    assert [run["rules"] for run in json.loads(done.stdout)["runs"]] == words


def test_a_flip_changes_what_it_is_about(footprint):
    def metrics(rules):
        document = json.loads(footprint("run", "power8", *SMALL, "-r", rules, "--json").stdout)
        return document["runs"][0]["samples"][0]["metrics"]

    base = metrics("v7.2.0")
    assert metrics("v7.2.0,virtio_cfg_space=on")["address_spaces"] == base["address_spaces"] + 4
    assert metrics("v7.2.0,empty_view=off")["flatviews.empty"] == 7
    assert metrics("v7.2.0,sharing=none")["flatviews.alive"] > metrics("v7.2.0,sharing=root")["flatviews.alive"]
    assert metrics("v7.2.0,dispatch=per-space")["dispatches.alive"] == base["address_spaces"]
    assert metrics("v7.2.0,cpu_spaces=global")["address_spaces"] == base["address_spaces"] - 2
    assert metrics("v7.2.0,cpu_spaces=shareable")["address_spaces"] == base["address_spaces"] - 1
    assert metrics("v7.2.0,view_at_init=commit")["commits"] > base["commits"]
    assert metrics("v7.2.0,dummy_sections=4")["sections"] == base["sections"] + 3 * base["dispatches.alive"]
    assert metrics("v7.2.0,node_reserve=doubling")["nodes.allocated"] != base["nodes.allocated"]
    assert metrics("v7.2.0,vga_edid=off")["commits"] == base["commits"] - 1


def test_a_gate_exits_zero_or_one_with_a_sentence(footprint):
    assert footprint("run", "power8", *SMALL, "-o", "out", "--no-report").returncode == 0
    gate = ("gate", "out/recording.json", "--rules", "v7.2.0", "--budget")
    done = footprint(*gate, "flatviews.alive<=4")
    row = re.split(r" {2,}", done.stdout.splitlines()[-1])
    assert (done.returncode, row) == (
        0,
        ["ok", "power8", "flatviews.alive", "v7.2.0", "built", "–", "<= 4", "4", "–"],
    )
    done = footprint(*gate, "flatviews.alive<=3")
    sentence = "FAIL  flatviews.alive is 4 under v7.2.0 at built: breaks the budget <= 3"
    assert (done.returncode, sentence in done.stdout.splitlines()) == (1, True)
    document = json.loads(footprint(*gate, "flatviews.alive<=3", "--json").stdout)
    assert (document["holds"], document["verdicts"][0]["value"]) == (False, 4)


def test_show_prints_a_table(footprint):
    footprint("run", "power8", *SMALL, "-o", "out", "--no-report")
    short = footprint("show", "out", COLUMNS="80").stdout
    whole = footprint("show", "out", "--all", "--mark", "destroyed").stdout
    assert "flatviews" in short
    assert "one empty view for all" not in short
    assert max(map(len, short.splitlines())) <= 80
    assert "nodes.allocated" in whole
    assert "“destroyed”" in whole
    assert "one empty view for all" in footprint("show", "out", COLUMNS="150").stdout
    assert json.loads(footprint("show", "out", "--json").stdout)["scenario"] == "power8"


@pytest.mark.parametrize("kind", ["scenarios", "rules", "machines", "devices", "backends", "probes", "metrics"])
def test_everything_can_be_listed_for_people_and_for_programs(footprint, kind):
    rows = json.loads(footprint("list", kind, "--json").stdout)[kind]
    text = footprint("list", kind).stdout
    assert rows
    assert all(row["name"] in text for row in rows)


def test_list_rules_shows_every_feature_of_every_rule_set(footprint):
    rows = json.loads(footprint("list", "rules", "--json").stdout)["rules"]
    assert [row["name"] for row in rows] == list(HISTORY)
    assert all(set(row["features"]) == set(CHOICES) for row in rows)


def test_a_log_runs_like_a_scenario(footprint):
    from tests.conftest import DATA

    done = footprint("run", DATA / "oplogs" / "pc_min.txt.gz", "-r", "v7.2.0", "-r", "v2.10.0", "--json")
    now, then = (run["samples"][0]["metrics"] for run in json.loads(done.stdout)["runs"])
    assert (now["flatviews.created"], now["flatviews.alive"]) == (187, 4)
    assert then["flatviews.created"] > now["flatviews.created"]


def test_a_script_of_ones_own_runs_like_a_scenario(footprint, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from footprint.machines.pseries import pseries\n"
        "from footprint.scenario import Param, scenario\n"
        "from footprint.scenario import Build, Mark, Settle\n\n"
        "@scenario('how many?', params=(Param('nics', 2),))\n"
        "def mine(p):\n"
        "    yield Build(pseries(cpus=1, nics=p.nics))\n"
        "    yield Settle()\n"
        "    yield Mark('built')\n"
    )
    done = footprint("run", "./mine.py", "-s", "nics=1", "--json")
    document = json.loads(done.stdout)
    assert (document["scenario"], document["question"]) == ("mine", "how many?")
    assert document["runs"][0]["samples"][0]["metrics"]["flatviews.created"] == 25 + 3 * 7


def test_what_tracemalloc_and_pympler_see_of_the_tables_is_what_the_model_counts(footprint):
    done = footprint("run", "power8", *SMALL, "-r", "v2.10.0", "-r", "v7.2.0", "--probe", "traced,sized", "--json")
    for run in json.loads(done.stdout)["runs"]:
        built, destroyed = (sample["metrics"] for sample in run["samples"])
        assert (
            built["traced.numpy"] == built["sized.nodes"] == built["modelled.nodes"] == 2048 * built["nodes.allocated"]
        )
        assert destroyed["traced.numpy"] == destroyed["sized.bytes"] == 0
        assert built["traced.peak"] >= built["traced.bytes"] > built["traced.numpy"]


def test_the_words_of_all_parameters_begin_in_one_column(footprint):
    lines = [line for line in footprint("list").stdout.splitlines() if line.startswith("    -s ")]
    assert {line[29] for line in lines if len(line.split()[1]) < 22} == {" "}
    assert all(line[30] != " " for line in lines if len(line.split()[1]) <= 22)
