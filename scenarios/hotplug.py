"""hotplug: a device is plugged in and taken out again, many times.

Question: is everything back where it was, every time?
"""

from footprint.errors import RequestError, UnknownNameError
from footprint.machines.catalogue import CATALOGUE
from footprint.machines.generic import guest
from footprint.machines.pseries import pseries
from footprint.machines.topology import Device
from footprint.recording.metrics import METRICS, MetricKind
from footprint.scenario import Build, Commit, Destroy, EnableBusMaster, Mark, Param, Plug, Settle, Unplug, scenario
from footprint.units import bytes_text, count_text
from footprint.verdict.scenario_growth import growths
from footprint.verdict.verdict import Answer

NOTES = (
    "QEMU's hint for how many radix nodes to allocate never shrinks: nodes.allocated and modelled.bytes are to be "
    "compared with what they were after the first unplug, everything else with what it was before the first plug.",
    "From 967dc9b119 to e673ba9af9 the table keeps a view that only the unplugged device used until the next commit. "
    "So something else in the guest makes one after each unplug; -s commit=0 shows what there is without it.",
)


def device_type(text):
    """`text`, if it names a device that comes and goes; raises RequestError."""
    if text not in CATALOGUE:
        raise UnknownNameError("device", text, CATALOGUE)
    if not CATALOGUE[text].hotplug:
        valid = ", ".join(name for name, row in CATALOGUE.items() if row.hotplug)
        raise RequestError(f"device={text} cannot be plugged in while the machine runs; {valid} can")
    return text


def empty(machine):
    """A guest with a free place, and the bus and slot of that place."""
    if machine == "pseries":
        return pseries(cpus=1), ("pci.0", 3)
    if machine == "q35":
        return guest("q35", bridges=1, bridge="pcie-root-port"), ("bridge0", 0)
    return guest(machine), ("pci.0", 3)


GROWN_BY_THE_HINT = {"nodes.allocated", "modelled.nodes", "modelled.bytes", "modelled.resident"}
"""What the first plugging may leave larger for ever, because the hint never falls."""


MEMORY = ("heap.bytes", "process.uss", "process.rss", "process.pss")
"""What tells that a real QEMU keeps memory, the most exact first."""
WORDS = {
    "address_spaces": ("address space", "address spaces"),
    "flatviews.alive": ("view in use", "views in use"),
    "flatviews.allocated": ("view", "views"),
    "dispatches.alive": ("dispatch tree", "dispatch trees"),
    "flat_ranges": ("range", "ranges"),
    "sections": ("section", "sections"),
    "nodes": ("radix node", "radix nodes"),
    "subpages": ("subpage", "subpages"),
}
"""One and many of what a metric counts."""


def answer(recording):
    """Under which rule sets everything is back, and under which not, with what a cycle leaves behind."""
    cycles = {run.rules: [sample for sample in run.samples if sample.mark == "unplugged"] for run in recording.runs}
    left = {run.rules: _left(run, cycles[run.rules]) for run in recording.runs if cycles[run.rules]}
    kept = _kept(recording)
    back = [rules for rules, counts in left.items() if not counts and rules not in kept]
    said = []
    if back:
        times = max(len(cycles[rules]) for rules in back)
        unplugs = "the unplug" if times == 1 else f"each of {count_text(times)} unplugs"
        said.append(f"Yes under {_listed(back)}: after {unplugs} every count is what it was")
    for rules, counts in left.items():
        if counts:
            said.append(f"{'no' if said else 'No'} under {rules}: {_rest(counts, len(cycles[rules]))}")
        elif rules in kept:
            said.append(
                f"{'no' if said else 'No'} under {rules}: every count is what it was, but each cycle keeps "
                f"{bytes_text(kept[rules])} of memory"
            )
    return f"{'; '.join(said)}." if said else ""


def _kept(recording):
    """Bytes that every cycle keeps, by rule set: of those that keep some, by the most exact metric that says so."""
    leaking = {
        (growth.rules, growth.metric): growth.per_cycle
        for growth in growths(recording)
        if growth.metric in MEMORY and growth.verdict is Answer.LEAK
    }
    return {rules: n for name in reversed(MEMORY) for (rules, metric), n in leaking.items() if metric == name}


def _rest(counts, cycles):
    """What is not back after so many cycles: as much more with every cycle, or once."""
    if cycles > 1 and all(n < cycles for n in counts.values()):
        return f"{_listed([_counted(n, name) for name, n in counts.items()])} left, however many cycles"
    return f"every cycle adds {_listed([_each(n, cycles, name) for name, n in counts.items()])}"


def _left(run, unplugged):
    """The counts of what exists that are not back after the last unplug, with how much more there is."""
    before = run.samples[0].metrics
    base = {**before, **{name: n for name, n in unplugged[0].metrics.items() if name in GROWN_BY_THE_HINT}}
    return {
        name: n - base[name]
        for name, n in unplugged[-1].metrics.items()
        if name in base and name in METRICS and METRICS[name].gauge and METRICS[name].kind is MetricKind.EXACT
        if n != base[name]
    }


def _each(n, cycles, name):
    """`n` of so many cycles, for one of them."""
    return _counted(n // cycles, name) if n % cycles == 0 else f"{n / cycles:.3g} {_words(name)[1]}"


def _counted(n, name):
    """``1 address space``, ``2 address spaces``; bytes with a unit."""
    if METRICS[name].unit == "bytes":
        return f"{bytes_text(n)} of {name}"
    return f"{count_text(n)} {_words(name)[n != 1]}"


def _words(name):
    return WORDS.get(name, (f"of {name}", f"of {name}"))


def _listed(words):
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


@scenario(
    "A device is plugged in and taken out again: is everything back where it was?",
    params=(
        Param("machine", "q35", "the machine", choices=("pc", "q35", "virt", "pseries")),
        Param("device", "virtio-net-pci", "QEMU's -device name", reader=device_type, form="footprint list devices"),
        Param("cycles", 5, "how often", least=1, most=100_000),
        Param("commit", 1, "1: something else makes a commit after each unplug", most=1),
        Param("bus_master", 1, "1: the guest lets the device read and write memory meanwhile", most=1),
    ),
    rules=("v2.10.0", "202fc01b05", "092aa2fc65", "v2.11.0", "v7.2.0", "v7.2.0,release=off"),
    answer=answer,
    notes=lambda _: NOTES,
)
def hotplug(p):
    """Plug in, mark, take out, let the grace period end, mark; as often as asked."""
    machine, (bus, slot) = empty(p.machine)
    yield Build(machine)
    yield Settle()
    yield Mark("built")
    for cycle in range(1, p.cycles + 1):
        yield Plug(Device(p.device, "plugged", bus, slot))
        if p.bus_master:
            yield EnableBusMaster("plugged")
        yield Settle()
        yield Mark("plugged", cycle)
        yield Unplug("plugged")
        if p.commit:
            yield Commit()
        yield Settle()
        yield Mark("unplugged", cycle)
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
