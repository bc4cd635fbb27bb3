"""``footprint leaks``: whether something leaks, how much, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import assignments, json_option, rules_option
from footprint.cli.terminal import end_progress, print_json, progress, say

if TYPE_CHECKING:
    from footprint.verdict.verdict import Verdict


@click.command("leaks")
@click.argument("target", nargs=-1, required=True, metavar="TARGET | -- PROG ARGS")
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="With a scenario: set a parameter.")
@rules_option("With a scenario: play under these rule sets.")
@click.option(
    "-b", "backend", metavar="BACKEND", default="model", show_default=True,
    help="With a scenario: the backend, model or qemu (a real QEMU process).",
)  # fmt: skip
@click.option("--qemu", metavar="PATH", help="With -b qemu: the QEMU binary.")
@click.option(
    "--line", metavar="TEXT", help="With -- PROG: the line to send it each cycle. Default: the number of the cycle."
)
@click.option(
    "--cycles", type=int, metavar="N", help="Measure N cycles, at least 20. Default: as many as the answer needs."
)
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=60, show_default=True, metavar="SECONDS",
    help="Take at most this long.",
)  # fmt: skip
@click.option(
    "--memory", type=click.FloatRange(min=0.1), default=4, show_default=True, metavar="GIB",
    help="Stop the target when it takes more memory than this.",
)  # fmt: skip
@click.option("--metrics", metavar="NAMES", help="Judge only these metrics, comma-separated. Default: all.")
@click.option(
    "--python", metavar="PATH", default=sys.executable, show_default="this one",
    help="Run the target in this Python; its environment needs footprint and the target.",
)  # fmt: skip
@click.option("--no-where", is_flag=True, help="Do not look for the place of a leak.")
@json_option
def command(
    target: tuple[str, ...], sets: tuple[str, ...], rules: tuple[str, ...], backend: str, qemu: str | None,
    line: str | None, cycles: int | None, seconds: float, memory: float, metrics: str | None, python: str,
    *, no_where: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run TARGET again and again in a process of its own, and find out whether it leaks.

    TARGET is module:callable, FILE.py:callable, unicorn:ARCH[:open|map|run] or a scenario; or, after --, a program
    that answers one line on its stdin per cycle. If the module has functions setup and teardown, they are called
    before the first and after the last cycle.

    \b
    footprint leaks mymodule:parse
    footprint leaks ./check.py:one_request --cycles 500
    footprint leaks unicorn:sparc64
    footprint leaks hotplug -s device=nec-usb-xhci -b qemu --cycles 50
    footprint leaks -- ./server --stdio

    Exit codes: 0 clean; 1 a leak; 2 no such target; 3 inconclusive.
    """
    from datetime import UTC, datetime

    from footprint.leaks.measure import Options, measure, measure_command
    from footprint.leaks.trial import Plan
    from footprint.verdict.suppressions import read_suppressions, suppressed

    accepted = read_suppressions(Path("pyproject.toml"))
    wanted = tuple(name.strip() for name in metrics.split(",") if name.strip()) if metrics else None
    options = Options(Plan(cycles, wanted, not no_where), seconds, int(memory * (1 << 30)), python)
    of_a_scenario = (sets, rules, backend, qemu) != ((), (), "model", None)
    try:
        if _is_command(target):
            _only_with("a scenario", "-s, -r, -b and --qemu", given=of_a_scenario)
            verdict = measure_command(target, options, line, progress())
        elif ":" in target[0]:
            _only_with("a scenario", "-s, -r, -b and --qemu", given=of_a_scenario)
            _only_with("-- PROG", "--line", given=line is not None)
            verdict = measure(target[0], options, progress())
        else:
            _only_with("-- PROG", "--line", given=line is not None)
            verdict = _of_scenario(target[0], sets, rules, backend, qemu, cycles)
    finally:
        end_progress()
    verdict = suppressed(verdict, accepted, datetime.now(UTC).date())
    if as_json:
        print_json(verdict.document())
    else:
        _show(verdict)
    click.get_current_context().exit(verdict.exit_code)


def _is_command(target: tuple[str, ...]) -> bool:
    """Whether the words came after ``--``; a single word that did not is a target."""
    if "--" in sys.argv[1:]:
        return True
    if len(target) > 1:
        from footprint.errors import RequestError

        raise RequestError(f"expected one target, got {len(target)}; put a program and its arguments after --")
    return False


def _only_with(what: str, options: str, *, given: bool) -> None:
    if given:
        from footprint.errors import RequestError

        raise RequestError(f"{options} go{'es' if ' ' not in options else ''} with {what}")


def _of_scenario(
    word: str, sets: tuple[str, ...], rules: tuple[str, ...], backend: str, qemu: str | None, cycles: int | None
) -> Verdict:
    """The verdict on a scenario; without rule sets given, under those of its own that are no what-if."""
    from footprint.cli.run_verb import for_backend, request_of
    from footprint.leaks.scenarios import judge, with_cycles
    from footprint.scenario.find import find

    scenario = find(word)
    own = rules or tuple(name for name in scenario.rules if "," not in name)
    values = with_cycles(scenario, assignments(sets), cycles)
    request = request_of(word, tuple(f"{name}={value}" for name, value in values.items()), own, "")
    if (backend, qemu) != ("model", None):
        request = for_backend(request, backend, qemu, None, 1, has_rules=bool(rules))
    return judge(request, progress())


def _show(verdict: Verdict) -> None:
    from footprint.leaks.verdict_text import told

    head, *rest = told(verdict)
    colour = {"clean": "green", "leak": "red", "inconclusive": "yellow"}[verdict.verdict]
    say(head, colour=colour)
    for line in rest:
        say(line)
