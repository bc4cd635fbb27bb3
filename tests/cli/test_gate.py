"""Gates and baselines as a user types them: played scenarios, pyproject.toml, accepting, and each format's exit code."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.conftest import DATA

SMALL = ("-s", "cpus=2", "-s", "nics=3", "-s", "bridges=1")
SETTINGS = """\
[tool.footprint.gates.small] # the guest we ship
scenario = "power8"
params = { cpus = 2, nics = 3, bridges = 1 }
rules = ["v7.2.0"]
baseline = "reports/baselines/small.json"
budgets = [
    "flatviews.alive<=4", # what 7.2 has
    "flatviews.created<=500",
]
"""


@pytest.fixture
def project(tmp_path):
    """A folder with a pyproject.toml that has one gate."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    return tmp_path


def figures(output, metric):
    """The row of the first table that is about `metric`, as cells."""
    row = next(line for line in output.splitlines() if f"  {metric}  " in line and "  " in line)
    return re.split(r" {2,}", row.strip())


def test_a_scenario_is_played_and_judged_without_a_recording(footprint):
    done = footprint("gate", "power8", *SMALL, "-r", "v7.2.0", "--budget", "flatviews.alive<=4")
    assert done.returncode == 0, done.stderr
    assert figures(done.stdout, "flatviews.alive") == [
        "ok", "power8", "flatviews.alive", "v7.2.0", "built", "–", "<= 4", "4", "–"
    ]  # fmt: skip
    done = footprint("gate", "power8", *SMALL, "-r", "v7.2.0", "--budget", "flatviews.alive<=3")
    again = next(line for line in done.stdout.splitlines() if "again:" in line).split("again: ")[1]
    assert again == "footprint gate power8 -s cpus=2 -s nics=3 -s bridges=1 -r v7.2.0 --budget 'flatviews.alive<=3'"
    assert done.returncode == 1


def test_a_capture_is_judged(footprint):
    capture = DATA / "captures" / "x86_64__pc.json.gz"
    assert footprint("gate", capture, "--budget", "flatviews.alive<=4").returncode == 0
    assert footprint("gate", capture, "--budget", "flatviews.alive<=3").returncode == 1


