"""A wrong request: exit 2, one sentence that says what was wrong and what is valid, nothing written."""

import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys

import pytest

from footprint.scripts import MOVED
from tests.conftest import DATA
from tests.fixtures.processes import interruptible

LOG = DATA / "oplogs" / "pseries_p8_virtio2.txt.gz"
CAPTURE = min((DATA / "captures").glob("*.json.gz"))


def refused(done, *words):
    """The process ended with 2 and one sentence that holds `words`."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    return True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-s", "cpus=0"], ["cpus", "'0'", "from 1 to"]),
        (["-s", "nics=-1"], ["nics", "'-1'", "at least 0"]),
        (["-s", "cpus=many"], ["cpus", "'many'", "whole number"]),
        (["-s", "cpus"], ["'cpus'", "NAME=VALUE"]),
        (["-s", "cpus=4", "-s", "cpus=5"], ["cpus", "twice", "'4'", "'5'"]),
        (["-s", f"bridges={10**22}"], ["bridges", "at most 240"]),
        (["-s", f"ohci={10**22}"], ["controllers", "30"]),
        (["-s", "vga=cirrus"], ["vga=cirrus", "std, none"]),
        (["-s", "cards=3"], ["'cards'", "cpus, nics, bridges"]),
        (["-s", "nics=300", "-s", "bridges=1"], ["300 cards", "1 bridge:", "at most 31"]),
        (["-s", "nics=31", "-s", "bridges=0"], ["31 cards", "behind bridges"]),
        (["-s", "bridges=241"], ["241 bridges", "at most 240"]),
        (["-r", "v7.2"], ["'v7.2'", "did you mean 'v7.2.0'", "092aa2fc65@posted"]),
        (["-r", "v99.0.0"], ["'v99.0.0'", "the newest release with a rule set is v", "use v", "092aa2fc65@posted"]),
        (["-r", "v4.1.3,sharing=none"], ["'v4.1.3'", "v2.11.0 is the last rule set before", "use v2.11.0"]),
        (["-r", "v1.7.0"], ["'v1.7.0'", "the oldest release with a rule set is v2.0.0"]),
        (["-r", "v7.2.0,share=none"], ["'share'", "sharing", "dummy_sections"]),
        (["-r", "v7.2.0,sharing=all"], ["sharing=all", "none, root, child"]),
        (["-r", "v7.2.0,sharing"], ["'sharing'", "feature=value"]),
        (["-b", "bochs"], ["'bochs'", "model"]),
        (["--probe", "rss"], ["'rss'", "traced, sized"]),
        (["--frobnicate"], ["--frobnicate"]),
    ],
)
def test_a_wrong_run_is_refused(footprint, tmp_path, arguments, words):
    assert refused(footprint("run", "power8", *arguments), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["power8", "--qemu", "x", "--time-limit", "3", "--firmware-seconds", "3", "--guests", "2"],
         ["--qemu, --time-limit, --firmware-seconds and --guests go with -b qemu"]),
        (["hotplug", "-b", "qemu", "-r", "v7.2.0", "--probe", "sized,traced", "--guests", "2"],
         ["take -r ", "take --probe traced,sized ", "-s bus_master=0", "-s commit=0", "or play Plug, Unplug in several"]),
        (["hotplug", "-b", "qemu", "-s", "commit=0", "-s", "cycles=9"],
         ["-b qemu cannot let a device of a stopped guest reach memory (use -s bus_master=0)\n"]),
        ([str(LOG), "-b", "qemu"], ["cannot replay an operation log (use -b model)"]),
        ([str(CAPTURE), "-b", "qemu"], ["cannot restore a capture (use -b model)"]),
    ],
)  # fmt: skip
def test_all_that_a_backend_cannot_do_is_said_in_one_sentence(footprint, tmp_path, arguments, words):
    assert refused(footprint("run", *arguments), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["json:loads", "-s", "a=b", "-b", "qemu", "--line", "3"],
         ["-s and -b go with a scenario; --line goes with -- PROG"]),
        (["-r", "v7.2.0", "--qemu", "x", "--", "cat"], ["-r and --qemu go with a scenario\n"]),
        (["hotplug", "--line", "x"], ["--line goes with -- PROG\n"]),
        (["hotplug", "-b", "qemu", "-r", "v7.2.0"], ["take -r ", "-s bus_master=0", "-s commit=0"]),
    ],
)  # fmt: skip
def test_options_of_leaks_that_go_with_other_targets_are_named_together(footprint, arguments, words):
    assert refused(footprint("leaks", *arguments), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "power9"], ["'power9'", "did you mean 'power8'"]),
        (["run", "./none.py"], ["none.py", "no such file"]),
        (["fly"], ["'fly'", "list, run"]),
        (["list", "fish"], ["'fish'", "scenarios, rules"]),
        (["verify", "none.txt"], ["none.txt", "no such file"]),
        (["show", "none.json"], ["none.json", "no such file"]),
        (["gate", "none.json", "--budget", "flatviews.alive<=4"], ["none.json", "no such file"]),
        (["gate", "none.json", "--budget", "flatview.alive<=4"], ["'flatview.alive'", "flatviews.alive"]),
        (["gate", "none.json", "--budget", "flatviews.alive"], ["METRIC<=NUMBER"]),
    ],
)
def test_a_wrong_word_is_refused_with_the_valid_ones(footprint, arguments, words):
    assert refused(footprint(*arguments), *words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "x" * 300],
        ["run", "x" * 300 + ".py"],
        ["run", "./" + "x" * 300 + ".gz"],
        ["run", "power8", "-o", "x" * 300],
        ["show", "x" * 300],
        ["verify", "x" * 300],
        ["run", "power8", "-r", "x" * 300 + ".py:Rule"],
    ],
)
def test_a_name_too_long_for_a_file_is_refused(footprint, tmp_path, arguments):
    assert refused(footprint(*arguments), "x" * 300)
    assert list(tmp_path.iterdir()) == []


def test_scripts_that_are_folders_or_loops_are_refused(footprint, tmp_path):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    assert refused(footprint("run", "./folder.py"), "folder.py", "it is a folder")
    assert refused(footprint("run", "./loop.py"), "loop.py")


def test_a_pipe_or_a_device_is_never_replaced_by_a_file(footprint, tmp_path):
    os.mkfifo(tmp_path / "recording.json")
    assert refused(footprint("run", "power8", "-o", ".", "--force"), "recording.json", "not a regular file")
    assert (tmp_path / "recording.json").is_fifo()


def test_a_file_in_the_way_of_the_output_folder_is_kept(footprint, tmp_path):
    (tmp_path / "out").write_text("precious")
    assert refused(footprint("run", "power8", "-o", "out"), "out is a file", "folder")
    assert refused(footprint("run", "power8", "-o", "out/deeper"), "out is a file", "folder")
    assert (tmp_path / "out").read_text() == "precious"


def test_an_existing_recording_is_not_overwritten_without_force(footprint, tmp_path):
    small = ["run", "power8", "-s", "cpus=1", "-s", "nics=0", "-s", "bridges=0", "-r", "v7.2.0", "--no-report"]
    assert footprint(*small, "-o", "out").returncode == 0
    before = (tmp_path / "out" / "recording.json").read_bytes()
    assert refused(footprint(*small, "-o", "out"), "recording.json exists", "--force")
    assert (tmp_path / "out" / "recording.json").read_bytes() == before
    assert footprint(*small, "-o", "out", "--force").returncode == 0


def cut(data):
    return data[: len(data) // 2].rsplit(b"\n", 1)[0] + b"\nadd system#66e0"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (cut(gzip.decompress(LOG.read_bytes())), ["log:", "cut off", "last line"]),
        (gzip.compress(cut(gzip.decompress(LOG.read_bytes()))), ["log:", "cut off"]),
        (LOG.read_bytes()[:500], ["gzip", "cut off"]),
        (b"\x1f\x8b broken", ["gzip"]),
        (b"init io a#1 size=0x10\n\xff\xfe\n", ["log:2", "UTF-8"]),
        (b"init io a#1 size=0x10\nhello world\n", ["log:2", "is not an operation", "hello world"]),
        (b"init io a#1 size=0x10\nadd b#2 @0x0 <- a#1\n", ["log:2", "b#2 was not initialised"]),
        (b"init io a#1 size=0x10\n  DISP sections=1/16 nodes=0/0\n", ["log:2", "NEWVIEW"]),
        (b"init io a#1 size=0x10" + b"0" * 5000 + b"\n", ["log:1", "characters", "at most"]),
        (b"", ["neither a capture nor an operation log"]),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("verb", [["run"], ["verify"]], ids=["run", "verify"])
def test_a_broken_log_is_refused_with_its_line(footprint, tmp_path, verb, content, words):
    (tmp_path / "a.log").write_bytes(content)
    assert refused(footprint(*verb, "./a.log"), *words)
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("x = 1\ny = 1 / 0\n", ["mine.py:2", "ZeroDivisionError"]),
        ("def (\n", ["mine.py:1", "not valid Python"]),
        ("x = 1\n", ["mine.py", "0 scenarios", "@scenario"]),
        ("raise SystemExit(4)\n", ["mine.py:1", "SystemExit"]),
    ],
)
def test_a_broken_script_is_refused_with_its_line(footprint, tmp_path, script, words):
    (tmp_path / "mine.py").write_text(script)
    assert refused(footprint("run", "./mine.py"), *words)


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_a_script_that_imports_a_module_from_where_it_was_is_told_where_it_is(footprint, tmp_path, old, new):
    assert importlib.util.find_spec(new)
    (tmp_path / "mine.py").write_text(f"import math\nfrom {old} import Build\n")
    assert refused(footprint("run", "./mine.py"), "mine.py:2", f"No module named '{old}'", f"now in {new}")


def test_a_script_that_imports_it_only_when_it_runs_is_told_so_too(footprint, tmp_path):
    (tmp_path / "mine.py").write_text(SCENARIO + "    import footprint.guests\n    yield Mark('built')\n")
    assert refused(footprint("run", "./mine.py"), "mine.py:6", "now in footprint.scenario.startup")
    assert refused(footprint("run", "./mine.py", "-b", "qemu"), "mine.py:6", "now in footprint.scenario.startup")


SCENARIO = """from footprint.machines.pseries import pseries
from footprint.scenario import scenario
from footprint.scenario import Build, Mark, Settle
@scenario("?")
def mine(p):
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("    yield Build(pseries(cpus=1))\n    raise ValueError('no\\nmore')\n", ["mine.py:7", "ValueError: no more"]),
        ("    yield Build(pseries(cpus=p.cups))\n", ["mine.py:6", "AttributeError", "cups"]),
        ("    yield Settle()\n    raise SystemExit(5)\n", ["mine.py:7", "SystemExit"]),
        ("    yield 42\n", ["'mine'", "42", "no step", "Build, Boot"]),
        ("    yield Build('pc')\n", ["'pc'", "topology", "Topology, not str"]),
        ("    yield Mark(5)\n", ["Mark(name=5", "str, not int"]),
        ("    return 5\n", ["'mine'", "gives 5", "yield"]),
        ("    yield Build(pseries(cpus=1))\n", ["'mine'", "no Mark"]),
        ("    yield Build(pseries(cpus=1))\n    yield Build(pseries(cpus=1))\n", ["one machine", "a second"]),
    ],
)
def test_a_script_that_fails_while_it_runs_is_named_with_its_line(footprint, tmp_path, body, words):
    (tmp_path / "mine.py").write_text(SCENARIO + body)
    assert refused(footprint("run", "./mine.py", "-o", "out"), *words)
    assert not (tmp_path / "out").exists()


