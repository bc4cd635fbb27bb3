"""cpu_memory: CPUs that see memory of their own.

Question: since v2.6.0 a CPU has a property "memory". A machine gives its CPUs the system's memory, memory of a secure
world beside it, or memory with registers that only they see, each CPU or each cluster its own. What do the spaces and
views for it cost under each rule set?
"""

from footprint.machines.generic import guest
from footprint.machines.topology import CpuMemory, Topology
from footprint.scenario import Build, Destroy, Mark, Param, Settle, scenario
from footprint.units import bytes_text, count_text

RULES = ("v2.0.0", "v2.6.0", "v2.10.0", "967dc9b119", "e673ba9af9", "092aa2fc65", "v2.11.0", "v7.2.0", "v11.1.0")


def answer(recording):
    """Views and bytes of the oldest and the newest run, and what a CPU adds."""
    if not recording.runs or any(run.sample("built") is None for run in recording.runs):
        return ""
    cpus = recording.params["cpus"]
    first, last = recording.runs[0], recording.runs[-1]

    def told(run):
        metrics = run.sample("built").metrics
        size = f", {bytes_text(metrics['modelled.bytes'])}" if "modelled.bytes" in metrics else ""
        return (
            f"under {run.rules} {count_text(metrics['address_spaces'])} address spaces show "
            f"{count_text(metrics['flatviews.alive'])} views{size}"
        )

    runs = (first,) if first is last else (first, last)
    whose = {"system": "the system's memory", "secure": "secure memory beside it"}
    kind, cluster = recording.params["memory"], recording.params["cluster"]
    group = "each its own memory" if cluster == 1 else f"each cluster of {cluster} its own memory"
    if recording.params["machine"] != "virt":
        group = "each its own memory"
        kind = "own"
    return f"{cpus} CPUs see {whose.get(kind, group)}: {'; '.join(map(told, runs))}."


@scenario(
    "What do CPUs cost that see memory of their own?",
    params=(
        Param("machine", "virt", "mps2-an521 only with -b qemu: 2 CPUs", choices=("virt", "mps2-an521")),
        Param("cpus", 8, "CPUs", least=1, most=8),
        Param("memory", "own", "whose memory the CPUs see", choices=("system", "secure", "own")),
        Param("cluster", 1, "CPUs that share one memory of their own", least=1, most=8),
        Param("private", 1, "1: there are registers in it that only they see", most=1),
    ),
    rules=RULES,
    answer=answer,
    notes=lambda _: (
        "memory=own on virt is a what-if; a real mps2-an521 does it (-b qemu -s machine=mps2-an521). memory=secure is "
        "virt with secure=on, the same in a real QEMU, view for view.",
        'Before v2.6.0 (QEMU commit 6731d864f8, "qom/cpu: Add MemoryRegion property") a CPU had no memory of its own: '
        "under v2.0.0 no CPU has a space.",
    ),
    telling=(
        "flatviews.alive", "address_spaces", "flatviews.created", "flat_ranges", "nodes", "modelled.bytes",
        "modelled.bytes.peak", "process.rss.peak",
    ),
)  # fmt: skip
def cpu_memory(p):
    """Start the machine, stopped before its firmware runs; then take it down."""
    if p.machine == "virt":
        plan = CpuMemory(p.memory, p.cluster, private=bool(p.private))
        yield Build(guest("virt", cpus=p.cpus, cpu_memory=plan))
    else:
        yield Build(Topology(p.machine, 2, 16 << 20))
    yield Settle()
    yield Mark("built")
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
