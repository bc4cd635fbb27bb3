"""An environment for ``PKG==VERSION``: made by venv and pip when it is first asked for, and kept in the user's cache.

pip is asked as the user would ask it, with his own configuration. An environment is made under another name and then
renamed, below a lock: it is whole or not there, and two that want it at once make it once.
"""

from __future__ import annotations

import bisect
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import FootprintError, MeasurementError, RequestError, reason_of
from footprint.process.child import Child
from footprint.progress import Progress

PIN = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?:\[[\w.,\s-]+\])?==([A-Za-z0-9][\w.+!-]*)")
"""A package's name, with extras or without, and its release."""
ASKS = "import sys; print(sys.version.split()[0], sys.base_prefix)"
UNWANTED = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV")
"""Variables that would have pip install elsewhere, or think that something is there already."""
OFFLINE = re.compile(r"Retrying \(|NewConnectionError|ConnectTimeout|Could not fetch URL|Temporary failure in name")
UNREACHED = re.compile(r"Could not fetch URL \S+: connection error|NewConnectionError|ConnectTimeout")
"""The same among all that pip does, where a package that is not there could not be fetched either."""
NOTHING = "(from versions: none)"
TELLING = re.compile(
    r"^(?!\s*error: subprocess-exited)(?:.*\b(?:fatal )?error: \S.*|\s*\w*(?:Error|Exception): .*)$", re.M
)
SECONDS_TO_ASK, A_MOMENT = 20.0, 0.2
MOST_VERSIONS = 8


@dataclass(frozen=True, slots=True)
class KeptEnvironment:
    """The `python` of an environment in `folder`; it took `seconds` to make, or none where it was kept from before."""

    python: str
    folder: Path
    seconds: float = 0.0


def pinned_environment(pins: Sequence[str], base: str, say: Progress) -> KeptEnvironment:
    """The environment of `base`, a Python, with `pins` installed: the kept one, or a new one.

    Raises RequestError for pins that do not exist or do not go together, MeasurementError for what cannot be built.
    """
    version, prefix = version_and_prefix(base)
    words = sorted(pins)
    key = hashlib.sha256("\n".join([version, prefix, *words]).encode()).hexdigest()[:12]
    plain = re.sub(r"[^\w.+-]+", "-", "-".join(words).replace("==", "-"))[:80]
    name = f"{plain}-py{version}-{key}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footprint" / "environments"
    folder = home / name
    kept = KeptEnvironment(str(folder / "bin" / "python"), folder)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(home / f"{name}.lock", f"waiting: {' '.join(pins)} is being installed", say):
            if Path(kept.python).exists():
                return kept
            begun = time.monotonic()
            _make(folder, base, pins, version, say)
            return KeptEnvironment(kept.python, folder, time.monotonic() - begun)
    except OSError as error:
        raise MeasurementError(f"no environment can be kept in {home}: {reason_of(error)}") from None


def version_and_prefix(python: str) -> tuple[str, str]:
    """The version of a Python, and where its own library is; raises MeasurementError where it does not run."""
    with Child([python, "-c", ASKS]) as child:
        code = child.wait(SECONDS_TO_ASK)
        words = child.words.split(maxsplit=1)
        if code != 0 or len(words) != 2:
            raise MeasurementError(f"{python} is no Python that runs: {child.last_words()}")
    return words[0], words[1].strip()


@contextmanager
def _locked(path: Path, sentence: str, say: Progress) -> Iterator[None]:
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                say(sentence)
                time.sleep(A_MOMENT)
        yield


