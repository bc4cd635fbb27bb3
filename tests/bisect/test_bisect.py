"""The commit at which a gate begins to fail is found in a small repository, whose "QEMU" is a script."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.fixtures.processes import interruptible

QEMU = """#!/bin/sh
# Logs the calls on its memory API; with as many cards that have an address space of their own as `cards` says.
cat <<LOG
init container system#1 size=0xffffffffffffffff
AS_INIT 'memory' root=system#1
init ram ram#2 size=0x8000000
add system#1 @0x0 <- ram#2
init io io#3 size=0x10000
AS_INIT 'I/O' root=io#3
LOG
for card in $(seq $(cat cards)); do cat <<LOG
init container private#a$card size=0x10000
init ram card#b$card size=0x1000
add private#a$card @0x0 <- card#b$card
AS_INIT 'card' root=private#a$card
LOG
done
"""
BUILD = "sh ./make"
RUN = ("--run", "build/calls.log -r v7.2.0")
GATE = ("--", "--budget", "flatviews.alive<=2")
MAKE = "mkdir -p build && sh ./qemu > build/calls.log"


class Repository:
    """A repository of the stand-in, commit by commit."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        (folder / "qemu").write_text(QEMU)
        (folder / ".gitignore").write_text("build/\n")

    def git(self, *arguments):
        words = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments)
        return subprocess.run(
            ["git", *words], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, words, *, cards=0, make=MAKE):
        (self.folder / "cards").write_text(str(cards))
        (self.folder / "make").write_text(f"{make} # {words}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", words)
        return self.git("rev-parse", "HEAD")

    @property
    def state(self):
        bisecting = (self.folder / ".git" / "BISECT_LOG").exists()
        return (
            self.git("symbolic-ref", "HEAD"),
            self.git("rev-parse", "HEAD"),
            self.git("status", "--porcelain"),
            bisecting,
        )


@pytest.fixture
def repository(need, tmp_path):
    need("git", "git")
    return Repository(tmp_path / "qemu")


@pytest.fixture
def five(repository):
    """Five commits, of which the fourth brings the cards' own views back."""
    commits = [repository.commit(f"change {n}", cards=3 if n >= 4 else 0) for n in range(1, 6)]
    return repository, commits


def bisect(footprint, repository, good, bad, *arguments, build=BUILD, run=RUN, gate=GATE):
    where = ("--repo", repository.folder, "--good", good, "--bad", bad, "--build", build)
    return footprint("bisect", *where, *run, *arguments, *gate)


def test_the_first_bad_commit_is_found_and_the_checkout_is_as_before(footprint, five):
    repository, commits = five
    before = repository.state
    done = bisect(footprint, repository, commits[0], "main")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"first bad commit: {commits[3]}\n  change 4 (Ada, ")
    assert "flatviews.alive is 5 under v7.2.0" in done.stdout
    assert f"{commits[0][:12]} good: " in done.stderr
    assert f"{commits[-1][:12]} bad: " in done.stderr
    assert repository.state == before


def test_json_has_the_commit_and_every_judgement(footprint, five):
    repository, commits = five
    done = bisect(footprint, repository, commits[0], commits[-1], "--json")
    document = json.loads(done.stdout)
    assert (document["schema"], document["commit"], document["subject"]) == (
        "footprint.bisect/1",
        commits[3],
        "change 4",
    )
    judged = {judgement["commit"]: judgement["answer"] for judgement in document["judged"]}
    assert all(judged[commit] == ("bad" if commit in commits[3:] else "good") for commit in judged)
    assert {commits[0], commits[2], commits[3], commits[-1]} <= set(judged)


def test_without_run_the_gate_names_what_the_build_made(footprint, five):
    repository, commits = five
    build = f"{BUILD} && {sys.executable} -m footprint run build/calls.log -r v7.2.0 -o build/out --no-report --no-history --force"
    gate = ("--", "build/out", *GATE[1:])
    done = bisect(footprint, repository, commits[0], commits[-1], build=build, run=(), gate=gate)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"first bad commit: {commits[3]}"), done.stderr


