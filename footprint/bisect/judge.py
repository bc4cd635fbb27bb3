"""The judge of one commit: builds it, records it where that was asked for, and lets a gate decide."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

import footprint
from footprint.process.child import Child

_IN_FOLDER = 'cd "$1" && shift && exec "$@"'
_FOR_EVER = 10.0**9
_GATE_SAYS_NO = 1
LONGEST_REASON = 400


class _Verdict(msgspec.Struct):
    holds: bool
    sentence: str


class _Verdicts(msgspec.Struct):
    """What is read of the document that ``gate --json`` prints."""

    verdicts: list[_Verdict]


class BisectAnswer(StrEnum):
    """What git is told about a commit."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer for one commit, and why: the gate's words, or what could not be done."""

    commit: str
    answer: BisectAnswer
    reason: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges what is checked out in `folder`.

    `build` is a shell command. `run` are words for ``footprint run``, whose recording comes before the words for the
    gate, `gate`; where it is empty these name what the build has made. All of them run in `folder`.
    """

    folder: Path
    build: str
    gate: tuple[str, ...]
    run: tuple[str, ...] = ()

    def judge(self, commit: str) -> Judgement:
        """The judgement of `commit`, which is checked out."""
        code, words = self._result(["sh", "-c", self.build])
        if code:
            return Judgement(commit, BisectAnswer.SKIP, f"the build command ended with {code}: {_gist(words)}")
        with tempfile.TemporaryDirectory(prefix="footprint-bisect-") as place:
            recorded: list[str] = []
            if self.run:
                code, words = self._footprint("run", *self.run, "-o", place, "--force", "--no-report", "--no-history")
                if code:
                    return Judgement(commit, BisectAnswer.SKIP, f"footprint run ended with {code}: {_gist(words)}")
                recorded = [place]
            with tempfile.TemporaryFile() as verdicts:
                code, words = self._footprint("gate", "--json", *recorded, *self.gate, stdout=verdicts.fileno())
                verdicts.seek(0)
                said = verdicts.read()
        if code not in {0, _GATE_SAYS_NO}:
            return Judgement(commit, BisectAnswer.SKIP, f"footprint gate ended with {code}: {_gist(words)}")
        return Judgement(commit, BisectAnswer.BAD if code else BisectAnswer.GOOD, _sentences(said))

    def _footprint(self, *arguments: str, stdout: int | None = None) -> tuple[int, str]:
        # -P: a folder called footprint in the checkout is not this package.
        return self._result([sys.executable, "-P", "-m", "footprint", *arguments], stdout)

    def _result(self, command: Sequence[str], stdout: int | None = None) -> tuple[int, str]:
        """The exit code of a command in the folder, and what it said (without `stdout`); it ends with us."""
        package = str(Path(footprint.__file__).parents[1])
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        words = ["sh", "-c", _IN_FOLDER, "sh", str(self.folder), *command]
        with Child(words, stdout=stdout, environment=os.environ | {"PYTHONPATH": path}) as child:
            code = child.wait(_FOR_EVER)
            return (1 if code is None else code), child.words


def _gist(words: str) -> str:
    """The last line that a command said, of a bearable length."""
    lines = [" ".join(line.split()) for line in words.splitlines() if line.strip()]
    return _bearable(lines[-1] if lines else "it said nothing")


def _sentences(verdicts: bytes) -> str:
    """What a gate says of what does not hold, or else of all."""
    document = msgspec.json.decode(verdicts, type=_Verdicts)
    broken = [verdict.sentence for verdict in document.verdicts if not verdict.holds]
    return _bearable("; ".join(broken or [verdict.sentence for verdict in document.verdicts]))


def _bearable(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"
