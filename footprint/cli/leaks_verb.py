"""``footprint leaks``: whether something leaks, how much, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import json_option, rules_option
from footprint.cli.terminal import end_progress, print_json, progress, say

if TYPE_CHECKING:
    from footprint.verdict.verdict import Verdict


AFTER_DASHES = "footprint.leaks.after_dashes"
"""Where a call's context keeps whether its words had ``--``, which click swallows."""


class _TargetOrProgram(click.Command):
    """A command whose words are a target or, after ``--``, a program with its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[AFTER_DASHES] = "--" in args
        return super().parse_args(ctx, args)


@click.command("leaks", cls=_TargetOrProgram)
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
    help="Run the target in this Python, 3.8 or newer; footprint need not be installed there.",
)  # fmt: skip
@click.option("--no-where", is_flag=True, help="Do not look for the place of a leak.")
@json_option
@click.pass_context
def command(
    context: click.Context, target: tuple[str, ...], sets: tuple[str, ...], rules: tuple[str, ...], backend: str,
    qemu: str | None, line: str | None, cycles: int | None, seconds: float, memory: float, metrics: str | None,
    python: str,
    *, no_where: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run TARGET again and again in a process of its own, and find out whether it leaks.

    TARGET is module:callable, FILE.py:callable, unicorn:ARCH[:open|map|run] or a scenario; or, after --, a program
    that answers one line on its stdin per cycle. If the module has functions setup and teardown, they are called
    before the first and after the last cycle.

    \b
    footprint leaks json:JSONDecoder
    footprint leaks ./check.py:one_request --cycles 500
    footprint leaks unicorn:sparc64
    footprint leaks hotplug -s device=nec-usb-xhci -s bus_master=0 -s commit=0 -b qemu --cycles 50
    footprint leaks -- cat

    Exit codes: 0 clean; 1 a leak; 2 no such target; 3 inconclusive.
    """
    from datetime import UTC, datetime

    from footprint.cli.requests import BackendWords, check_belong, leaks_request
    from footprint.errors import RequestError
    from footprint.leaks.measure import Options, measure, measure_command
    from footprint.leaks.plan import Plan
    from footprint.leaks.scenarios import judge
    from footprint.verdict.suppressions import read_suppressions, suppressed

    accepted = read_suppressions(Path("pyproject.toml"))
    wanted = tuple(name.strip() for name in metrics.split(",") if name.strip()) if metrics else None
    options = Options(Plan(cycles, wanted, not no_where), seconds, int(memory * (1 << 30)), python)
    is_command = context.meta[AFTER_DASHES]
    if len(target) > 1 and not is_command:
        raise RequestError(f"one target at a time, not {len(target)}; a program with its arguments goes after --")
    is_scenario = not is_command and ":" not in target[0]
    of_scenario = {"-s": bool(sets), "-r": bool(rules), "-b": backend != "model", "--qemu": qemu is not None}
    check_belong(
        *(() if is_scenario else ((of_scenario, "a scenario"),)),
        *(() if is_command else (({"--line": line is not None}, "-- PROG"),)),
    )
    try:
        if is_command:
            verdict = measure_command(target, options, line, progress())
        elif is_scenario:
            request = leaks_request(target[0], sets, cycles, BackendWords(backend, rules, qemu=qemu))
            verdict = judge(request, progress())
        else:
            verdict = measure(target[0], options, progress())
    finally:
        end_progress()
    verdict = suppressed(verdict, accepted, datetime.now(UTC).date())
    if as_json:
        print_json(verdict.document())
    else:
        _show(verdict)
    context.exit(verdict.exit_code)


def _show(verdict: Verdict) -> None:
    from footprint.leaks.verdict_text import told

    head, *rest = told(verdict)
    colour = {"clean": "green", "leak": "red", "inconclusive": "yellow"}[verdict.verdict]
    say(head, colour=colour)
    for line in rest:
        say(line)
