"""Finding scenarios: a built-in by name, a script by path, a capture or an operation log as what it holds.

A word with ``/`` in it, or that ends in ``.py``, ``.gz``, ``.json`` or ``.txt``, or names a file, is a path; so is
``-``, standard input. ``FILE#2`` is the second machine of a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from footprint.errors import InputFileError, UnknownNameError
from footprint.memory.rules import rules_with_spaces
from footprint.qemu.capture import read_capture
from footprint.qemu.files import STANDARD_INPUT, read_head, split_number
from footprint.qemu.oplog import SpaceInit, looks_like_a_log, read_log
from footprint.scenario.scenario import HOST_PAGE, Scenario
from footprint.scenario.steps import Destroy, Mark, Replay, Restore, Settle, Step
from footprint.scripts import load


def built_in_folder() -> Path:
    """Where the built-in scenarios are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
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
    if looks_like_a_log(read_head(split_number(path)[0], "a capture or an operation log")):
        return _from_log(path)
    return _from_capture(path)


def _is_path(word: str) -> bool:
    try:
        there = word == str(STANDARD_INPUT) or split_number(word)[0].is_file()
    except OSError:  # too long for a path
        there = False
    return there or "/" in word or word.endswith((".py", ".gz", ".json", ".txt"))


def _from_script(path: Path) -> Scenario:
    module = load(path)
    scenarios = [value for value in vars(module).values() if isinstance(value, Scenario)]
    if len(scenarios) != 1:
        raise InputFileError(path, f"defines {len(scenarios)} scenarios; expected one function marked @scenario(…)")
    return scenarios[0]


def _from_log(path: Path) -> Scenario:
    """The start-up that an operation log recorded, as a scenario of its own."""
    log = read_log(path)
    name = path.name.removesuffix(".gz").removesuffix(".txt").removesuffix(".dispatch")
    return Scenario(
        name=name,
        question=f"What does the start-up recorded in {path.name} cost under each rule set?",
        steps=lambda _: _from_start_to_end(Replay(log)),
        params=(HOST_PAGE,),
        rules=(rules_with_spaces(call.name for call in log.operations if isinstance(call, SpaceInit)),),
        notes=lambda _: (
            "A recorded start-up, replayed: under rule sets other than the recording QEMU's own, this is "
            "that QEMU's start-up under other rules, not the other binary's.",
        ),
    )


def _from_capture(path: Path) -> Scenario:
    """The machine that a capture shows, as a scenario of its own."""
    capture = read_capture(path)
    name = _name_of(path)
    repairs = tuple(f"Repaired: {repair}." for repair in capture.repairs)
    if not capture.has_tree:
        return Scenario(
            name=name,
            question=f"What do the views printed in {path.name} hold?",
            steps=lambda _: iter(()),
            params=(HOST_PAGE,),
            notes=lambda _: repairs,
            state_only=True,
            printed=capture,
        )
    return Scenario(
        name=name,
        question=f"What does the machine captured in {path.name} hold under each rule set?",
        steps=lambda _: _from_start_to_end(Restore(capture)),
        params=(HOST_PAGE,),
        rules=(rules_with_spaces(space.name for view in capture.flat.views for space in view.spaces),),
        notes=lambda _: (
            "A machine as it was when it was captured: what exists is counted, not how it came about. Under "
            "other rule sets than those of the QEMU that printed it, it is that QEMU's machine under other "
            "rules, not the other binary's.",
            *repairs,
        ),
        state_only=True,
    )


def _name_of(path: Path) -> str:
    """The name of a capture's scenario, which is also that of the folder that it is recorded in."""
    base, number = split_number(path)
    stem = "stdin" if base == STANDARD_INPUT else base.name.removesuffix(".gz").removesuffix(".json")
    return stem.removesuffix(".txt") + ("" if number is None else f"-{number}")


def _from_start_to_end(start: Step) -> Iterator[Step]:
    """What every recorded machine goes through: it is there, it is taken down."""
    yield start
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
                "valid": param.valid,
            }
            for param in scenario.params
        ],
    }
