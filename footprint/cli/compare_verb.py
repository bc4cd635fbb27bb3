"""``footprint compare``: where two recordings differ, and who is behind it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.options import json_option, rules_option
from footprint.cli.terminal import note, print_json

if TYPE_CHECKING:
    from footprint.gate.compare import Comparison
    from footprint.record.waterfall import Waterfall
    from footprint.recording.model import Recording


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", default="")
@rules_option("Compare only the runs under these rule sets; without B, the second of two against the first.")
@click.option("--rules-a", metavar="NAME", help="Compare this run of A. Default: runs under rules that both have.")
@click.option("--rules-b", metavar="NAME", help="Compare this run of B.")
@click.option("--anyway", is_flag=True, help="Compare even two scenarios, or what is only measured.")
@click.option("--all", "everything", is_flag=True, help="Show every metric at every mark.")
@click.option(
    "--waterfall", metavar="METRIC",
    help="Also play the scenario between the two rule sets: what does each feature save, alone and with others?",
)  # fmt: skip
@json_option
def command(
    first: str, second: str, rules: tuple[str, ...], rules_a: str | None, rules_b: str | None, waterfall: str | None,
    *, anyway: bool, everything: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare recordings A and B, or two rule sets of A: what differs most, and whose views were gained or lost.

    A and B are files, folders with a recording.json, NAME for reports/NAME, or captures (also texts with the answer to
    `info mtree` in them, FILE#1 and FILE#2 where one holds two machines); of two captures what their QEMUs printed is
    compared. Counts that both have must be equal at every mark that both have. Process memory is shown, not judged.
    Two sweeps, or two rule sets of one, are compared by their growth: from which n on the difference matters.
    Exits 0 when all counts are equal, 1 when one differs, and 2 when the two cannot be compared.

    \b
    footprint compare model real
    footprint compare power8 -r v2.10.0 -r v7.2.0
    footprint compare power8 -r v2.10.0 -r v7.2.0 --waterfall flatviews.alive
    footprint compare before.json.gz after.json.gz
    """
    from footprint.cli.compare_sweeps import compare_sweeps
    from footprint.cli.compare_text import print_comparisons
    from footprint.cli.waterfall_text import print_waterfall
    from footprint.gate.compare import compare, unpaired

    if (code := compare_sweeps(first, second, rules, rules_a, rules_b, as_json=as_json)) is not None:
        click.get_current_context().exit(code)
    if second:
        ours, theirs = _both(first, second, rules)
        comparisons = compare(ours, theirs, (rules_a, rules_b), anyway=anyway)
        alone = unpaired(ours, theirs, comparisons) if (rules_a, rules_b) == (None, None) else ([], [])
    else:
        ours, pair = _within(first, rules, rules_a, rules_b)
        comparisons, alone = compare(ours, ours, pair, anyway=anyway), ([], [])
    falls = [_waterfall(first, ours, comparison, waterfall) for comparison in comparisons] if waterfall else []
    equal = not any(comparison.differing for comparison in comparisons)
    if as_json:
        documents = [_document(comparison) for comparison in comparisons]
        partners = {"first": alone[0], "second": alone[1]}
        more = {"waterfalls": [asdict(fall) for fall in falls]} if falls else {}
        print_json({"equal": equal, "comparisons": documents, "without_partner": partners, **more})
    else:
        for sentence in comparisons[0].notes:
            note(f"note: {sentence}")
        print_comparisons(comparisons, alone, everything=everything)
        for fall in falls:
            print_waterfall(fall)
    click.get_current_context().exit(0 if equal else 1)


def _both(first: str, second: str, rules: tuple[str, ...]) -> tuple[Recording, Recording]:
    """The two recordings; of two captures what their QEMUs printed."""
    from msgspec.structs import replace

    from footprint.errors import UnknownNameError
    from footprint.record.find import find_printed, find_recording, is_capture
    from footprint.record.printed import CAPTURED

    if not rules and (mine := find_printed(first)) and (theirs := find_printed(second)):
        return mine, theirs
    recordings = find_recording(first, rules), find_recording(second, rules)
    if is_capture(first) and is_capture(second):
        recordings = replace(recordings[0], scenario=CAPTURED), replace(recordings[1], scenario=CAPTURED)
    for name in rules:
        if not any(recording.run(name) for recording in recordings):
            names = dict.fromkeys(run.rules for recording in recordings for run in recording.runs)
            raise UnknownNameError("rule set in these recordings", name, names)
    if not rules:
        return recordings
    kept = [replace(each, runs=tuple(run for run in each.runs if run.rules in rules)) for each in recordings]
    return kept[0], kept[1]


def _within(
    word: str, rules: tuple[str, ...], rules_a: str | None, rules_b: str | None
) -> tuple[Recording, tuple[str, str]]:
    """One recording, and the two rule sets of it to compare; raises RequestError where they are not two."""
    from footprint.errors import RequestError
    from footprint.record.find import find_recording

    recording = find_recording(word, rules)
    names = list(rules) or [name for name in (rules_a, rules_b) if name] or [run.rules for run in recording.runs]
    if len(names) != 2:
        have = ", ".join(run.rules for run in recording.runs)
        raise RequestError(
            f"{word} alone: name two of its rule sets to compare, as in -r {recording.runs[0].rules} -r NAME, or a "
            f"second recording; it has {have}"
            if recording.runs
            else f"{word} has no runs to compare"
        )
    return recording, (names[0], names[1])


def _waterfall(word: str, recording: Recording, comparison: Comparison, metric: str) -> Waterfall:
    """The waterfall of one pair of runs, of the scenario of the first recording."""
    from footprint.errors import RequestError
    from footprint.record.find import source_of
    from footprint.record.waterfall import waterfall
    from footprint.scenario.find import find

    if recording.backend != "model" or comparison.first == comparison.second:
        raise RequestError("--waterfall is between two rule sets of the model, as in -r v2.10.0 -r v7.2.0")
    source = source_of(word, recording)
    scenario = find(source)
    values = {**scenario.values({}), **recording.params}
    return waterfall(scenario, source, values, (comparison.first, comparison.second), metric)


def _document(comparison: Comparison) -> dict[str, Any]:
    lines = [{**asdict(line), "change": line.change, "percent": line.percent} for line in comparison.lines]
    return {**asdict(comparison), "lines": lines, "differing": len(comparison.differing)}
