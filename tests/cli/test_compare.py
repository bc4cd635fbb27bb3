"""Two recordings compared, as a user types it."""

import json

import pytest

SMALL = ("-s", "cpus=2", "-s", "bridges=1")


@pytest.fixture
def recorded(footprint):
    def record(name, *more, nics=3):
        done = footprint("run", "power8", *SMALL, "-s", f"nics={nics}", *more, "-o", name, "--no-report")
        assert done.returncode == 0, done.stderr
        return name

    return record


def test_two_runs_of_the_model_are_equal(footprint, recorded):
    one, other = recorded("a", "-r", "v7.2.0", "-r", "v2.10.0"), recorded("b", "-r", "v2.10.0", "-r", "v7.2.0")
    done = footprint("compare", one, other)
    assert done.returncode == 0
    assert done.stdout.count("counts are equal") == 2
    document = json.loads(footprint("compare", one, other, "--json").stdout)
    assert document["equal"]
    assert [pair["first"] for pair in document["comparisons"]] == ["v7.2.0", "v2.10.0"]


def test_one_run_each_belongs_together_and_what_differs_exits_one(footprint, recorded):
    one, other = recorded("a", "-r", "v7.2.0"), recorded("b", "-r", "v7.2.0,empty_view=off")
    done = footprint("compare", one, other, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["equal"]) == (1, False)
    lines = {(line["mark"], line["metric"]): line for line in document["comparisons"][0]["lines"]}
    alive = lines["built", "flatviews.empty"]
    assert (alive["first"], alive["second"], alive["change"], alive["judged"]) == (1, 7, 6, True)
    assert not lines["built", "process.rss"]["judged"]


def test_other_parameters_are_noted(footprint, recorded):
    one, other = recorded("a", "-r", "v7.2.0"), recorded("b", "-r", "v7.2.0", nics=4)
    done = footprint("compare", one, other)
    assert done.returncode == 1
    assert "nics is 3 in A, 4 in B" in done.stderr
    line = next(line for line in done.stdout.splitlines() if "address_spaces" in line)
    assert line.split()[-1] == "DIFFERS"
    assert line.split()[-3:-1] == ["+1", "+8.3"]


def test_what_cannot_be_compared_exits_two_with_the_reason(footprint, recorded, tmp_path):
    one, other = recorded("a", "-r", "v7.2.0", "-r", "v2.11.0"), recorded("b", "-r", "v2.10.0")
    done = footprint("compare", one, other)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no rules are in both" in done.stderr
    assert "--rules-a" in done.stderr
    assert footprint("compare", one, other, "--rules-a", "v2.11.0").returncode == 1
    done = footprint("compare", one, other, "--rules-a", "v2.12.0")
    assert (done.returncode, "v7.2.0, v2.11.0" in done.stderr) == (2, True)
    document = json.loads((tmp_path / "b" / "recording.json").read_text())
    for change, word in (({"scenario": "pc"}, "B of pc"), ({"runs": []}, "0 runs")):
        (tmp_path / "c.json").write_text(json.dumps(document | change))
        done = footprint("compare", other, "c.json")
        assert (done.returncode, word in done.stderr) == (2, True), done.stderr
    document["runs"][0]["samples"][0]["mark"] = "elsewhere"
    del document["runs"][0]["samples"][1]
    (tmp_path / "c.json").write_text(json.dumps(document))
    done = footprint("compare", other, "c.json")
    assert (done.returncode, "elsewhere" in done.stderr) == (2, True)
    assert footprint("compare", other, "nowhere").returncode == 2
