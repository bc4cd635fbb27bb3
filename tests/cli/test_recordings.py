"""Which recording and which of its runs a verb means, and where a run is judged."""

import gzip
import json
import re
import shutil

import pytest

from tests.conftest import DATA, runner_in

SMALL = ("-s", "cpus=1", "-s", "nics=1", "-s", "bridges=1", "--no-report")
CAPTURE = DATA / "captures" / "x86_64__pc.json.gz"
BUDGET = ("--budget", "flatviews.alive<=4")


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """A folder with ``reports/power8``, recorded under v2.10.0 and v7.2.0."""
    folder = tmp_path_factory.mktemp("recordings")
    assert runner_in(folder)("run", "power8", *SMALL, "-r", "v2.10.0", "-r", "v7.2.0").returncode == 0
    return folder


@pytest.fixture
def recorded(two_runs, footprint, tmp_path):
    """The command line in a folder with ``reports/power8``, recorded under v2.10.0 and v7.2.0."""
    shutil.copytree(two_runs / "reports", tmp_path / "reports")
    return footprint


def test_every_verb_finds_a_recording_by_its_file_its_folder_or_its_name(recorded):
    for word in ("power8", "reports/power8", "reports/power8/", "reports/power8/recording.json"):
        for verb in (
            ("show", word),
            ("gate", word, "-r", "v7.2.0", *BUDGET),
            ("compare", word, word),
            ("report", word, "-o", "page.html", "--force"),
        ):
            done = recorded(*verb)
            assert done.returncode == 0, (verb, done.stderr)


def test_a_folder_without_a_recording_is_not_in_the_way_of_the_name(recorded, tmp_path):
    (tmp_path / "power8").mkdir()
    assert recorded("show", "power8").returncode == 0
    (tmp_path / "power8" / "recording.json").write_text("{")
    assert "not JSON" in recorded("show", "power8").stderr


def test_a_name_that_is_none_is_refused_with_the_recordings_there_are(recorded):
    done = recorded("show", "powre8")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "no such file" in done.stderr
    assert "did you mean 'power8'" in done.stderr


@pytest.mark.parametrize("packed", [True, False])
def test_a_capture_serves_wherever_a_recording_does(footprint, tmp_path, packed):
    word = CAPTURE
    if not packed:
        word = tmp_path / "pc.json"
        word.write_bytes(gzip.decompress(CAPTURE.read_bytes()))
    shown = json.loads(footprint("show", word, "--json").stdout)
    ran = json.loads(footprint("run", word, "--json").stdout)

    def counts(document):
        metrics = document["runs"][0]["samples"][0]["metrics"]
        return {name: value for name, value in metrics.items() if not name.startswith("process.")}

    assert counts(shown) == counts(ran)
    assert counts(shown)["flatviews.alive"] == 4
    assert footprint("gate", word, *BUDGET).returncode == 0
    assert footprint("compare", word, word).returncode == 0
    assert footprint("report", word, "-o", "page.html").returncode == 0
    both = json.loads(footprint("show", word, "-r", "v2.10.0", "-r", "v7.2.0", "--json").stdout)
    assert [run["rules"] for run in both["runs"]] == ["v2.10.0", "v7.2.0"]


@pytest.mark.parametrize("option", ["-r", "--rules"])
def test_rules_mean_the_same_in_run_show_and_gate(recorded, option):
    for words, expected in (
        ([option, "v7.2.0"], ["v7.2.0"]),
        ([option, "v7.2.0", option, "v2.10.0"], ["v7.2.0", "v2.10.0"]),
        ([option, "v7.2.0", option, "v7.2.0"], ["v7.2.0"]),
    ):
        ran = json.loads(recorded("run", "power8", *SMALL, *words, "--json").stdout)
        shown = json.loads(recorded("show", "power8", *words, "--json").stdout)
        judged = json.loads(recorded("gate", "power8", *words, *BUDGET, "--json").stdout)
        assert [run["rules"] for run in ran["runs"]] == expected
        assert [run["rules"] for run in shown["runs"]] == expected
        assert [verdict["rules"] for verdict in judged["verdicts"]] == expected
    shown = json.loads(recorded("show", "power8", option, "all", "--json").stdout)
    judged = json.loads(recorded("gate", "power8", option, "all", *BUDGET, "--json").stdout)
    assert [run["rules"] for run in shown["runs"]] == ["v2.10.0", "v7.2.0"]
    assert [verdict["rules"] for verdict in judged["verdicts"]] == ["v2.10.0", "v7.2.0"]
    for verb in (["show"], ["gate", *BUDGET]):
        done = recorded(*verb, "power8", option, "v2.6.0")
        assert (done.returncode, "valid: v2.10.0, v7.2.0" in done.stderr) == (2, True)


