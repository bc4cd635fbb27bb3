"""Finding scenarios: a built-in by name, a file by path, an operation log as what it recorded.

A word with ``/`` in it, or that ends in ``.py`` or ``.gz``, or names a file, is a path.
"""

from __future__ import annotations

import importlib.util
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from footprint.errors import FootprintError, InputFileError, UnknownNameError, reason_of
from footprint.memory.policies import NodeReserve, OwnRules
from footprint.memory.render import MergeRule
from footprint.memory.roots import SharingRule
from footprint.memory.rules import RuleSet, changed, rule_set
from footprint.qemu.capture import EXPECTED, Capture, looks_like_a_capture, read_capture
from footprint.qemu.files import read_head
from footprint.qemu.oplog import OperationLog, looks_like_a_log, read_log
from footprint.scenario import HOST_PAGE, Scenario
from footprint.steps import Destroy, Mark, Replay, Restore, Settle, Step


def built_in_folder() -> Path:
    """Where the built-in scenarios are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def built_in() -> dict[str, Path]:
    """Every built-in scenario's file, by name."""
    return {path.stem: path for path in sorted(built_in_folder().glob("*.py"))}


def find(word: str) -> Scenario:
    """The scenario that `word` means; raises UnknownNameError or InputFileError."""
    if not _is_path(word):
        known = built_in()
        if word not in known:
            raise UnknownNameError("scenario", word, known)
        return _from_script(known[word])
    path = Path(word)
    if path.suffix == ".py":
        return _from_script(path)
    head = read_head(path, "a capture or an operation log")
    if looks_like_a_capture(head):
        return _from_capture(path)
    if looks_like_a_log(head):
        return _from_log(path)
    raise InputFileError(path, f"is neither a capture nor an operation log: {EXPECTED}", line=1)


def find_rules(word: str) -> RuleSet:
    """The rule set that `word` means: a name, or ``FILE.py:CLASS`` for a rule of one's own.

    ``,feature=value`` may follow either. Raises UnknownNameError, RequestError or InputFileError.
    """
    if ".py:" not in word:
        return rule_set(word)
    named, _, changes = word.partition(",")
    path, _, name = named.rpartition(":")
    return changed(_own_rules(Path(path), name, named), word, changes)


def _own_rules(path: Path, name: str, word: str) -> RuleSet:
    """The class `name` of the script at `path`, in place of what its `base` rule set has."""
    module = _load(path)
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, _OWN) and value.__module__ == module.__name__
    }
    if name not in classes:
        raise UnknownNameError(f"rule in {path}", name, classes)
    own = classes[name]
    base = rule_set(getattr(own, "base", DEFAULT_BASE))
    replaced = OwnRules(
        sharing=own if issubclass(own, SharingRule) else None,
        merge=own if issubclass(own, MergeRule) else None,
        reserve=own if issubclass(own, NodeReserve) else None,
    )
    words = (own.__doc__ or "a rule of one's own").strip().splitlines()[0]
    return RuleSet(word, base.features, base.layout, f"on {base.name}: {words}", base.since, replaced)


DEFAULT_BASE = "v7.2.0"
"""The rule set that a rule of one's own changes, unless its class says ``base = …``."""

_OWN = (SharingRule, MergeRule, NodeReserve)
"""What a rule of one's own can be; a class may be several."""


def _is_path(word: str) -> bool:
    return "/" in word or word.endswith((".py", ".gz", ".json", ".txt")) or Path(word).is_file()


def _from_script(path: Path) -> Scenario:
    module = _load(path)
    found = [value for value in vars(module).values() if isinstance(value, Scenario)]
    if len(found) != 1:
        raise InputFileError(path, f"defines {len(found)} scenarios; expected one function marked @scenario(…)")
    return found[0]


def _load(path: Path) -> ModuleType:
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


def _from_log(path: Path) -> Scenario:
    """The start-up that an operation log recorded, as a scenario of its own."""
    log = read_log(path)
    name = path.name.removesuffix(".gz").removesuffix(".txt").removesuffix(".dispatch")
    return Scenario(
        name=name,
        question=f"What does the start-up recorded in {path.name} cost under each rule set?",
        steps=lambda _: _replayed(log),
        params=(HOST_PAGE,),
        notes=lambda _: (
            "A recorded start-up, replayed: under rule sets other than the recording QEMU's own, this is "
            "that QEMU's start-up under other rules, not the other binary's.",
        ),
    )


def _from_capture(path: Path) -> Scenario:
    """The machine that a capture shows, as a scenario of its own."""
    capture = read_capture(path)
    return Scenario(
        name=path.name.removesuffix(".gz").removesuffix(".json"),
        question=f"What does the machine captured in {path.name} hold under each rule set?",
        steps=lambda _: _restored(capture),
        params=(HOST_PAGE,),
        notes=lambda _: (
            "A machine as it was when it was captured: what exists is counted, not how it came about. Under "
            "other rule sets than those of the QEMU that printed it, it is that QEMU's machine under other "
            "rules, not the other binary's.",
        ),
        state_only=True,
    )


def _restored(capture: Capture) -> Iterator[Step]:
    yield Restore(capture)
    yield Settle()
    yield Mark("built")
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")


def _replayed(log: OperationLog) -> Iterator[Step]:
    yield Replay(log)
    yield Settle()
    yield Mark("built")
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")


def features_of(scenario: Scenario) -> dict[str, Any]:
    """A scenario's name, question, rule sets and parameters, as plain data."""
    return {
        "name": scenario.name,
        "question": scenario.question,
        "rules": list(scenario.rules),
        "params": [
            {
                "name": param.name,
                "default": param.default,
                "what": param.what,
                "valid": "|".join(param.choices) or f"≥ {param.least}" + (f", ≤ {param.most}" if param.most else ""),
            }
            for param in scenario.params
        ],
    }
