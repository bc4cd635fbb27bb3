"""unicorn_maps: the n-th map of a Unicorn engine.

Question: whoever maps memory page by page into a Unicorn engine sees every map cost more than the one before. By which
law does the time grow, how much memory do the maps take, and what does each engine leave behind?
"""

from footprint.engines.unicorn_cycles import ENGINES
from footprint.scenario import Destroy, MapPages, Mark, Param, Settle, scenario
from footprint.units import bytes_text, count_text


def answer(recording):
    """The exponent with its interval, the first and the last map, and the leak."""
    if not recording.runs:
        return ""
    run = recording.runs[0]
    last, second = run.sample("built"), next((sample for sample in run.samples if sample.cycle == 2), None)
    if last is None or second is None:
        return ""
    metrics = last.metrics
    maps, arch = recording.params["maps"], recording.params["arch"]
    told = (
        f"In an engine for {arch} the second map takes {1e6 * second.metrics['unicorn.map.seconds']:.0f} µs, the "
        + (
            f"{count_text(maps)}th {1e6 * metrics['unicorn.map.seconds']:.0f} µs; "
            f"all of them {metrics['unicorn.maps.seconds']:.2g} s and {bytes_text(metrics['unicorn.maps.bytes'])}."
        )
    )
    if "unicorn.exponent" in metrics:
        told += (
            f" The time of the n-th map grows as n to the {metrics['unicorn.exponent']:.2f} "
            f"({metrics['unicorn.exponent.low']:.2f} to {metrics['unicorn.exponent.high']:.2f})."
        )
    return f"{told} Every engine leaves {bytes_text(metrics['unicorn.leak.bytes'])} of C heap behind."


@scenario(
    "What does the n-th map of a Unicorn engine cost, and by which law does it grow?",
    params=(
        Param("arch", "x86_64", "the engines' architecture", choices=tuple(ENGINES)),
        Param("maps", 1000, "maps in each engine", least=2, most=20_000),
        Param("engines", 5, "engines, one after the other, for the interval", least=2, most=50),
    ),
    rules=("unicorn",),
    answer=answer,
    notes=lambda _: (
        "Unicorn's memory core is QEMU's: a map is a region more, and each commit draws, sorts and merges all of them "
        "again. Maps stand apart, so that none are merged.",
        "The law is fitted from the 50th map on; before, the fixed cost of a call hides it. Each engine gives one "
        "exponent; the interval is of their mean.",
    ),
    telling=(
        "unicorn.map.seconds", "unicorn.maps.seconds", "unicorn.maps.bytes", "unicorn.exponent", "unicorn.exponent.low",
        "unicorn.exponent.high", "unicorn.leak.bytes",
    ),
    accumulates="map",
    backends=("unicorn",),
)  # fmt: skip
def unicorn_maps(p):
    """Open engines and map memory into each."""
    yield MapPages(p.arch, p.maps, p.engines)
    yield Mark("built")
    yield Destroy()
    yield Settle()
