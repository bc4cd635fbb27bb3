"""``footprint verify``: what a real QEMU did, against the model."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from footprint.cli.options import end_progress, json_option, print_json, progress

if TYPE_CHECKING:
    from footprint.verify.result import Verification

MOST_SHOWN = 20
"""Differences printed for one file; --json has all of them."""


@click.command("verify")
@click.argument("files", nargs=-1, required=True)
@click.option("-r", "rules", default="v7.2.0", show_default=True, help="The rule set of the QEMU that was recorded.")
@json_option
def command(files: tuple[str, ...], rules: str, *, as_json: bool) -> None:
    """Replay operation logs in the model, and compare every view that QEMU created, one by one.

    Exits 0 when everything agrees, 1 when something differs.

    \b
    footprint verify tests/data/*.txt.gz
    """
    from footprint.memory.rules import rule_set
    from footprint.qemu.oplog import read_log
    from footprint.verify.log import verify_log

    wanted = rule_set(rules)
    show = progress()
    results = []
    try:
        for path in files:
            show(f"verify {path}")
            results.append(verify_log(read_log(path), wanted))
    finally:
        end_progress()
    if as_json:
        print_json(_document(results))
    else:
        for result in results:
            _print(result)
    sys.exit(0 if all(result.exact for result in results) else 1)


def _document(results: list[Verification]) -> dict[str, object]:
    return {
        "files": len(results),
        "machines_exact": sum(result.exact for result in results),
        "views": sum(result.views for result in results),
        "views_exact": sum(result.views_exact for result in results),
        "steps": sum(result.steps for result in results),
        "steps_exact": sum(result.steps_exact for result in results),
        "mismatches": [asdict(mismatch) for result in results for mismatch in result.mismatches],
        "guesses": {result.file: result.guesses for result in results if result.guesses},
    }


def _print(result: Verification) -> None:
    word = "exact" if result.exact else "DIFFERS"
    click.echo(f"{word:<8} {result.file}: {result.steps_exact} of {result.steps} created views agree")
    for guess in result.guesses:
        click.echo(f"         guessed: {guess}")
    for mismatch in result.mismatches[:MOST_SHOWN]:
        click.echo(f"         {mismatch.view}: {mismatch.what}: QEMU {mismatch.expected}, the model {mismatch.got}")
    if len(result.mismatches) > MOST_SHOWN:
        click.echo(f"         and {len(result.mismatches) - MOST_SHOWN} more differences (--json has them)")
