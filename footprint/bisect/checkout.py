"""A checkout that is bisected: git's own commands, and the promise that it is afterwards as it was before."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from footprint.errors import MeasurementError, RequestError

_FIRST_BAD = re.compile(r"^([0-9a-f]{40,64}) is the first bad commit$", re.M)
_CANDIDATE = re.compile(r"^[0-9a-f]{40,64}$", re.M)
_ENDED_BY = (signal.SIGTERM, signal.SIGHUP)


class OnlySkippedError(MeasurementError):
    """The search ended among commits that could not be judged; `candidates` are those that remain."""

    def __init__(self, candidates: list[str]) -> None:
        self.candidates = candidates
        shown = ", ".join(commit[:12] for commit in candidates[:8]) + (", …" if len(candidates) > 8 else "")
        super().__init__(f"the first bad commit is one of {len(candidates)}, and the others cannot be judged: {shown}")


class Checkout:
    """The git checkout that `folder` lies in; raises RequestError where there is none, or it cannot be bisected now."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("git") is None:
            raise MeasurementError("git is not installed; install it with: apt install git")
        if not folder.is_dir():
            raise RequestError(f"--repo {folder} is not a folder")
        top = _git(folder, "rev-parse", "--show-toplevel")
        if top.returncode:
            raise RequestError(f"--repo {folder} is not in a git checkout: {_last_line(top)}")
        self.top = Path(top.stdout.rstrip("\n"))
        if (self.top / self._said("rev-parse", "--git-path", "BISECT_LOG")).exists():
            raise RequestError(f"{self.top} is being bisected already; `git bisect reset` ends that")
        changes = self._said("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        if changes:
            raise RequestError(f"{self.top} has changes that are not committed ({changes.split(maxsplit=1)[1]} …)")

    def commit(self, option: str, revision: str) -> str:
        """The hash of the commit that `revision` names, given to `option`; raises RequestError."""
        done = _git(self.top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done.returncode:
            raise RequestError(f"{option} {revision!r} is not a commit of {self.top}")
        return done.stdout.strip().splitlines()[-1]

    def is_before(self, first: str, second: str) -> bool:
        """Whether the commit `second` contains `first`."""
        return _git(self.top, "merge-base", "--is-ancestor", first, second).returncode == 0

    def about(self, commit: str) -> dict[str, str]:
        """The subject, the author and the date of a commit."""
        subject, author, date = self._said("show", "-s", "--format=%s%n%an%n%cs", commit).split("\n")[:3]
        return {"subject": subject, "author": author, "date": date}

    @contextmanager
    def bisected(self) -> Iterator[None]:
        """While a bisect goes on: however this ends, what was checked out before is checked out again."""
        self._done("bisect", "start")
        try:
            with _ends_raise():
                yield
        finally:
            self._done("bisect", "reset")

    def check_out(self, commit: str) -> None:
        """Check out `commit`, in the course of a bisect."""
        self._done("checkout", "-q", "--detach", commit)

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self._said("rev-parse", "HEAD")

    def mark(self, verdict: str, commit: str) -> str | None:
        """Tell git that `commit` is ``good``, ``bad`` or to ``skip``; gives the first bad commit once it is known.

        Raises OnlySkippedError.
        """
        done = _git(self.top, "bisect", verdict, commit)
        if "only 'skip'ped commits left" in done.stdout:
            raise OnlySkippedError(_CANDIDATE.findall(done.stdout))
        if done.returncode:
            raise MeasurementError(f"git bisect {verdict} failed in {self.top}: {_last_line(done)}")
        found = _FIRST_BAD.search(done.stdout)
        return found[1] if found else None

    def _said(self, *arguments: str) -> str:
        return self._done(*arguments).stdout.strip()

    def _done(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = _git(self.top, *arguments)
        if done.returncode:
            raise MeasurementError(f"git {arguments[0]} failed in {self.top}: {_last_line(done)}")
        return done


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a git command said. A Ctrl-C waits for its end: half a checkout would be worse."""
    with _interrupts_later():
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else f"it ended with {done.returncode}"


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold back signals that would end us; one that came in between ends us afterwards."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in (signal.SIGINT, *_ENDED_BY)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


@contextmanager
def _ends_raise() -> Iterator[None]:
    """Make a request to end, from a terminal that closes or from CI, an exception, as Ctrl-C is one."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _ENDED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