def _make(folder: Path, base: str, pins: Sequence[str], version: str, say: Progress) -> None:
    """Make it as ``folder.part``, and rename that; whatever happens, no part stays."""
    part, log, words = folder.with_name(f"{folder.name}.part"), folder.with_name(f"{folder.name}.log"), " ".join(pins)
    for rest in (part, folder):  # of one that was killed; of one whose Python is gone
        shutil.rmtree(rest, ignore_errors=True)
    try:
        python = str(part / "bin" / "python")
        lends = _lends_its_pip(base)
        options = ["--without-pip"] if lends else []
        said, code = _run([base, "-m", "venv", *options, str(part)], f"{words}: making an environment", say)
        if code != 0:
            more = " (Debian: apt install python3-venv)" if "ensurepip" in said else ""
            raise MeasurementError(f"{base} cannot make an environment{more}: {_last_line(said)}")
        pip = [base, "-m", "pip", "--python", python] if lends else [python, "-m", "pip"]
        said, code = _run([*pip, "install", "--no-input", "--disable-pip-version-check", *pins], words, say)
        if code != 0:
            if NOTHING in said and not OFFLINE.search(said):
                # Where pip is set to try once, it is silent about an index that it cannot reach.
                more, _ = _run([*pip, "install", "--dry-run", "--no-deps", "--no-input", "-vv", *pins], words, say)
                said += "\n".join(UNREACHED.findall(more))
            raise _refusal(said, pins, version, log)
        _move_scripts(part, folder)
        log.unlink(missing_ok=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _lends_its_pip(base: str) -> bool:
    """Whether its pip can install elsewhere (since 22.3), which takes seconds less than a pip of its own."""
    with Child([base, "-m", "pip", "--version"]) as child:
        code, version = child.wait(SECONDS_TO_ASK), re.match(r"pip (\d+)\.(\d+)", child.words)
        return code == 0 and version is not None and (int(version[1]), int(version[2])) >= (22, 3)


def _run(command: Sequence[str], title: str, say: Progress) -> tuple[str, int]:
    """What it said, and its exit code; its last line is told as progress."""
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    begun = time.monotonic()
    with Child(command, environment=kept) as child:
        while (code := child.wait(A_MOMENT)) is None:
            line = _last_line(child.words)
            say(f"{title}: {time.monotonic() - begun:.0f} s{f', {line}' if line else ''}")
        return child.words, code


def _last_line(said: str) -> str:
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _refusal(said: str, pins: Sequence[str], version: str, log: Path) -> FootprintError:
    """Why pip did not install them: a wrong request, or something that cannot be built or reached."""
    words = " ".join(pins)
    missing = re.search(r"No matching distribution found for (\S+)", said)
    if missing and OFFLINE.search(said):
        return MeasurementError(f"pip cannot reach where it looks for packages, so {words} could not be installed")
    if missing and missing[1] in pins:
        there = re.search(r"\(from versions: ([^)]*)\)", said)
        versions = [] if there is None or there[1] == "none" else there[1].split(", ")
        shown = ", ".join(_nearest(missing[1].partition("==")[2], versions))
        some = f"; there {'are' if len(versions) > 1 else 'is'} {shown}" if versions else ""
        return RequestError(f"pip finds no {missing[1]} for Python {version}{some}")
    if "ResolutionImpossible" in said or "conflicting dependencies" in said:
        reasons = re.findall(r"^    (?!Note)(\S.*)$", said, re.M)
        return RequestError(f"{words} cannot be installed together: {'; '.join(reasons[:4]) or _last_line(said)}")
    with suppress(OSError):
        log.write_text(said)
    telling = TELLING.findall(said)
    reason = " ".join((telling[0] if telling else _last_line(said)).split())
    return MeasurementError(f"pip cannot install {words} for Python {version}: {reason[:200]} (all of it is in {log})")


def _nearest(wanted: str, versions: Sequence[str]) -> Sequence[str]:
    """The few versions around the one that was wanted, in order."""
    ordered = sorted(versions, key=_parts)
    place = bisect.bisect([_parts(version) for version in ordered], _parts(wanted))
    first = max(0, min(place - MOST_VERSIONS // 2, len(ordered) - MOST_VERSIONS))
    return ordered[first : first + MOST_VERSIONS]


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _move_scripts(part: Path, folder: Path) -> None:
    """Have the scripts of an environment say where it will be."""
    for path in (part / "pyvenv.cfg", *(part / "bin").iterdir()):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            if os.fsencode(part) in text[:4096] and b"\0" not in text[:4096]:
                path.write_bytes(text.replace(os.fsencode(part), os.fsencode(folder)))
