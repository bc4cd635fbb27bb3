"""Python files of somebody's own, loaded by path: scenarios and rules."""

from __future__ import annotations

import importlib.util
import traceback
from pathlib import Path
from types import ModuleType

from footprint.errors import FootprintError, InputFileError, reason_of


def load(path: Path) -> ModuleType:
    """The module in `path`, run; raises InputFileError with the line where it goes wrong."""
    spec = importlib.util.spec_from_file_location(f"footprint_scenario_{path.stem}", path.resolve())
    if spec is None or spec.loader is None or not path.is_file():
        raise InputFileError(path, "is not a script: no such file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FootprintError:
        raise
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {reason_of(error)}") from None
    except SyntaxError as error:
        raise InputFileError(path, f"is not valid Python: {error.msg}", line=error.lineno) from None
    except Exception as error:
        here = str(path.resolve())
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == here]
        line = frames[-1].lineno if frames else None
        raise InputFileError(path, f"fails when loaded: {type(error).__name__}: {error}", line=line) from None
    return module
