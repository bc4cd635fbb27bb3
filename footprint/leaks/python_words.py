"""What the user may write for a Python: its path, the folder of an environment, or ``PKG==VERSION``."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import RequestError
from footprint.leaks.pinned_environment import PIN, pinned_environment, version_and_prefix
from footprint.progress import Progress

_BETWEEN_PINS = re.compile(r"[\s,]+(?![^\[]*\])")
_HOW = "a Python (its path, or the folder of an environment) or releases of packages ('PKG==1.0', 'PKG==1.0 OTHER==2')"


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """A `python` to run a target in, and what it is called; `pins` are what was installed for it.

    `seconds` is what making it took, 0 where it was there.
    """

    name: str
    python: str
    pins: tuple[str, ...] = ()
    seconds: float = 0.0

    def document(self) -> dict[str, object]:
        """As in ``leaks --json``."""
        return {"name": self.name, "python": self.python, "pins": list(self.pins)}


def pins_of(word: str) -> tuple[str, ...]:
    """The pins that a word names; none for what is a path. Raises RequestError for half a pin."""
    if "==" not in word or Path(word).exists():
        return ()
    pins = tuple(part for part in _BETWEEN_PINS.split(word.strip()) if part)
    for pin in pins:
        if not PIN.fullmatch(pin):
            raise RequestError(f"{pin!r} is not a release of a package; write {_HOW}")
    return pins


def python_of(word: str, option: str) -> str:
    """The interpreter that a path means; raises RequestError where there is none."""
    path = Path(word).expanduser()
    if path.is_dir():
        inside = path / "bin" / "python"
        if not inside.exists():
            raise RequestError(f"{option} {word}: the folder has no bin/python; it is {_HOW}")
        return str(inside.absolute())
    program = shutil.which(str(path))
    if program is None:
        raise RequestError(f"{option} {word}: there is no such program; it is {_HOW}")
    return program


def environments(words: Sequence[str], options: Sequence[str], say: Progress) -> tuple[PythonEnvironment, ...]:
    """The environment for each word, made where it has to be; `options` are what they were given by.

    One for pins is of the Python that another word names, so that two differ in the pins alone; else of this one.
    """
    pinned = [pins_of(word) for word in words]
    pythons = [
        "" if pins else python_of(word, option) for word, option, pins in zip(words, options, pinned, strict=True)
    ]
    base = next((python for python in pythons if python), sys.executable)
    names = _names(pinned, pythons)
    made = []
    for name, python, pins in zip(names, pythons, pinned, strict=True):
        if pins:
            kept = pinned_environment(pins, base, say)
            made.append(PythonEnvironment(name, kept.python, pins, kept.seconds))
        else:
            made.append(PythonEnvironment(name, python))
    return tuple(made)


def _names(pinned: Sequence[tuple[str, ...]], pythons: Sequence[str]) -> list[str]:
    """What each is called: by its release where all are releases of one package, else by all that was said."""
    packages = {PIN.fullmatch(pins[0])[1] if len(pins) == 1 else None for pins in pinned}  # type: ignore[index]
    if len(pinned) > 1 and len(packages) == 1 and None not in packages and len(set(pinned)) == len(pinned):
        return [pins[0].partition("==")[2] for pins in pinned]
    paths = [python for python in pythons if python]
    versions = {python: version_and_prefix(python)[0] for python in paths} if len(paths) > 1 else {}
    differ = len(set(versions.values())) == len(versions) > 1
    return [
        " ".join(pins) if pins
        else "this Python" if python == sys.executable
        else f"Python {versions[python]}" if differ
        else _place(python)
        for pins, python in zip(pinned, pythons, strict=True)
    ]  # fmt: skip


def _place(python: str) -> str:
    """The folder of the environment that it is of, else its path; from here, or from home, where it is there."""
    path = Path(python)
    path = path.parents[1] if (path.parents[1] / "pyvenv.cfg").exists() else path
    for start, how in ((Path.cwd(), "."), (Path.home(), "~")):
        if path.is_relative_to(start) and path != start:
            return f"{how}/{path.relative_to(start)}"
    return str(path)
