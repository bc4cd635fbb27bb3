"""Listeners that keep slots, beside one that looks at which slots are there and thinks for itself."""

import itertools
import json
import random

import pytest

from footprint.backends.model import ModelBackend
from footprint.errors import RequestError
from footprint.machines.generic import guest
from footprint.machines.parts import Slots
from footprint.memory.rules import rule_set
from footprint.scenario import Build, KvmSlots, Listen, ShowSlots, VhostTable

MIB = 1 << 20
MERGING, SEPARATE = "v7.2.0", "v8.2.0"


def runs_of(shown, *, merging):
    """The ranges that the slots `shown` make: (first, one after the last)."""
    if not merging:
        return {(slot, slot + 1) for slot in shown}
    ordered = sorted(shown)
    starts = [slot for slot in ordered if slot - 1 not in shown]
    ends = [slot + 1 for slot in ordered if slot + 1 not in shown]
    return set(zip(starts, ends, strict=True))


class BruteForce:
    """Counts from the sets of slots alone."""

    def __init__(self, *, merging):
        self.merging = merging
        self.before = set()
        self.counts = {"add": 0, "del": 0, "moved.bytes": 0, "gaps": 0}

    def show(self, shown):
        old, new = (runs_of(slots, merging=self.merging) for slots in (self.before, shown))
        gone = {slot for run in old - new for slot in range(*run)}
        come = {slot for run in new - old for slot in range(*run)}
        self.counts["add"] += len(new - old)
        self.counts["del"] += len(old - new)
        self.counts["moved.bytes"] += MIB * len(gone & come)
        self.counts["gaps"] += bool(gone & come)
        self.before = set(shown)


def guest_with(slots, rules=(MERGING, SEPARATE), **plan):
    backend = ModelBackend([rule_set(name) for name in rules])
    backend.obey(Build(guest("q35", slots=Slots(slots, MIB, **plan))))
    backend.obey(Listen("memory", "kvm", KvmSlots))
    backend.obey(Listen("memory", "vhost", VhostTable))
    return backend


def heard(ledger, backend, listener):
    counts = backend.heard(ledger)
    return {what: counts[f"listener.{listener}.{what}"] for what in ("add", "del", "moved.bytes", "gaps")}


def orders(slots):
    """All orders of a few slots; of many the telling ones, and some by chance."""
    if slots <= 3:
        return list(itertools.permutations(range(slots)))
    dice = random.Random(slots)
    shuffled = [dice.sample(range(slots), slots) for _ in range(3)]
    return [list(range(slots)), list(reversed(range(slots))), [*range(0, slots, 2), *range(1, slots, 2)], *shuffled]


@pytest.mark.parametrize("slots", [1, 3, 16, 64])
def test_kvm_and_vhost_hear_what_brute_force_expects_in_every_order(slots):
    for order in orders(slots):
        backend = guest_with(slots)
        expected = {MERGING: BruteForce(merging=True), SEPARATE: BruteForce(merging=False)}
        changes = [set(order[: n + 1]) for n in range(slots)] + [set(order[n + 1 :]) for n in range(slots)]
        for shown in changes:
            backend.obey(ShowSlots("vmem0", tuple(sorted(shown))))
            for ledger in backend.ledgers:
                oracle = expected[ledger.rules.name]
                oracle.show(shown)
                assert heard(ledger, backend, "kvm") == heard(ledger, backend, "vhost") == oracle.counts, order


@pytest.mark.parametrize("slots", [2, 5, 16])
def test_many_slots_in_one_request_are_one_transaction(slots):
    backend, dice = guest_with(slots), random.Random(7)
    expected = {MERGING: BruteForce(merging=True), SEPARATE: BruteForce(merging=False)}
    for _ in range(30):
        shown = {slot for slot in range(slots) if dice.random() < 0.5}
        before = [ledger.commits for ledger in backend.ledgers]
        changes = shown != expected[MERGING].before
        backend.obey(ShowSlots("vmem0", tuple(sorted(shown))))
        assert [ledger.commits - old for ledger, old in zip(backend.ledgers, before, strict=True)] == [changes] * 2
        for ledger in backend.ledgers:
            expected[ledger.rules.name].show(shown)
            assert heard(ledger, backend, "kvm") == expected[ledger.rules.name].counts


def change(backend, before, after):
    """What KVM hears, under each rule set, when the slots `before` become `after`."""
    backend.obey(ShowSlots("vmem0", before))
    old = [heard(ledger, backend, "kvm") for ledger in backend.ledgers]
    backend.obey(ShowSlots("vmem0", after))
    new = [heard(ledger, backend, "kvm") for ledger in backend.ledgers]
    return [(n["del"] - o["del"], n["add"] - o["add"]) for o, n in zip(old, new, strict=True)]


