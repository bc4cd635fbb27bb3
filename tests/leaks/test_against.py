"""``leaks TARGET --against …``: two environments, one answer; environments of releases are made once, and whole."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
import zipfile
from dataclasses import replace

import pytest

from footprint.errors import RequestError
from footprint.leaks.compared_text import compared_answer, compared_told
from footprint.leaks.python_words import environments, pins_of
from footprint.verdict.compared import Compared, ComparedOutcome
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict
from tests.fixtures.processes import interruptible

MODULE = """
kept = []
def work():
    {body}
"""
TARGET = "import spam_eggs\ndef cycle():\n    spam_eggs.work()\ndef idle():\n    pass\n"


def wheel(folder, version, body):
    """A wheel of the package ``spam-eggs``."""
    info = f"spam_eggs-{version}.dist-info"
    with zipfile.ZipFile(folder / f"spam_eggs-{version}-py3-none-any.whl", "w") as file:
        file.writestr("spam_eggs.py", MODULE.format(body=body))
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: spam-eggs\nVersion: {version}\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        names = ["spam_eggs.py", *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD"))]
        file.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """1.0 leaks an object, 1.1 nothing, 1.2 two objects; 2.0 cannot be built."""
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "1.0", "kept.append(object())")
    wheel(folder, "1.1", "pass")
    wheel(folder, "1.2", "kept.extend([object(), object()])")
    broken = folder / "spam_eggs-2.0"
    broken.mkdir()
    (broken / "broken.py").write_text("raise RuntimeError('no compiler for spam')")
    (broken / "pyproject.toml").write_text("[build-system]\nrequires=[]\nbuild-backend='broken'\nbackend-path=['.']\n")
    (broken / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: spam-eggs\nVersion: 2.0\n")
    shutil.make_archive(str(broken), "gztar", folder, "spam_eggs-2.0")
    shutil.rmtree(broken)
    return folder


@pytest.fixture
def closed_port():
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def leaks(footprint, cache, wheels, tmp_path):
    """``footprint leaks`` where pip knows these wheels and nothing else."""
    (tmp_path / "check.py").write_text(TARGET)
    variables = {"XDG_CACHE_HOME": str(cache), "PIP_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1"}

    def run(target, *options, **more):
        return footprint("leaks", target, "--cycles", "1000", *options, **{**variables, **more})

    return run


def kept_in(cache):
    folder = cache / "footprint" / "environments"
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def test_it_leaks_in_one_release_and_not_in_the_other_and_more_than_in_a_python_by_its_folder(leaks, cache, tmp_path):
    pins = ("--python", "spam-eggs==1.0", "--against", "spam-eggs==1.1")
    done = leaks("check.py:cycle", *pins, "-o", "page.html")
    head = done.stdout.splitlines()[0]
    assert head.startswith("leaks in 1.0 (1 block") and head.endswith("a cycle), not in 1.1: check.py:cycle")
    assert done.returncode == 1
    assert "spam_eggs.py:4 in work" in done.stdout
    assert "made an environment for spam-eggs==1.0 in " in done.stderr
    assert "Leaks in 1.0" in (tmp_path / "page.html").read_text()
    assert [name.split("-py3")[0] for name in kept_in(cache)] == ["spam-eggs-1.0", "spam-eggs-1.1"]

    turned = leaks("check.py:cycle", "--python", "spam-eggs==1.1", "--against", "spam-eggs==1.0", "--json")
    document = json.loads(turned.stdout)
    assert (turned.returncode, document["verdict"], document["comparison"]) == (0, "clean", "only_there")
    assert document["against"]["verdict"] == "leak"
    assert {row["metric"]: row["there"] for row in document["changes"]}["python.blocks"] == 1
    assert "made an environment" not in turned.stderr

    environment = next((cache / "footprint" / "environments").glob("spam-eggs-1.0-*/"))
    done = leaks("check.py:cycle", "--python", "spam-eggs==1.2", "--against", environment, "--json", "--no-where")
    document = json.loads(done.stdout)
    assert (done.returncode, document["comparison"]) == (1, "more_here")
    assert document["answer"].startswith("leaks in both, more in spam-eggs==1.2: 2 blocks")
    assert document["against"]["environment"]["python"] == str(environment / "bin" / "python")


def test_an_environment_is_called_by_its_folder_as_one_would_write_it(tmp_path, monkeypatch):
    home, here, far = tmp_path / "home", tmp_path / "here", tmp_path / "far"
    for folder in (home, here, far):
        venv.create(folder / "env", with_pip=False, symlinks=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    words = ("./env", "~/env", str(far / "env/bin/python"), sys.executable)
    called = [each.name for each in environments(words, ["--against"] * len(words), lambda _: None)]
    assert called == ["./env", "~/env", str(far / "env"), "this Python"]


@pytest.mark.parametrize(
    ("word", "code", "sentence"),
    [
        ("spam-eggs==9.9", 2, "; there are 1.0, 1.1, 1.2, 2.0"),
        ("spam-eggs==2.0", 3, "no compiler for spam"),
        ("spam-eggs==", 2, "'spam-eggs==' is not a release of a package"),
        ("nowhere/python", 2, "--against nowhere/python: there is no such program"),
        (".", 2, "--against .: the folder has no bin/python"),
    ],
)
def test_what_cannot_be_had_is_told_in_a_sentence_and_leaves_nothing(leaks, cache, word, code, sentence):
    before = kept_in(cache)
    done = leaks("check.py:idle", "--against", word)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert kept_in(cache) == before


@pytest.mark.parametrize("retries", ["0", "1"])
def test_an_index_that_cannot_be_reached_is_told_in_a_sentence_and_leaves_nothing(leaks, cache, closed_port, retries):
    before, index = kept_in(cache), f"http://127.0.0.1:{closed_port}/simple"
    only = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "0", "PIP_RETRIES": retries}
    done = leaks("check.py:idle", "--against", "spam-eggs==7.0", **{**only, "PIP_FIND_LINKS": ""})
    assert (done.returncode, done.stdout) == (3, "")
    sentence = "pip cannot reach where it looks for packages, so spam-eggs==7.0 could not be installed"
    assert done.stderr.strip().endswith(sentence)
    assert kept_in(cache) == before


def test_the_same_code_twice_is_never_called_a_comparison(leaks, tmp_path):
    unused = tmp_path / "unused.py"
    unused.write_text("def cycle():\n    pass\n")
    assert "imports nothing of spam-eggs" in leaks("unused.py:cycle", "--python", "spam-eggs==1.0").stdout
    (tmp_path / "spam_eggs.py").write_text(MODULE.format(body="pass"))
    done = leaks("check.py:cycle", "--python", "spam-eggs==1.0")
    assert done.returncode == 3
    assert f"the target imports spam-eggs from {tmp_path}/spam_eggs.py" in done.stderr


def test_a_package_that_was_not_named_is_told_with_how_to_name_it(leaks, tmp_path):
    (tmp_path / "more.py").write_text("import spam_eggs, not_there\ndef cycle():\n    pass\n")
    done = leaks("more.py:cycle", "--python", "spam-eggs==1.0")
    assert done.returncode == 3
    assert "an environment of releases has nothing but them" in done.stdout


def test_two_at_once_make_it_once_and_ctrl_c_leaves_nothing(wheels, tmp_path):
    (tmp_path / "check.py").write_text(TARGET)
    command = [
        sys.executable,
        "-m",
        "footprint",
        "leaks",
        "check.py:cycle",
        "--no-where",
        "--cycles",
        "1000",
        "--python",
        "spam-eggs==1.1",
    ]
    variables = {"XDG_CACHE_HOME": str(tmp_path), "PIP_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1"}

    def start():
        return interruptible(
            command, cwd=tmp_path, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    broken_off, end = start(), time.monotonic() + 30
    while not kept_in(tmp_path) and time.monotonic() < end:
        time.sleep(0.02)
    assert kept_in(tmp_path)[0].endswith(".part")
    broken_off.send_signal(signal.SIGINT)
    broken_off.communicate(timeout=30)
    assert broken_off.returncode == 130
    assert kept_in(tmp_path) == []
    both = [start(), start()]
    said = [each.communicate(timeout=90) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sum("made an environment" in errors for _, errors in said) == 1
    assert len(kept_in(tmp_path)) == 1


def test_a_program_is_compared_with_another(footprint, tmp_path):
    source = "import sys\nkept = []\nfor line in sys.stdin:\n    {}\n    print(line, end='', flush=True)\n"
    for name, body in (("leaking", "kept.append(bytearray(9000))"), ("mended", "pass")):
        (tmp_path / name).write_text(f"#!{sys.executable}\n" + source.format(body))
        (tmp_path / name).chmod(0o755)
    done = footprint("leaks", "--no-where", "--json", "--against", "./mended", "--", "./leaking")
    document = json.loads(done.stdout)
    assert (done.returncode, document["comparison"]) == (1, "only_here")
    assert document["answer"].startswith("leaks in ./leaking (")
    assert document["answer"].endswith("not in ./mended")


def test_against_does_not_go_with_a_scenario(footprint):
    done = footprint("leaks", "hotplug", "--against", sys.executable)
    assert done.returncode == 2
    assert "--against goes with a Python target" in done.stderr


def verdict(answer=Answer.LEAK, **rates):
    slopes = {
        name.replace("_", "."): how if isinstance(how, Slope) else Slope(how, how, how) for name, how in rates.items()
    }
    findings = tuple(Finding(FindingKind.LEAK, name, slope) for name, slope in slopes.items())
    return Verdict("a:b", answer, 100, findings, reason="time over" if answer == Answer.INCONCLUSIVE else "")


CLEAN, UNSURE = verdict(Answer.CLEAN), verdict(Answer.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("here", "there", "outcome", "code", "sentence"),
    [
        (verdict(heap_bytes=24, python_blocks=1), CLEAN, "only_here", 1, "leaks in A (24 B and 1 block a cycle), not in B"),
        (
            verdict(heap_bytes=Slope(48, 48, 48.1), heap_blocks=1, python_blocks=10), CLEAN, "only_here", 1,
            "leaks in A (10 blocks and 48 B of heap a cycle), not in B",
        ),
        (CLEAN, verdict(heap_bytes=24), "only_there", 0, "leaks in B (24 B a cycle), not in A"),
        (verdict(fds=1), verdict(fds=1), "same", 1, "leaks in both A and B, the same: 1 descriptor a cycle"),
        (
            verdict(heap_bytes=Slope(25, 23, 27)), verdict(heap_bytes=Slope(23, 20, 26)), "same", 1,
            "leaks in both A and B, the same: 25 B a cycle",
        ),
        (verdict(fds=2), verdict(fds=1), "more_here", 1, "leaks in both, more in A: 2 descriptors a cycle; in B 1 descriptor a cycle"),
        (verdict(fds=1), verdict(fds=2), "less_here", 1, "leaks in both, less in A: 1 descriptor a cycle; in B 2 descriptors a cycle"),
        (
            verdict(fds=1), verdict(threads=1), "different", 1,
            "leaks in both, not the same in A: 1 descriptor a cycle; in B 1 thread a cycle",
        ),
        (
            verdict(fds=1, uss_bytes=4096), verdict(fds=1), "same", 1,
            "leaks in both A and B, the same: 1 descriptor a cycle",
        ),
        (CLEAN, CLEAN, "neither", 0, "leaks in neither A nor B"),
        (CLEAN, UNSURE, "unknown", 3, "cannot be compared: in B it cannot be told, time over; it is clean in A"),
        (verdict(fds=1), UNSURE, "unknown", 1, "cannot be compared: in B it cannot be told, time over; it leaks in A (1 descriptor a cycle)"),
    ],
)  # fmt: skip
def test_the_answer_of_two_verdicts(here, there, outcome, code, sentence):
    compared = Compared(here, there, "A", "B")
    assert (compared.outcome, compared.exit_code) == (ComparedOutcome(outcome), code)
    assert compared_answer(compared) == sentence
    assert next(compared_told(compared)) == f"{sentence}: a:b"


def test_what_was_not_watched_is_not_told_to_be_nothing():
    blind = replace(CLEAN, unwatched=("heap.bytes: no C compiler is there",))
    compared = Compared(verdict(heap_bytes=24, heap_blocks=1, fds=1), blind, "A", "B")
    assert [(each.metric, each.there is None) for each in compared.changes] == [
        ("heap.bytes", True), ("heap.blocks", True), ("fds", False),
    ]  # fmt: skip


def test_pins_are_told_from_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pins_of("a==1.0 b[x,y]==2rc1, C.d==3+local") == ("a==1.0", "b[x,y]==2rc1", "C.d==3+local")
    assert pins_of("python3") == ()
    (tmp_path / "a==1").mkdir()
    assert pins_of("a==1") == ()
    with pytest.raises(RequestError, match="'b>=1' is not a release"):
        pins_of("a==1.0 b>=1")