def test_a_scenario_whose_parameters_are_none_is_refused(footprint, tmp_path):
    (tmp_path / "mine.py").write_text(SCENARIO.replace('("?")', '("?", params=(5,))') + "    yield Mark('built')\n")
    assert refused(footprint("run", "./mine.py"), "Param(…), not 5")


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("identity(self, region): raise ValueError('no')", ["rule.py:3", "ValueError: no"]),
        ("identity(self, region): return []", ["rule.py:Rule", "unhashable"]),
        ("key(self, root): return 5", ["rule.py:Rule", "'int'"]),
        ("counts(self): return {'looks': 'many'}", ["rule.py:Rule", "'many'", "'looks'", "whole number"]),
        ("__init__(self, wish): pass", ["rule.py:Rule", "wish"]),
    ],
)
def test_a_rule_that_fails_while_it_runs_is_named(footprint, tmp_path, method, words):
    text = f"from footprint.memory.roots import ShareByChild\nclass Rule(ShareByChild):\n    def {method}\n"
    (tmp_path / "rule.py").write_text(text)
    assert refused(footprint("run", "power8", "-s", "nics=1", "-s", "cpus=1", "-r", "rule.py:Rule"), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", ["not JSON"]),
        ("{}", ["not a recording", "schema"]),
        ("[]", ["not a recording"]),
        ('{"schema": "footprint.recording/9", "scenario": "x", "params": {}, "backend": "model", '
         '"environment": {}, "runs": []}', ["footprint.recording/9", "footprint.recording/1"]),
        ('{"schema": "footprint.recording/1", "scenario": "x", "params": {}, "backend": "model", '
         '"environment": {}, "runs": [{"rules": 7}]}', ["not a recording", "runs[0].rules"]),
    ],
)  # fmt: skip
def test_a_broken_recording_is_refused(footprint, tmp_path, content, words):
    (tmp_path / "bad.json").write_text(content)
    assert refused(footprint("show", "bad.json"), "bad.json", *words)


def test_ctrl_c_ends_cleanly_and_leaves_nothing(tmp_path):
    child = interruptible(
        [sys.executable, "-m", "footprint", "run", "power8", "--probe", "traced"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1.5)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert (child.returncode, out, err.strip()) == (130, "", "footprint: interrupted")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_with_a_timeline_below_zero_is_drawn_all_the_same(footprint, tmp_path):
    small = ["run", "power8", "-s", "cpus=1", "-s", "nics=0", "-s", "bridges=0", "-r", "v7.2.0", "--json"]
    recording = json.loads(footprint(*small).stdout)
    timeline = recording["runs"][0]["timeline"]
    timeline["bytes"] = [-1] * len(timeline["bytes"])
    (tmp_path / "odd.json").write_text(json.dumps(recording))
    assert footprint("report", "odd.json", "-o", "odd.html").returncode == 0


@pytest.mark.parametrize("module", ["click", "msgspec"])
def test_ctrl_c_during_the_first_imports_ends_cleanly_too(footprint, tmp_path, module):
    # A module of that name in the folder that is searched first raises what a Ctrl-C there would raise.
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt\n")
    done = footprint("run", "power8")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "footprint: interrupted")