def test_a_paste_is_judged_from_a_file_and_from_standard_input(footprint, tmp_path):
    paste = "address-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n"
    paste += "    0000000000000000-0000000007ffffff (prio 0, ram): ram\n"
    (tmp_path / "paste.txt").write_text(paste)
    assert footprint("gate", "paste.txt", "--budget", "flatviews.alive<=1").returncode == 0
    command = [sys.executable, "-m", "footprint", "gate", "-", "--budget", "flatviews.alive<=0"]
    done = subprocess.run(command, cwd=tmp_path, input=paste, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_recording_comes_before_a_scenario_of_its_name_and_run_plays_it_anew(footprint):
    assert footprint("run", "power8", *SMALL, "-r", "v7.2.0", "--no-report").returncode == 0
    done = footprint("gate", "power8", "--budget", "address_spaces<=12")
    assert (done.returncode, "judging reports/power8, recorded 20" in done.stderr) == (0, True)
    done = footprint("gate", "power8", "--run", "-s", "cpus=3", "-r", "v7.2.0", "--budget", "address_spaces<=12")
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["power8", *SMALL], ["nothing to judge power8 by", "no --budget or --baseline", "cpus=2"]),
        ([], ["name a recording or a scenario", "[tool.footprint.gates.NAME]"]),
        (["power9", "--budget", "nodes<=4"], ["'power9'", "did you mean 'power8'"]),
        (["power8", "-s", "cpu=2", "--budget", "nodes<=4"], ["'cpu'", "cpus"]),
        (["power8", "--baseline", "none.json"], ["none.json", "cannot read the baseline"]),
        (["-s", "cpus=2"], ["-s goes with a scenario"]),
    ],
)
def test_a_gate_without_anything_to_judge_is_refused(footprint, arguments, words):
    done = footprint("gate", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    for word in words:
        assert word in done.stderr


def test_a_missing_baseline_is_refused_with_how_to_make_it(footprint, project):
    done = footprint("gate")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pyproject.toml:5: tool.footprint.gates.small.baseline: no file" in done.stderr
    assert "footprint accept small writes it" in done.stderr


def test_accepting_then_judging_holds_and_explain_says_where_each_rule_is_from(footprint, project):
    done = footprint("accept", "small")
    assert (done.returncode, "figures are accepted for the first time" in done.stdout) == (0, True), done.stderr
    accepted = json.loads((project / "reports" / "baselines" / "small.json").read_text())
    assert accepted["runs"][0]["metrics"]["flatviews.alive"] == 4
    assert not any(name.startswith("process.") for name in accepted["runs"][0]["metrics"])
    done = footprint("gate")
    assert done.returncode == 0, done.stdout
    assert figures(done.stdout, "flatviews.alive")[-4:] == ["4", "<= 4", "4", "0"]
    assert "more metrics are as they were accepted" in done.stdout
    told = footprint("gate", "--explain", "--budget", "nodes<=40").stdout.splitlines()
    assert told[0] == "budget nodes<=40  (--budget 'nodes<=40')"
    assert told[1] == "small: budget flatviews.alive<=4  (pyproject.toml:7 tool.footprint.gates.small.budgets[0])"
    assert any(line.endswith("(pyproject.toml:5 tool.footprint.gates.small.baseline)") for line in told)
    nothing = footprint("accept", "small")
    assert (nothing.stdout, nothing.stderr) == ("", "nothing changes\n")


def test_a_recording_is_judged_by_the_gate_for_its_parameters_only(footprint, project):
    footprint("accept", "small")
    assert footprint("run", "power8", *SMALL, "-r", "v7.2.0", "-o", "mine", "--no-report").returncode == 0
    document = json.loads(footprint("gate", "mine", "--json").stdout)
    assert {verdict["gate"] for verdict in document["verdicts"]} == {"small"}
    footprint("run", "power8", "-s", "cpus=2", "-r", "v7.2.0", "-s", "nics=9", "-o", "other", "--no-report")
    done = footprint("gate", "other")
    assert (done.returncode, "no gate of a pyproject.toml" in done.stderr) == (2, True)


def test_a_baseline_catches_what_no_budget_names_and_a_gain_is_kept_by_accepting_it(footprint, project, tmp_path):
    path = project / "reports" / "baselines" / "small.json"
    footprint("accept", "small")
    document = json.loads(path.read_text())
    document["runs"][0]["metrics"]["nodes"] -= 1
    document["runs"][0]["metrics"]["sections"] += 1
    path.write_text(json.dumps(document))
    done = footprint("gate")
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
        "FAIL     small  nodes              v7.2.0  built      19      +0   20  +1",
        "FAIL  nodes is 20 under v7.2.0 at built: is worse than the accepted 19 (+1; allowed +0)",
    ]
    assert "a gain that is not accepted: sections is 15" in done.stdout
    assert "footprint accept small keeps it" in done.stdout
    done = footprint("accept", "small", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "would write reports/baselines/small.json\n")
    assert footprint("gate").returncode == 1
    done = footprint("accept", "small")
    assert [re.split(" {2,}", line) for line in done.stdout.splitlines()[-2:]] == [
        ["sections", "v7.2.0", "built", "16", "15", "−1"],
        ["nodes", "v7.2.0", "built", "19", "20", "+1"],
    ]
    done = footprint("gate")
    assert (done.returncode, "gain" in done.stdout) == (0, False)


def test_tightening_moves_a_budget_and_keeps_the_comments(footprint, project):
    footprint("accept", "small")
    assert "flatviews.created<=500 could be flatviews.created<=1" in footprint("gate").stderr
    done = footprint("accept", "small", "--tighten")
    assert re.search(r"^small: flatviews.created<=500 becomes flatviews.created<=\d+$", done.stdout, flags=re.M)
    now = (project / "pyproject.toml").read_text()
    assert re.sub(r"created<=\d+", "created<=500", now) == SETTINGS
    assert now != SETTINGS
    done = footprint("gate")
    assert (done.returncode, "room" in done.stderr) == (0, False)


def test_a_baseline_of_something_else_is_not_replaced_without_force(footprint, tmp_path):
    assert footprint("accept", "power8", *SMALL, "-r", "v7.2.0").returncode == 0
    other = ("accept", "power8", "-s", "cpus=4", "-s", "nics=3", "-s", "bridges=1", "-r", "v7.2.0")
    done = footprint(*other)
    assert (done.returncode, "cpus=2 (recorded: 4)" in done.stderr) == (2, True)
    assert footprint(*other, "--force").returncode == 0
    (tmp_path / "notes.json").write_text("{}")
    done = footprint(*other, "-o", "notes.json", "--force")
    assert (done.returncode, "is not a baseline" in done.stderr) == (2, True)
    done = footprint("gate", "power8", *SMALL, "-r", "v7.2.0", "--baseline", "reports/baselines/power8.json")
    assert (done.returncode, "accepted with other parameters" in done.stderr) == (2, True)