@pytest.mark.parametrize(
    ("what", "before", "after", "merging", "separate"),
    [
        ("a slot beside others", (0, 1), (0, 1, 2), (1, 1), (0, 1)),
        ("a slot that closes a gap", (0, 2), (0, 1, 2), (2, 1), (0, 1)),
        ("an end slot goes", (0, 1, 2), (0, 1), (1, 1), (1, 0)),
        ("an inner slot goes", (0, 1, 2), (0, 2), (1, 2), (1, 0)),
        ("a slot alone", (), (1,), (0, 1), (0, 1)),
    ],
)
def test_one_slot_costs_what_qemu_s_rules_say(what, before, after, merging, separate):
    assert change(guest_with(3), before, after) == [merging, separate]


def test_slots_that_do_not_merge_cost_a_slot_each():
    backend = guest_with(16)
    used = [backend.heard(ledger)["listener.kvm.slots"] for ledger in backend.ledgers]
    backend.obey(ShowSlots("vmem0", tuple(range(16))))
    now = [backend.heard(ledger)["listener.kvm.slots"] for ledger in backend.ledgers]
    assert [n - u for n, u in zip(now, used, strict=True)] == [1, 16]


def test_memory_that_is_not_dynamic_is_there_from_the_start_and_nobody_hears_of_requests():
    backend = guest_with(4, dynamic=False)
    backend.obey(ShowSlots("vmem0", (0, 1)))
    assert all(heard(ledger, backend, "kvm")["add"] == 0 for ledger in backend.ledgers)
    assert all("vmem0-memory" in [item.region.name for item in ledger.views()[0].ranges] for ledger in backend.ledgers)


def test_a_slot_that_there_is_not_is_refused():
    with pytest.raises(RequestError, match="vmem0 has slots 0 to 3, not \\[4\\]"):
        guest_with(4).obey(ShowSlots("vmem0", (4,)))


def test_a_listener_of_one_s_own_counts_in_a_scenario_of_one_s_own(footprint, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from footprint.machines.generic import guest\n"
        "from footprint.machines.parts import Slots\n"
        "from footprint.scenario import Build, KvmSlots, Listen, Mark, ShowSlots, scenario\n"
        "class Loud(KvmSlots):\n"
        "    def figures(self):\n"
        "        return {**super().figures(), 'heard': self.added + self.deleted}\n"
        "@scenario('What do I hear?', rules=('v8.2.0',))\n"
        "def mine(p):\n"
        "    yield Build(guest('pc', slots=Slots(2, 1 << 20)))\n"
        "    yield Listen('memory', 'loud', Loud)\n"
        "    yield ShowSlots('vmem0', (0, 1))\n"
        "    yield Mark('built')\n"
    )
    done = footprint("run", "./mine.py", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["runs"][0]["samples"][0]["metrics"]["listener.loud.heard"] == 2


@pytest.mark.parametrize(
    ("rules", "dynamic", "manager", "refused"),
    [
        ("v7.2.0", True, "before", 0),
        ("v7.2.0", True, "after", 1),  # through an alias
        ("v7.2.0", False, "before", 0),
        ("v7.2.0", False, "after", 1),  # directly
        ("v8.2.0", True, "after", 0),
        ("v8.2.0", False, "after", 0),
        ("v4.2.0", True, "before", 1),  # there were none
    ],
)
def test_a_discard_manager_is_set_before_mapping_or_since_8_2_anywhere(footprint, rules, dynamic, manager, refused):
    done = footprint("run", "virtio_mem", "-s", f"dynamic={int(dynamic)}", "-s", f"manager={manager}", "-s", "slots=2",
                     "-r", rules, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert {sample["metrics"]["discard_managers.refused"] for sample in run["samples"]} == {refused}


def test_the_scenario_answers_what_merging_costs_and_what_it_saves(footprint):
    answer = json.loads(footprint("run", "virtio_mem", "-s", "slots=3", "-s", "manager=after", "--json").stdout)[
        "answer"
    ]
    assert answer == (
        "3 slots of 1.00 GiB that come and go one by one make KVM hear 5 region_add and 5 region_del under v7.2.0, where "
        "they merge, and 3 and 3 under v8.2.0, where they do not. Merged, 6.00 GiB that nobody touched go out and come "
        "back, in 4 commits; unmerged, 0 B. The price is 8 slots at the most instead of 6. v7.2.0 would not let the "
        "RamDiscardManager be set on RAM that is mapped already."
    )
