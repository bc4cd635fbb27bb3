"""Recordings made by hand, for tests of the page."""

from __future__ import annotations

from typing import Any

from footprint.recording import Published, Recording, Run, Sample, Timeline
from footprint.recording.metrics import METRICS, MetricKind
from footprint.recording.model import SCHEMA, Stretch, View


def metrics(n: int, **more: float) -> dict[str, float]:
    """Every exact metric, each some multiple of `n`, and `more` (with ``__`` for a dot)."""
    names = [row.name for row in METRICS.values() if row.kind is MetricKind.EXACT]
    read: dict[str, float] = {name: n * (place + 1) for place, name in enumerate(names)}
    return read | {name.replace("__", "."): value for name, value in more.items()}


def timeline(n: int) -> Timeline:
    """A climb to `n` and the fall after it."""
    return Timeline((1, 5, 10, 10, 11), (1, 2, 3, 3, 0), (0, n // 2, n, 0, 0), (64, 32 * n, 64 * n, 192, 0))


def run(rules: str = "v7.2.0", n: int = 100, **changes: Any) -> Run:
    """A run with the marks ``built`` and ``destroyed`` and nothing left at the second."""
    parts: dict[str, Any] = {
        "features": {"dispatch": "per-view", "empty_view": "off"},
        "samples": (Sample("built", 0, metrics(n)), Sample("destroyed", 0, metrics(0, flatviews__created=n))),
        "what": f"what {rules} is",
        "timeline": timeline(n),
    }
    return Run(rules, **(parts | changes))


def recording(*runs: Run, **changes: Any) -> Recording:
    """A recording of `runs`."""
    parts: dict[str, Any] = {
        "schema": SCHEMA,
        "scenario": "small",
        "params": {"cpus": 2},
        "backend": "model",
        "environment": {"python": "3.11"},
        "question": "How much?",
        "notes": ("Read me first.",),
    }
    return Recording(runs=runs, **(parts | changes))


def view(root: str = "system", *, ranges: int = 2, **changes: Any) -> View:
    """A view of `ranges` pages, each two pages from the next, without a tree."""
    parts: dict[str, Any] = {
        "spaces": ("memory",),
        "ranges": tuple(Stretch(hex(n << 13), hex((n << 13) + 4096), f"part-{n}", "ram") for n in range(ranges)),
        "range_count": ranges,
    }
    return View(root, **(parts | changes))


def machine(*views: View) -> Recording:
    """A recording whose last run has `views`."""
    return recording(run("old"), run("new", views=views))


def largest(name: str = "virtio-net-pci", views: int = 24) -> Recording:
    """As many views, ranges, nodes and spaces as a recording holds, all of them cut, with `name` everywhere."""
    kinds = ("ram", "rom", "romd", "i/o", "ramd", name)
    ranges = tuple(
        Stretch(hex(n << 40), hex((n << 40) + 4096 * (n + 1)), f"{name}{n}", kinds[n % 6], hex(n << 12))
        for n in range(400)
    )
    nodes = [tuple((n, n, 1, n + 1) for n in range(80))]
    nodes += [tuple((n, n, 0, n % 400) for n in range(512)) for _ in range(79)]
    return machine(
        *(
            View(
                f"{name}{n}",
                tuple(f"{name}{'x' * (m % 40)}" for m in range(400)),
                ranges,
                1203,
                n,
                9 * n,
                6,
                5,
                0,
                tuple(nodes),
                999,
                1300,
            )
            for n in range(views)
        )
    )


def history() -> Recording:
    """Three runs, figures published of the first, and what the probes measured."""
    measured = {"traced__bytes": 900, "traced__numpy": 500, "sized__bytes": 800, "sized__nodes": 500}
    probed = Sample("built", 0, metrics(10, modelled__nodes=500, **measured))
    return recording(
        run("v2.10.0", 1000, features={"dispatch": "per-space", "empty_view": "off"}),
        run("092aa2fc65", 100),
        run("v7.2.0", samples=(probed, Sample("destroyed", 0, metrics(0)))),
        published=(
            Published("flatviews.alive", "v2.10.0", 2000, "a commit message", exact=True),
            Published("flatviews.created", "v2.10.0", 5000, "another"),
            Published("no.such.metric", "v0", 7, "nobody"),
        ),
    )
