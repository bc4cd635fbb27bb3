"""``footprint leaks``: whether something leaks, how much, and where."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from footprint.cli.options import end_progress, json_option, print_json, progress

if TYPE_CHECKING:
    from footprint.judge.verdict import Verdict

EXIT_CODES = {"clean": 0, "leak": 1, "inconclusive": 3}


@click.command("leaks")
@click.argument("target")
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
    target: str, cycles: int | None, seconds: float, memory: float, metrics: str | None, python: str,
    *, no_where: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run TARGET again and again in a process of its own, and say whether it leaks.

    TARGET is module:callable, FILE.py:callable, unicorn:ARCH[:open|map|run], or a scenario. A module's functions
    setup and teardown are called once, before and after.

    \b
    footprint leaks mymodule:parse
    footprint leaks ./check.py:one_request --cycles 500
    footprint leaks unicorn:sparc64

    Exit codes: 0 clean, 1 leak, 2 no such target, 3 inconclusive.
    """
    from footprint.leaks.measure import Options, measure
    from footprint.leaks.trial import Plan

    wanted = tuple(name.strip() for name in metrics.split(",") if name.strip()) if metrics else None
    options = Options(Plan(cycles, wanted, not no_where), seconds, int(memory * (1 << 30)), python)
    try:
        verdict = measure(target, options, progress())
    finally:
        end_progress()
    if as_json:
        print_json(verdict.document())
    else:
        _show(verdict)
    click.get_current_context().exit(EXIT_CODES[verdict.verdict])


def _show(verdict: Verdict) -> None:
    from footprint.leaks.words import told

    head, *rest = told(verdict)
    colour = {"clean": "green", "leak": "red", "inconclusive": "yellow"}[verdict.verdict]
    click.secho(head, fg=colour if sys.stdout.isatty() and not _plain() else None)
    for line in rest:
        click.echo(line)


def _plain() -> bool:
    import os

    return bool(os.environ.get("NO_COLOR"))
