"""radix: what a lookup in the dispatch tree costs, and what level skipping saves.

Question: QEMU finds the device behind an address in a radix tree of six levels. Since v2.0.0 it skips levels that offer
one way only. Does that save memory or time, and would a tree with more or fewer levels?
"""

from footprint.machines.generic import guest, parse_devices
from footprint.machines.machine_types import MACHINE_TYPES
from footprint.machines.pseries import pseries
from footprint.scenario import Boot, Build, Destroy, Mark, Param, Settle, scenario
from footprint.scenario.startup import device_words
from footprint.units import bytes_text, count_text

WALKED, SKIPPED = "v2.0.0,level_skipping=off", "v2.0.0"
NARROW, TODAY, WIDE = "v7.2.0,level_bits=4", "v7.2.0", "v7.2.0,level_bits=12"


def _mean(run):
    metrics = run.sample().metrics
    return metrics["lookups.ranges.reads"] / metrics["lookups"]


def answer(recording):
    """Whether level skipping frees a node, how much shorter it makes the walk, and what other widths would cost."""
    walked, skipped = recording.run(WALKED), recording.run(SKIPPED)
    if walked is None or skipped is None or "lookups" not in skipped.sample().metrics:
        return ""
    nodes = [run.sample().metrics["nodes"] for run in (walked, skipped)]
    freed = "frees no node" if nodes[0] == nodes[1] else f"frees {count_text(nodes[0] - nodes[1])} nodes"
    sentence = (
        f"Level skipping {freed} (there are {count_text(nodes[1])}), and a lookup over this machine's ranges reads "
        f"{_mean(skipped):.2f} of them on average instead of {_mean(walked):.2f}"
    )
    widths = [(bits, recording.run(name)) for bits, name in ((4, NARROW), (9, TODAY), (12, WIDE))]
    if any(run is None for _, run in widths):
        return f"{sentence}."
    told = "; ".join(
        f"{bits} bits a level: {_mean(run):.2f} nodes read, {bytes_text(run.sample().metrics['modelled.nodes'])}"
        for bits, run in widths
    )
    return f"{sentence}. With level skipping, {told}."


@scenario(
    "What does a lookup in the dispatch tree cost, and what do level skipping and the width of a level change?",
    params=(
        Param("machine", "q35", "the machine", choices=tuple(MACHINE_TYPES)),
        Param("cpus", 1, "CPUs", least=1, most=8),
        Param(
            "devices", "4xvirtio-net-pci+1xnvme", "PCI cards (of pseries: their number)",
            reader=device_words, form="COUNTxTYPE+COUNTxTYPE…; footprint list devices",
        ),
        Param("firmware", 1, "1: let the firmware of pc and q35 map the cards first", most=1),
    ),
    rules=(WALKED, SKIPPED, NARROW, WIDE, TODAY),
    answer=answer,
    notes=lambda _: (
        "No QEMU modelled here had anything but 9 bits a level: 4 and 12 are what-ifs, and so is a v2.0.0 without "
        "level skipping.",
        "Nodes that a skip passes over stay allocated: QEMU commit b35ba30f8f (\"exec: memory radix tree page level "
        'compression") (in v2.0.0) rewrites entries, it frees nothing.',
    ),
    probes=("lookups",),
    telling=(
        "lookups.ranges.reads", "lookups", "nodes", "nodes.allocated", "modelled.nodes", "lookups.ranges.p99",
        "lookups.uniform.reads", "lookups.hot.reads", "lookups.seconds",
    ),
)  # fmt: skip
def radix(p):
    """Start the machine, let its firmware map the cards, look addresses up in all of its views."""
    devices = parse_devices(p.devices)
    if p.machine == "pseries":
        yield Build(pseries(cpus=p.cpus, nics=len(devices), bridges=0))
    else:
        yield Build(guest(p.machine, cpus=p.cpus, devices=devices))
    yield Settle()
    yield Mark("built")
    if p.firmware and p.machine in ("pc", "q35"):
        yield Boot()
        yield Settle()
        yield Mark("booted")
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
