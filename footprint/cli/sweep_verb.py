"""``footprint sweep``: a scenario over many parameters and rule sets, and how its cost grows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import check_belong, force_option, json_option, rules_option
from footprint.cli.terminal import note, print_json

if TYPE_CHECKING:
    from footprint.recording.sweep import Sweep
    from footprint.sweep.sweep import Questions

SWEPT = ("model", "qemu")
"""The backends that a sweep plays on."""
MODEL_MEMORY = 2 << 30
"""Bytes that a point of the model may take, unless the user says otherwise."""


@click.command("sweep")
@click.argument("scenario", default="")
@click.option(
    "-g", "grid", multiple=True, metavar="NAME=V1,V2,…",
    help="An axis: a parameter, a feature, file (captures and pastes) or qemu (binaries). Ranges: 1..255, "
    "16..4096*2. Repeatable.",
)  # fmt: skip
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="Set a parameter for every point.")
@rules_option("Play every machine under these rule sets. Default: the scenario's own.")
@click.option("--zip", "zipped", is_flag=True, help="Go through all axes in step, not through all combinations.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Play N machines of the grid, drawn at random.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of --sample: the same seed draws the same.")
@click.option("-b", "backend", default="model", show_default=True, help="The backend: model, or qemu (one at a time).")
@click.option("--qemu", metavar="PATH", default="", help="With -b qemu: the QEMU binary.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes. Default: one for each CPU.")
@click.option("--dask", is_flag=True, help="Play on a Dask cluster on this machine, of --workers workers.")
@click.option("--scheduler", metavar="ADDRESS", default="", help="Play on the Dask cluster of this scheduler.")
@click.option(
    "--memory-budget", metavar="SIZE", help="What all points may take together. Default: 80 % of what is free."
)
@click.option("--point-memory", metavar="SIZE", help="What a point may take. Default, model: 2GiB.")
@click.option(
    "--point-seconds", type=click.FloatRange(min=0.1), default=600, show_default=True, metavar="N",
    help="The time limit of a point.",
)  # fmt: skip
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Fit this metric; 'all' for all. Repeatable.")
@click.option("--predict", multiple=True, metavar="NAME=N", help="What the laws say for other values of an axis.")
@click.option(
    "--find", "limits", multiple=True, metavar="METRIC<=NUMBER", help="Find the largest machine within a limit."
)
@click.option("-o", "out", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: reports/sweep-<scenario>.")
@click.option("--resume", is_flag=True, help="Play only what the folder lacks.")
@click.option("--no-report", is_flag=True, help="Write no index.html.")
@json_option
@force_option
def command(
    scenario: str, grid: tuple[str, ...], sets: tuple[str, ...], rules: tuple[str, ...], sample: int | None,
    seed: int, backend: str, qemu: str, workers: int | None, scheduler: str, memory_budget: str | None,
    point_memory: str | None, point_seconds: float, metrics: tuple[str, ...], predict: tuple[str, ...],
    limits: tuple[str, ...], out: Path | None, *, zipped: bool, dask: bool, resume: bool, no_report: bool,
    as_json: bool, force: bool,
) -> None:  # fmt: skip
    """Play SCENARIO over a grid, and tell how each metric grows along each axis.

    Every point is a file in FOLDER/points as soon as it is done, so a sweep that was ended goes on with --resume.
    Exits 0 when every point was had, and 3 when some failed, also the second time; these are listed.

    \b
    footprint sweep power8 -g nics=16,32,64,128,255 -r v2.10.0 -r v7.2.0
    footprint sweep power8 -g nics=16..128*2 -r v11.1.0 --predict nics=4080 --find 'modelled.bytes.peak<=4GiB'
    footprint sweep -g file=captures/*.json.gz -r all
    footprint sweep power8 -g nics=4,8,16 -b qemu -g qemu=./old/qemu-system-ppc64,./new/qemu-system-ppc64
    """
    from footprint.cli.requests import assignments
    from footprint.cli.sweep_progress import following
    from footprint.errors import UnknownNameError
    from footprint.sweep.grid import axes_of
    from footprint.sweep.job import JobLimits
    from footprint.sweep.plan import MODEL, Wish
    from footprint.sweep.store import Store
    from footprint.sweep.sweep import Venue, check, run_sweep

    if backend not in SWEPT:
        raise UnknownNameError("backend of sweeps", backend, SWEPT)
    check_belong(*(() if backend != MODEL else (({"--qemu": bool(qemu)}, "-b qemu"),)))
    _check_options(grid, sample, zipped=zipped, both=(dask and bool(scheduler)), resume=resume, force=force)
    wish = Wish(scenario, axes_of(grid), assignments(sets), rules, backend, qemu, zipped, sample, seed)
    place = Venue(workers, _size(memory_budget, "--memory-budget"), dask, scheduler)
    default = MODEL_MEMORY if backend == MODEL else None
    bounds = JobLimits(point_seconds, _size(point_memory, "--point-memory") or default)
    questions = _questions(metrics, predict, limits)
    plan = check(wish, place, questions)
    with ExitStack() as stack:
        folder = out or Path("reports") / f"sweep-{plan.name}"
        if as_json and out is None and not resume:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footprint-sweep-")))
        store = Store(folder, plan.name)
        store.open(resume=resume, force=force)
        with following(plan, folder) as tell:
            sweep = run_sweep(wish, plan, place, bounds, questions, store, tell)
        written = [store.finish(sweep)] + ([] if no_report or as_json else [_draw(sweep, folder)])
    if as_json:
        print_json(sweep)
    else:
        from footprint.cli.sweep_text import print_sweep

        print_sweep(sweep)
        note("wrote " + " and ".join(map(str, written)))
    click.get_current_context().exit(3 if sweep.failed else 0)


def _check_options(
    grid: tuple[str, ...], sample: int | None, *, zipped: bool, both: bool, resume: bool, force: bool
) -> None:
    """Raise RequestError for options that do not go together; `both`: two places to play were named."""
    from footprint.errors import RequestError

    if not grid:
        raise RequestError("a sweep needs an axis: -g NAME=V1,V2,…, as in -g nics=16,32,64")
    if zipped and sample is not None:
        raise RequestError("--sample draws from all combinations; --zip goes through the axes in step")
    if both:
        raise RequestError(
            "--dask starts a cluster on this machine, --scheduler takes one that exists; give one of them"
        )
    if resume and force:
        raise RequestError("--resume goes on, --force begins anew; give one of them")


def _draw(sweep: Sweep, folder: Path) -> Path:
    from footprint.recording.files import write_text
    from footprint.report.sweep import render_sweeps

    path = folder / "index.html"
    write_text(path, render_sweeps([sweep]))
    return path


def _questions(metrics: Sequence[str], predict: Sequence[str], limits: tuple[str, ...]) -> Questions:
    from footprint.cli.requests import assignments
    from footprint.errors import RequestError
    from footprint.recording.metrics import METRICS
    from footprint.sweep.fits import TELLING
    from footprint.sweep.sweep import Questions

    asked: dict[str, list[float]] = {}
    for name, text in assignments(predict).items():
        words = text.split(",")
        if not all(word.isdecimal() for word in words):
            raise RequestError(f"--predict {name}={text}: expected whole numbers, as in --predict {name}=255,4080")
        asked[name] = [int(word) for word in words]
    names = tuple(METRICS) if "all" in metrics else tuple(metrics) or TELLING
    return Questions(names, asked, limits)


def _size(text: str | None, option: str) -> int | None:
    """The bytes of ``2GiB``; raises RequestError."""
    import re

    from footprint.errors import RequestError
    from footprint.gate.budget import BYTE_UNITS

    if text is None:
        return None
    matched = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]iB)?", text.strip())
    if matched is None or not float(matched[1]):
        raise RequestError(f"{option} {text!r} is no size; write bytes, or a number with KiB, MiB, GiB or TiB")
    return int(float(matched[1]) * BYTE_UNITS[matched[2] or ""])
