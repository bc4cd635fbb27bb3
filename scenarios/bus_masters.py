"""bus_masters: the guest's drivers let one function after the other read and write memory.

Question: what does each rule set make of it? A bus master that is off shows nothing; one that is on shows what the
CPU sees. Until functions shared a view, every one of them had its own, made anew at every commit.
"""

from footprint.machines.catalogue import CATALOGUE
from footprint.machines.generic import guest
from footprint.scenario import Build, Destroy, EnableBusMaster, Mark, Param, Settle, scenario
from footprint.units import bytes_text, count_text, times_text

VIEWS, BYTES = "flatviews.alive", "modelled.bytes"


def answer(recording):
    """What all functions together cost under the newest and the oldest rule set, and what each of them adds."""
    told = [(run.rules, enabled) for run in recording.runs if (enabled := _enabled(run))]
    if not told:
        return ""
    (oldest, before), (newest, now) = told[0], told[-1]
    whose = f"{count_text(len(now))} {recording.params['device']}"
    said = f"With {whose} that may read and write memory, {newest} {_cost(now)}"
    if oldest == newest:
        return f"{said}."
    more, less = before[-1][BYTES], now[-1][BYTES]
    share = f", {times_text(more, less)} times as much" if more > less else ""
    return f"{said}; {oldest} {_cost(before)}{share}."


def _enabled(run):
    """The counts after each function was let; nothing where they do not tell what views take."""
    figures = [sample.metrics for sample in run.samples if sample.mark == "enabled"]
    return figures if all({VIEWS, BYTES} <= read.keys() for read in figures) else []


def _cost(figures):
    """The views in use in the end, and what the last function added."""
    each = (figures[-1][BYTES] - figures[0][BYTES]) // max(len(figures) - 1, 1)
    adds = f"{bytes_text(each)} more for each function" if each > 0 else "nothing more for another function"
    return f"has {count_text(figures[-1][VIEWS])} views in use in {bytes_text(figures[-1][BYTES])}, {adds}"


@scenario(
    "What does each rule set cost once the guest lets n functions read and write memory?",
    params=(
        Param("machine", "pc", "the machine", choices=("pc", "q35", "virt")),
        Param("device", "e1000", "QEMU's -device name", choices=tuple(k for k, v in CATALOGUE.items() if v.hotplug)),
        Param("functions", 28, "how many", most=1024),
        Param("bridges", 1, "PCI bridges that they stand behind"),
        Param("cpus", 1, "CPUs", least=1, most=8),
    ),
    rules=("v2.10.0", "67ace39b25", "202fc01b05", "e673ba9af9", "092aa2fc65", "v2.11.0", "v7.2.0"),
    accumulates="function",
    answer=answer,
)
def bus_masters(p):
    """Start the guest with every bus master off, then switch them on one by one."""
    yield Build(guest(p.machine, cpus=p.cpus, devices=(p.device,) * p.functions, bridges=p.bridges))
    yield Settle()
    yield Mark("built")
    for i in range(p.functions):
        yield EnableBusMaster(f"device{i}")
        yield Settle()
        yield Mark("enabled", i + 1)
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
