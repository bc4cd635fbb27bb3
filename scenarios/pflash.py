"""pflash: firmware flash that every guest copies.

Question: QEMU reads a flash image into memory of its own for every guest, though the image is read-only. A series of
2021 mapped the file instead, so that one copy in the page cache would serve all guests; it was never merged. What do N
guests cost with and without it?
"""

from footprint.scenario import Destroy, LoadFlash, Mark, Param, Settle, scenario
from footprint.units import bytes_text


def counts(most):
    """1, 2, 4, … and `most`: how many processes there are, one after the other."""
    return [*(2**n for n in range(most.bit_length()) if 2**n < most), most]


def _last(run, mark):
    return next((sample.metrics for sample in reversed(run.samples) if sample.mark == mark), None)


def answer(recording):
    """What the images cost in all, private and shared; of real QEMUs what each has more with flash than without."""
    children = recording.params["children"]
    private, shared = (run and _last(run, "loaded") for run in map(recording.run, ("private", "shared")))
    if private and shared:
        return (
            f"{children} processes with an image of {bytes_text(private['flash.image'])} each cost "
            f"{bytes_text(private['flash.all'])} where each reads it for itself, and {bytes_text(shared['flash.all'])} "
            f"where all map the file: {bytes_text(private['flash.uss'])} of private memory become "
            f"{bytes_text(shared['flash.pss'])} that all share."
        )
    if recording.backend != "qemu" or not recording.runs:
        return ""
    bare, loaded = (_last(recording.runs[0], mark) for mark in ("bare", "loaded"))
    if bare is None or loaded is None:
        return ""
    each = loaded["process.uss"] - bare["process.uss"]
    return (
        f"Flash gives each of {children} guests {bytes_text(each)} of private memory more, "
        f"{bytes_text(children * each)} in all. If all mapped one file, read-only (a projection: no QEMU does), "
        f"{bytes_text((children - 1) * each)} of it would be saved."
    )


@scenario(
    "What does flash cost that every guest copies, and what would sharing it save?",
    params=(
        Param("children", 8, "processes, or real guests", least=1, most=100),
        Param("image", 64 << 20, "bytes of the image (real guests load their firmware's)", least=1 << 16, most=1 << 32),
        Param("machine", "virt", "with -b qemu: whose firmware", choices=("virt", "q35")),
    ),
    rules=("private", "shared"),
    answer=answer,
    notes=lambda _: (
        "private is what QEMU does: it reads the whole file, padding of zeros included, so every page is its own. "
        "shared is what the pflash series of February and March 2021 proposed for read-only images; it was not merged.",
    ),
    telling=(
        "flash.all", "guests", "flash.uss", "flash.pss", "flash.cache", "process.uss", "process.pss", "guests.shared",
        "guests.pss",
    ),
    accumulates="process",
    backends=("processes", "qemu"),
)  # fmt: skip
def pflash(p):
    """Let 1, 2, 4 … processes run without an image, then as many with one."""
    yield LoadFlash(p.children, p.machine, 0)
    yield Settle()
    yield Mark("bare")
    for count in counts(p.children):
        yield LoadFlash(count, p.machine, p.image)
        yield Settle()
        yield Mark("loaded", count)
    yield Destroy()
    yield Mark("destroyed")
