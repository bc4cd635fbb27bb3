"""``footprint verify``: compare the model with what a real QEMU did."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from footprint.cli.options import json_option
from footprint.cli.terminal import complain, end_progress, note, print_json, progress, say_wrapped

if TYPE_CHECKING:
    from footprint.errors import InputFileError
    from footprint.verify.result import Verification

MOST_SHOWN = 20
"""Differences printed for one file; --json has all of them."""


@click.command("verify")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "-r",
    "--rules",
    "rules",
    metavar="RULES",
    help="The rule set of the recorded QEMU. Default: as the file shows.",
)
@click.option("-j", "workers", type=click.IntRange(min=1), metavar="N", help="Use N processes. Default: one per core.")
@json_option
def command(files: tuple[str, ...], rules: str | None, workers: int | None, *, as_json: bool) -> None:
    """Compare what a real QEMU did with what the model makes of the same input.

    FILE is a capture, any text with answers to `info mtree` in it (a mail, an issue; - is standard input), or an
    operation log. From a capture the machine is built again, and every view, range, section and radix node is
    compared with what QEMU printed. An operation log is replayed, and every view that QEMU created is compared.
    FILE#2 is the second machine of a text. Exits 0 when everything agrees, 1 when anything differs, 2 when a file
    cannot be read or compared; the others are answered all the same.

    \b
    footprint verify tests/data/captures/*.json.gz tests/data/oplogs/*.txt.gz
    footprint verify mail.txt
    """
    from footprint.errors import InputFileError
    from footprint.scenario.custom_rules import find_rules
    from footprint.verify.files import verify_files

    wanted = find_rules(rules) if rules else None
    progress()(f"verify {len(files)} files")
    try:
        answers = verify_files(files, wanted, workers)
    finally:
        end_progress()
    errors = [answer for answer in answers if isinstance(answer, InputFileError)]
    results = [answer for answer in answers if not isinstance(answer, InputFileError)]
    if errors and not results:
        for error in errors[:-1]:
            complain(error)
        raise errors[-1]
    if as_json:
        print_json(_document(results, errors))
    for answer in answers:
        if isinstance(answer, InputFileError):
            complain(answer)
        elif not as_json:
            _print(answer)
    if not as_json:
        _print_sum(results, len(files))
    codes = [error.exit_code for error in errors] + [int(not result.exact) for result in results]
    click.get_current_context().exit(max(codes))


def _document(results: list[Verification], errors: list[InputFileError]) -> dict[str, object]:
    return {
        "files": len(results) + len(errors),
        "machines_exact": sum(result.exact for result in results),
        "views": sum(result.views for result in results),
        "views_exact": sum(result.views_exact for result in results),
        "steps": sum(result.steps for result in results),
        "steps_exact": sum(result.steps_exact for result in results),
        "mismatches": [asdict(mismatch) for result in results for mismatch in result.mismatches],
        "guesses": {result.file: result.guesses for result in results if result.guesses},
        "repairs": {result.file: result.repairs for result in results if result.repairs},
        "errors": [{"file": error.path, "line": error.line, "reason": error.reason} for error in errors],
    }


def _print(result: Verification) -> None:
    word = "exact" if result.exact else "DIFFERS"
    counts = []
    if result.views:
        counts.append(f"{result.views_exact} of {result.views} views")
    if result.steps:
        counts.append(f"{result.steps_exact} of {result.steps} created views")
    say_wrapped(f"{word:<8} {result.file}: {', '.join(counts) or 'no view'} agree", hang=_UNDER)
    for repair in result.repairs:
        say_wrapped(f"repaired: {repair}", indent=_UNDER, hang=_UNDER)
    for guess in result.guesses:
        say_wrapped(f"guessed: {guess}", indent=_UNDER, hang=_UNDER)
    for mismatch in result.mismatches[:MOST_SHOWN]:
        difference = f"QEMU has {mismatch.expected}, the model {mismatch.got}"
        say_wrapped(f"{mismatch.view}: {mismatch.what}: {difference}", indent=_UNDER, hang=_UNDER)
    if len(result.mismatches) > MOST_SHOWN:
        more = len(result.mismatches) - MOST_SHOWN
        say_wrapped(f"and {more} more differences (--json lists them)", indent=_UNDER, hang=_UNDER)


_UNDER = " " * 9


def _print_sum(results: list[Verification], files: int) -> None:
    if files > 1:
        exact = sum(result.exact for result in results)
        note(f"{exact} of {files} files agree in everything")
