"""``footprint leaks``: whether something leaks, how much, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import assignments, end_progress, json_option, print_json, progress

if TYPE_CHECKING:
    from footprint.verdict.verdict import Verdict


@click.command("leaks")
@click.argument("target", nargs=-1, required=True, metavar="TARGET | -- PROG ARGS")
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="With a scenario: set a parameter.")
@click.option("-r", "rules", multiple=True, metavar="RULES", help="With a scenario: its rule sets, as in run.")
@click.option("-b", "backend", default="model", show_default=True, help="With a scenario: model, or qemu.")
@click.option("--qemu", metavar="PATH", help="With -b qemu: the binary.")
@click.option("--line", metavar="TEXT", help="With -- PROG: what it is sent each cycle. Default: the cycle's number.")
@click.option("--cycles", type=int, metavar="N", help="Measure so many, from 20. Default: as many as the answer needs.")
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=60, show_default=True, help="The time that it may take."
)
@click.option(
    "--memory", type=click.FloatRange(min=0.1), default=4, show_default=True, metavar="GIB",
    help="Memory that the target may take.",
)  # fmt: skip
@click.option("--metrics", metavar="NAMES", help="Judge only these, comma-separated. Default: all.")
@click.option(
    "--python", metavar="PATH", default=sys.executable, show_default="this one",
    help="The Python of another environment that has footprint and the target.",
)  # fmt: skip
@click.option("--no-where", is_flag=True, help="Do not trace where it leaks.")
@json_option
def command(
    target: tuple[str, ...], sets: tuple[str, ...], rules: tuple[str, ...], backend: str, qemu: str | None,
    line: str | None, cycles: int | None, seconds: float, memory: float, metrics: str | None, python: str,
    *, no_where: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run TARGET again and again in a process of its own, and say whether it leaks.

    TARGET is module:callable, FILE.py:callable, unicorn:ARCH[:open|map|run], a scenario, or after -- a program that
    answers a line on its stdin, once a cycle. A module's functions setup and teardown are called before and after.

    \b
    footprint leaks json:JSONDecoder
    footprint leaks ./check.py:one_request --cycles 500
    footprint leaks unicorn:sparc64
    footprint leaks hotplug -s device=nec-usb-xhci -s bus_master=0 -s commit=0 -b qemu --cycles 50
    footprint leaks -- cat

    Exit codes: 0 clean, 1 leak, 2 no such target, 3 inconclusive.
    """
    from datetime import UTC, datetime

    from footprint.leaks.measure import Options, measure, measure_command
    from footprint.leaks.plan import Plan
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

        raise RequestError(f"one target at a time, not {len(target)}; a program with its arguments goes after --")
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
    click.secho(head, fg=colour if sys.stdout.isatty() and not _plain() else None)
    for line in rest:
        click.echo(line)


def _plain() -> bool:
    import os

    return bool(os.environ.get("NO_COLOR"))
