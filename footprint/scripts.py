"""Python files of somebody's own, loaded by path: scenarios and rules; and who is to blame when they fail."""

from __future__ import annotations

import contextlib
import importlib.util
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from footprint.errors import FootprintError, InputFileError, reason_of

PREFIX = "footprint_script_"
"""What the name of a script's module begins with, by which its frames are known in a traceback."""


MOVED = {
    "footprint.steps": "footprint.scenario",
    "footprint.guests": "footprint.scenario.startup",
    "footprint.machines.guests": "footprint.machines.generic",
    "footprint.discovery": "footprint.scenario.find",
    "footprint.rule_files": "footprint.scenario.custom_rules",
    "footprint.recorder": "footprint.record.recorder",
}
"""Modules that scripts written for the first layout of the package import, and where their contents are now."""


def load(path: Path) -> ModuleType:
    """The module in `path`, run; raises InputFileError with the line where it goes wrong."""
    try:
        spec = importlib.util.spec_from_file_location(f"{PREFIX}{path.stem}", path.resolve())
        if spec is None or spec.loader is None or not path.is_file():
            raise InputFileError(path, f"is not a script: {'it is a folder' if path.is_dir() else 'no such file'}")
    except (OSError, RuntimeError) as error:  # too long a name; before Python 3.13 a loop of links is a RuntimeError
        raise InputFileError(path, f"is not a script: {error}") from None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FootprintError:
        raise
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {reason_of(error)}") from None
    except SyntaxError as error:
        raise InputFileError(path, f"is not valid Python: {error.msg}", line=error.lineno) from None
    except (Exception, SystemExit) as error:
        blamed = blame(error)
        line = blamed.line if blamed else None
        raise InputFileError(path, f"fails when loaded: {_words(error)}", line=line) from None
    return module


@contextlib.contextmanager
def blaming() -> Iterator[None]:
    """Whatever a script's line raises meanwhile is raised as InputFileError that names the line."""
    try:
        yield
    except FootprintError:
        raise
    except (Exception, SystemExit) as error:
        blamed = blame(error)
        if blamed is None:
            raise
        raise blamed from None


def blame(error: BaseException) -> InputFileError | None:
    """`error` as the fault of the script whose line it came through last; None if it came through none."""
    lines = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).startswith(PREFIX)
    ]
    if not lines:
        return None
    path, here = Path(lines[-1][0]), Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return InputFileError(shown, f"fails while it runs: {_words(error)}", line=lines[-1][1])


def _words(error: BaseException) -> str:
    words = f"{type(error).__name__}: {error}"
    moved = isinstance(error, ModuleNotFoundError) and MOVED.get(error.name or "")
    return f"{words}; what it had is now in {moved}" if moved else words