def test_two_rule_sets_that_are_to_agree_are_both_played_again(footprint, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.footprint.gates.agree]\nscenario = 'power8'\nparams = { cpus = 2, nics = 3, bridges = 1 }\n"
        "rules = ['v2.10.0', 'v7.2.0']\n"
        "equal = [{ metric = 'flatviews.alive', between = ['v2.10.0', 'v7.2.0'] }]\n"
    )
    done = footprint("gate")
    assert "flatviews.alive is 4 under v7.2.0 and 15 under v2.10.0 at built: not equal (−11)" in done.stdout
    again = done.stdout.split("again: footprint ")[1].split()
    assert again == ["gate", "agree", "-r", "v2.10.0", "-r", "v7.2.0"]
    assert footprint(*again).stdout == done.stdout
    assert done.returncode == 1


def test_accepting_one_rule_set_leaves_the_others_as_they_were(footprint, tmp_path):
    words = ("accept", "power8", *SMALL)
    assert footprint(*words, "-r", "v7.2.0", "-r", "v2.10.0").returncode == 0
    path = tmp_path / "reports" / "baselines" / "power8.json"
    before = json.loads(path.read_text())
    assert footprint(*words, "-r", "v7.2.0").stderr == "nothing changes\n"
    assert json.loads(path.read_text()) == before


def test_a_measured_metric_in_a_verdict_says_how_noisy_it_was(footprint):
    done = footprint("gate", "power8", *SMALL, "-r", "v7.2.0", "-r", "v2.11.0", "--budget", "process.rss<=4GiB±5%")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^note: measured: .* over 2 runs at built", done.stderr, flags=re.M)


@pytest.mark.parametrize("form", ["json", "junit", "github", "gitlab", "markdown"])
def test_every_format_has_the_same_exit_code_and_nothing_else_on_stdout(footprint, form):
    gate = ("gate", "power8", *SMALL, "-r", "v7.2.0", "--format", form, "--budget")
    good, bad = footprint(*gate, "flatviews.alive<=4"), footprint(*gate, "flatviews.alive<=3")
    assert (good.returncode, bad.returncode, good.stderr, bad.stderr) == (0, 1, "", "")
    assert "breaks the budget" in bad.stdout
    begin = {"json": "{", "junit": "<?xml", "github": "::error ", "gitlab": "[", "markdown": "### footprint: 1 of 1"}
    assert bad.stdout.startswith(begin[form])
    if form in ("json", "gitlab"):
        json.loads(bad.stdout)
        json.loads(good.stdout)
    if form == "github":
        assert good.stdout == ""
        assert bad.stdout.count("\n") == 1


def test_one_bad_word_of_several_is_reported_and_the_others_are_judged(footprint, tmp_path):
    capture = DATA / "captures" / "x86_64__pc.json.gz"
    (tmp_path / "notes.txt").write_text("Hello")
    budget = ("--budget", "flatviews.alive<=4")
    done = footprint("gate", "notes.txt", capture, "nowhere", *budget)
    assert done.returncode == 2
    assert figures(done.stdout, "flatviews.alive")[0] == "ok"
    assert "notes.txt:1: is neither a capture" in done.stderr and "gate or scenario 'nowhere'" in done.stderr
    document = json.loads(footprint("gate", "notes.txt", capture, *budget, "--json").stdout)
    assert (document["holds"], len(document["verdicts"])) == (False, 1)
    assert [(each["subject"], each["exit_code"]) for each in document["errors"]] == [("notes.txt", 2)]
    only_bad = footprint("gate", "notes.txt", "nowhere", *budget)
    assert (only_bad.returncode, only_bad.stdout, len(only_bad.stderr.splitlines())) == (2, "", 2)


def test_formats_go_into_files_beside_the_answer(footprint, tmp_path):
    words = ("gate", "power8", *SMALL, "-r", "v7.2.0", "--budget", "flatviews.alive<=3")
    files = ("--write", "junit=junit.xml", "--write", "markdown=comment.txt", "--write", "gitlab=gl.json")
    done = footprint(*words, *files)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "1 of 1 check failed")
    assert ElementTree.fromstring((tmp_path / "junit.xml").read_text()).get("failures") == "1"
    assert (tmp_path / "comment.txt").read_text() == footprint(*words, "--format", "markdown").stdout
    assert json.loads((tmp_path / "gl.json").read_text()) == json.loads(footprint(*words, "--format", "gitlab").stdout)
    assert footprint(*words, *files, "--force").returncode == 1
    for words_of_file, sentence in (
        ("junit=junit.xml", "junit.xml exists; give --force to overwrite it"),
        ("junit", "--write 'junit' is not FORMAT=FILE"),
        ("text=a.txt", "unknown format of --write 'text'"),
    ):
        done = footprint(*words, "--write", words_of_file)
        assert (done.returncode, done.stdout, sentence in done.stderr) == (2, "", True)