def test_where_a_guest_boots_every_verb_tells_what_it_is_at_booted(footprint, tmp_path):
    ran = footprint("run", "pc112", "-r", "v7.2.0")
    for said in (ran.stdout, footprint("show", "pc112").stdout):
        assert "at “booted”" in said
        assert "2 341" in said
    done = footprint("gate", "pc112", "--budget", "flatviews.created<=2341")
    row = re.split(r" {2,}", done.stdout.splitlines()[-1])
    assert (done.returncode, row) == (
        0,
        ["ok", "pc112", "flatviews.created", "v7.2.0", "booted", "–", "<= 2 341", "2 341", "–"],
    )
    assert footprint("gate", "pc112", "--budget", "flatviews.created<=2340").returncode == 1
    page = (tmp_path / "reports" / "pc112" / "index.html").read_text().replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "4 views are in use under v7.2.0, and 2 341 were created while the guest started." in page
    assert "read at “booted”" in page
    assert "(at booted)" not in footprint("compare", "pc112", "pc112").stdout
    assert "(at built, booted, destroyed)" in footprint("compare", "pc112", "pc112").stdout


def changed(tmp_path, change):
    document = json.loads((tmp_path / "reports" / "power8" / "recording.json").read_text())
    change(document)
    (tmp_path / "changed.json").write_text(json.dumps(document))
    return "changed.json"


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        (lambda document: document.update(runs=[]), [], "has no runs"),
        (lambda document: document.update(runs=[]), ["-r", "all"], "has no runs"),
        (lambda document: [run.update(samples=[]) for run in document["runs"]], [], "read at no mark"),
        (lambda document: document["runs"][0].update(samples=[]), ["-r", "v2.10.0"], "read at no mark"),
        (
            lambda document: document["runs"][0]["samples"].pop(),
            ["-r", "v2.10.0", "--mark", "destroyed"],
            "'destroyed'",
        ),
        (lambda document: None, ["-r", "v2.0.0"], "'v2.0.0'"),
        (lambda document: None, ["--mark", "booted"], "'booted'"),
        (lambda document: None, ["--budget", "traced.bytes<=1"], "traced.bytes was not recorded at built"),
    ],
    ids=range(8),
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_gate_that_judges_nothing_is_no_success(recorded, tmp_path, change, arguments, words, form):
    done = recorded("gate", changed(tmp_path, change), *BUDGET, *arguments, *form)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_a_gate_on_several_recordings_judges_something_in_each(recorded, tmp_path):
    empty = changed(tmp_path, lambda document: document.update(runs=[]))
    done = recorded("gate", "power8", empty, "-r", "all", *BUDGET)
    assert (done.returncode, done.stdout.splitlines()[0]) == (2, "1 of 2 checks failed")
    assert re.search("^footprint: .* no runs", done.stderr, re.MULTILINE)
    assert recorded("gate", empty, "-r", "all", *BUDGET).stdout == ""


def test_show_says_that_a_recording_has_no_runs(recorded, tmp_path):
    done = recorded("show", changed(tmp_path, lambda document: document.update(runs=[])))
    assert (done.returncode, done.stdout) == (0, "")
    assert "has no runs" in done.stderr


def test_runs_judged_at_different_marks_are_told_with_their_marks(recorded, tmp_path):
    word = changed(tmp_path, lambda document: document["runs"][1]["samples"][0].update(mark="booted"))
    rows = {
        line.split()[0]: line.split()[1] for line in recorded("show", word).stdout.splitlines() if line.startswith("v")
    }
    assert rows == {"v2.10.0": "built", "v7.2.0": "booted"}
    assert "at booted" in recorded("show", word, "--all").stdout


def test_a_second_run_says_how_to_see_the_first_or_to_write_another(recorded):
    done = recorded("run", "power8", *SMALL)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    for words in ("recording.json exists", "footprint show reports/power8", "-o FOLDER", "--force"):
        assert words in done.stderr
