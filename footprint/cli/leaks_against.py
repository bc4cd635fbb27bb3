"""``footprint leaks TARGET --against …``: in two environments, with two programs, or in two QEMUs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footprint.cli.terminal import note, print_json, progress, say

if TYPE_CHECKING:
    from footprint.leaks.measure import Options
    from footprint.leaks.python_words import PythonEnvironment
    from footprint.verdict.compared import Compared
    from footprint.verdict.verdict import Verdict


def made(words: Sequence[str], options: Sequence[str]) -> tuple[PythonEnvironment, ...]:
    """The environments that the words of `options` name, and a note about each that had to be made."""
    from footprint.cli.terminal import end_progress
    from footprint.leaks.python_words import environments

    there = environments(words, options, progress())
    end_progress()
    for environment in there:
        if environment.seconds:
            folder = Path(environment.python).parents[1]
            note(
                f"made an environment for {' '.join(environment.pins)} in {environment.seconds:.0f} s; kept in {folder}"
            )
    return there


def python_compared(target: str, python: str, against: str, options: Options) -> tuple[Compared, list[dict[str, Any]]]:
    """The target in `python` and in `against`; and the documents of the two environments."""
    from footprint.leaks.against import compare_verdicts, measure_in

    both = made((python, against), ("--python", "--against"))
    show = progress()

    def measured(n: int) -> Verdict:
        return measure_in(target, both[n], options, lambda text: show(f"{both[n].name}: {text}"))

    compared = compare_verdicts([each.name for each in both], measured)
    return compared, [each.document() for each in both]


def programs_compared(
    command: Sequence[str], against: str, measured: Callable[[Sequence[str]], Verdict]
) -> tuple[Compared, list[dict[str, Any]]]:
    """`command`, and the same with the program `against`; and the documents of the two programs."""
    from footprint.leaks.against import compare_verdicts

    programs = [command[0], against]
    compared = compare_verdicts(programs, lambda n: measured([programs[n], *command[1:]]))
    return compared, [{"name": name, "program": name} for name in programs]


def qemus_compared(
    program: str, against: str, measured: Callable[[str], Verdict]
) -> tuple[Compared, list[dict[str, Any]]]:
    """What is done to the QEMU `program`, and the same to `against`, called by their releases where these differ."""
    from dataclasses import replace

    compared, environments = programs_compared([program], against, lambda command: measured(command[0]))
    here, there = (verdict.what.partition(",")[0] for verdict in (compared.here, compared.there))
    if here == there:
        return compared, environments
    named = [{**each, "name": name} for each, name in zip(environments, (here, there), strict=True)]
    return replace(compared, here_name=here, there_name=there), named


def document(compared: Compared, environments: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What ``--json`` prints: the verdict here as ever, and what it is compared with."""
    from footprint.leaks.compared_text import compared_answer

    return {
        **compared.here.document(),
        "environment": environments[0],
        "answer": compared_answer(compared),
        "comparison": compared.outcome,
        "changes": [change.document() for change in compared.changes],
        "against": {**compared.there.document(), "environment": environments[1]},
    }


def tell(compared: Compared, environments: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Print the comparison."""
    from footprint.leaks.compared_text import compared_told

    if as_json:
        print_json(document(compared, environments))
        return
    head, *rest = compared_told(compared)
    say(head, colour={0: "green", 1: "red", 3: "yellow"}[compared.exit_code])
    for line in rest:
        say(line)
    for environment in environments:
        if environment.get("pins"):
            say(f"  {environment['name']} is in {Path(environment['python']).parents[1]}")
