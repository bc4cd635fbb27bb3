"""A wrong request: exit 2, one sentence that says what was wrong and what is valid, nothing written."""

import gzip
import signal
import subprocess
import sys

import pytest

from tests.conftest import DATA

LOG = DATA / "oplogs" / "pseries_p8_virtio2.txt.gz"


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
        (["-s", "vga=cirrus"], ["vga=cirrus", "std, none"]),
        (["-s", "cards=3"], ["'cards'", "cpus, nics, bridges"]),
        (["-s", "nics=300", "-s", "bridges=1"], ["300 cards", "1 bridge:", "at most 31"]),
        (["-s", "nics=31", "-s", "bridges=0"], ["31 cards", "behind bridges"]),
        (["-s", "bridges=241"], ["241 bridges", "at most 240"]),
        (["-r", "v7.2"], ["'v7.2'", "did you mean 'v7.2.0'", "092aa2fc65@posted"]),
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
    ],
)
def test_a_broken_script_is_refused_with_its_line(footprint, tmp_path, script, words):
    (tmp_path / "mine.py").write_text(script)
    assert refused(footprint("run", "./mine.py"), *words)


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
    child = subprocess.Popen(
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


@pytest.mark.parametrize("module", ["click", "msgspec"])
def test_ctrl_c_during_the_first_imports_ends_cleanly_too(footprint, tmp_path, module):
    # A module of that name in the folder that is searched first raises what a Ctrl-C there would raise.
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt\n")
    done = footprint("run", "power8")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "footprint: interrupted")
