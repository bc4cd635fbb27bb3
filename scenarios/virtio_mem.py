"""virtio_mem: memory that comes and goes in slots, and what that costs KVM and vhost.

Question: a virtio-mem device shows its memory in slots, one alias each. Where neighbouring slots are merged into one
range, every slot that comes or goes takes the whole range out and puts it back, and with it memory that the guest is
using. Since v8.2.0 slots do not merge. What do listeners go through, with and without that?
"""

from footprint.machines.generic import guest
from footprint.machines.parts import Slots
from footprint.scenario import (
    Build,
    Destroy,
    KvmSlots,
    Listen,
    Mark,
    Param,
    Settle,
    ShowSlots,
    VhostTable,
    scenario,
)
from footprint.units import bytes_text, count_text

BEFORE, SINCE = "v7.2.0", "v8.2.0"
ORDERS = {
    "up": lambda n: list(range(n)),
    "down": lambda n: list(reversed(range(n))),
    "evens": lambda n: [*range(0, n, 2), *range(1, n, 2)],
    "inwards": lambda n: [k // 2 if k % 2 == 0 else n - 1 - k // 2 for k in range(n)],
}
"""Orders in which slots come, by name; they go in the same order. ``stack``: the last that came goes first."""


def heard(run, listener):
    """What `listener` heard in all of `run`, by the last part of the metric's name; None where it did not listen."""
    for sample in reversed(run.samples):
        figures = {
            name.split(".", 2)[2]: n for name, n in sample.metrics.items() if name.startswith(f"listener.{listener}.")
        }
        if figures:
            return figures
    return None


def answer(recording):
    """What KVM goes through under the rules before and since, in two sentences; a word on the discard manager."""
    before, since = recording.run(BEFORE), recording.run(SINCE)
    if before is None or since is None:
        return ""
    was, now = heard(before, "kvm"), heard(since, "kvm")
    if was is None or now is None:
        return ""
    slots = recording.params["slots"]
    sentence = (
        f"{count_text(slots)} slots of {bytes_text(recording.params['slot_bytes'])} that come and go one by one make "
        f"KVM hear {count_text(was['add'])} region_add and {count_text(was['del'])} region_del under {BEFORE}, where "
        f"they merge, and {count_text(now['add'])} and {count_text(now['del'])} under {SINCE}, where they do not. "
        f"Merged, {bytes_text(was['moved.bytes'])} that nobody touched go out and come back, in "
        f"{count_text(was['gaps'])} commits; unmerged, {bytes_text(now['moved.bytes'])}. The price is "
        f"{count_text(now['slots.most'])} slots at the most instead of {count_text(was['slots.most'])}."
    )
    refused = [run.rules for run in (before, since) if run.sample("built").metrics.get("discard_managers.refused")]
    if refused:
        sentence += (
            f" {' and '.join(refused)} would not let the RamDiscardManager be set on RAM that is mapped already."
        )
    return sentence


def notes(p):
    """What a developer needs to know of the listeners, and of the discard manager."""
    return (
        'Slots are aliases of one RAM region, unmergeable since QEMU commit 533f5d6679 ("memory,vhost: Allow for '
        'marking memory device memory regions unmergeable") (in v8.2.0). Under older rules the same aliases merge.',
        "A gap is a commit in which memory that stays is taken out of a listener's slots and put back: a vCPU or a "
        "device that uses it in between finds nothing there.",
        "Set the RamDiscardManager before the RAM is mapped: itself or through an alias, QEMU before v8.2.0 ends with "
        "an assertion otherwise. Since v8.2.0 the order does not matter; only a second manager is refused."
        + (" This run sets it after the memory is mapped." if p.manager == "after" else ""),
    )


@scenario(
    "What do KVM and vhost go through when memory comes and goes in slots?",
    params=(
        Param("slots", 4, "slots of the memory device", least=1, most=256),
        Param("slot_bytes", 1 << 30, "bytes of a slot", least=1 << 20, most=1 << 36),
        Param("order", "up", "in which slots come, and go again (with -b qemu: stack)", choices=(*ORDERS, "stack")),
        Param("dynamic", 1, "0: all of it is mapped from the start (dynamic-memslots=off)", most=1),
        Param("manager", "before", "the RamDiscardManager is set before or after mapping", choices=("before", "after")),
    ),
    rules=("v2.11.0", BEFORE, SINCE, "v11.1.0"),
    answer=answer,
    notes=notes,
    telling=(
        "listener.kvm.moved.bytes", "listener.kvm.add", "listener.kvm.del", "listener.kvm.gaps", "listener.kvm.slots",
        "listener.kvm.slots.most", "listener.vhost.add", "listener.vhost.del", "listener.vhost.gaps",
        "discard_managers.refused", "process.rss.peak",
    ),
)  # fmt: skip
def virtio_mem(p):
    """Plug slot after slot, unplug them again, while KVM and vhost listen."""
    order = ORDERS["up" if p.order == "stack" else p.order](p.slots)
    leaving = order[::-1] if p.order == "stack" else order
    memory = Slots(p.slots, p.slot_bytes, dynamic=bool(p.dynamic), manager=p.manager)
    yield Build(guest("q35", memory=512 << 20, slots=memory))
    yield Settle()
    yield Listen("memory", "kvm", KvmSlots)
    yield Listen("memory", "vhost", VhostTable)
    for cycle in range(1, p.slots + 1):
        yield ShowSlots("vmem0", tuple(sorted(order[:cycle])))
        yield Settle()
        yield Mark("plugged", cycle)
    yield Mark("built")
    for cycle in range(1, p.slots + 1):
        yield ShowSlots("vmem0", tuple(sorted(leaving[cycle:])))
        yield Settle()
        yield Mark("unplugged", cycle)
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
