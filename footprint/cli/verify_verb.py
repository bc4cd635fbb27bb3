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
@click.option("-r", "rules", help="The rule set of the QEMU that was recorded. Default: as the file's form tells.")
@click.option("-j", "workers", type=click.IntRange(min=1), help="Processes to use. Default: one a core.")
@json_option
def command(files: tuple[str, ...], rules: str | None, workers: int | None, *, as_json: bool) -> None:
    """Compare what a real QEMU did with what the model makes of the same input.

    A capture (`info mtree` as a file) is built again from its tree, and every view, range, section and
    radix node compared with what QEMU printed. An operation log is replayed, and every view that QEMU
    created compared, one by one. Exits 0 when everything agrees, 1 when something differs.

    \b
    footprint verify tests/data/captures/*.json.gz tests/data/oplogs/*.txt.gz
    """
    from footprint.scenario.custom_rules import find_rules
    from footprint.verify.files import verify_files

    wanted = find_rules(rules) if rules else None
    progress()(f"verify {len(files)} files")
    try:
        results = verify_files(files, wanted, workers)
    finally:
        end_progress()
    if as_json:
        print_json(_document(results))
    else:
        for result in results:
            _print(result)
        _print_sum(results)
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
    counts = []
    if result.views:
        counts.append(f"{result.views_exact} of {result.views} views")
    if result.steps:
        counts.append(f"{result.steps_exact} of {result.steps} created views")
    click.echo(f"{word:<8} {result.file}: {', '.join(counts) or 'no view'} agree")
    for guess in result.guesses:
        click.echo(f"         guessed: {guess}")
    for mismatch in result.mismatches[:MOST_SHOWN]:
        click.echo(f"         {mismatch.view}: {mismatch.what}: QEMU {mismatch.expected}, the model {mismatch.got}")
    if len(result.mismatches) > MOST_SHOWN:
        click.echo(f"         and {len(result.mismatches) - MOST_SHOWN} more differences (--json has them)")


def _print_sum(results: list[Verification]) -> None:
    if len(results) > 1:
        exact = sum(result.exact for result in results)
        click.echo(f"{exact} of {len(results)} files agree in everything", err=True)