def test_a_commit_that_does_not_build_or_cannot_be_recorded_is_skipped(footprint, repository):
    first = repository.commit("first")
    repository.commit("does not build", make="echo 'no rule to make target' >&2; false")
    repository.commit("good still")
    repository.commit("logs nothing", cards=3, make="mkdir -p build && : > build/calls.log")
    guilty = repository.commit("guilty", cards=3)
    repository.commit("last", cards=3)
    done = bisect(footprint, repository, first, "main")
    assert done.returncode == 3
    assert "the first bad commit is one of 2, and the others cannot be judged" in done.stderr
    assert guilty[:12] in done.stderr
    assert "skip: footprint run ended with 2: footprint: build/calls.log" in done.stderr
    assert repository.state[3] is False


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"good": "v9"}, 2, "--good 'v9' is not a commit of"),
        ({"good": "--help"}, 2, "--good '--help' is not a commit of"),
        ({"good": "main", "bad": "main~4"}, 2, "--bad main~4 is not after --good main: exchange them"),
        ({"good": "main~1"}, 2, "the gate calls the good commit"),
        ({"bad": "main~3"}, 2, "the gate calls the bad commit"),
        ({"build": "false"}, 3, "cannot be judged: the build command ended with 1: it said nothing"),
        (
            {"gate": ("--", "--budget", "flatviews.alife<=2")},
            3,
            "footprint gate ended with 2: footprint: unknown metric",
        ),
        ({"run": ("--run", "'")}, 2, "is not a command line: no closing quotation"),
    ],
)
def test_what_cannot_be_bisected_is_refused_in_one_sentence(footprint, five, change, code, words):
    repository, _ = five
    before = repository.state
    done = bisect(footprint, repository, **{"good": "main~4", "bad": "main"} | change)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr.splitlines()[-1]
    assert repository.state == before


def test_a_checkout_with_changes_or_in_a_bisect_is_left_alone(footprint, five, tmp_path):
    repository, commits = five
    (repository.folder / "cards").write_text("9")
    done = bisect(footprint, repository, commits[0], commits[-1])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "has changes that are not committed (cards …)" in done.stderr
    assert (repository.folder / "cards").read_text() == "9"
    repository.git("checkout", "-q", "cards")
    repository.git("bisect", "start")
    done = bisect(footprint, repository, commits[0], commits[-1])
    assert (done.returncode, "is being bisected already" in done.stderr) == (2, True)
    assert repository.state[3] is True
    for folder, words in ((tmp_path, "is not in a git checkout"), (tmp_path / "nowhere", "is not a folder")):
        done = footprint("bisect", "--repo", folder, "--good", "a", "--bad", "b", "--build", "true", *GATE)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert words in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_build_and_puts_the_checkout_back(five, tmp_path, number):
    repository, commits = five
    before = repository.state
    started = tmp_path / "started"
    build = f"{BUILD} && if [ $(git rev-list --count HEAD) -ne 1 ]; then echo $$ > {started}; exec sleep 100; fi"
    words = ["--repo", repository.folder, "--good", commits[0], "--bad", "main", "--build", build, *RUN, *GATE]
    command = [sys.executable, "-m", "footprint", "bisect", *map(str, words)]
    with interruptible(command, cwd=tmp_path, env=os.environ, stderr=subprocess.PIPE, text=True) as we:
        deadline = time.monotonic() + 60
        while not (started.exists() and started.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.05)
        pid = int(started.read_text())
        assert repository.git("rev-parse", "HEAD") == commits[-1]
        we.send_signal(number)
        code = we.wait(20)
        assert (code, we.stderr.read().splitlines()[-1]) == (130, "footprint: interrupted")
    assert repository.state == before
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
