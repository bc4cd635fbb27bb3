"""What listeners hear, and what unmergeable slots save them.

See docs/qemu-memory.md, "Listeners", "Unmergeable memory slots".
"""

import pytest

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.listener import Counting, MemoryListener
from footprint.memory.region import FULL
from footprint.memory.rules import rule_set


class Diary(MemoryListener):
    """Writes down what it hears."""

    def __init__(self, name="", pages=None, priority=0):
        super().__init__(priority)
        self.name, self.pages = name, pages if pages is not None else []

    def begin(self):
        self.pages.append(self.name + "begin")

    def commit(self):
        self.pages.append(self.name + "commit")

    def region_add(self, item):
        self.pages.append(f"{self.name}add {item.region.name} {item.start:#x}")

    def region_del(self, item):
        self.pages.append(f"{self.name}del {item.region.name} {item.start:#x}")

    def region_nop(self, item):
        self.pages.append(f"{self.name}nop {item.region.name} {item.start:#x}")


class Machine:
    def __init__(self, rules="v8.2.0"):
        self.core = MemoryCore([rule_set(rules)])
        self.ledger = self.core.ledgers[0]
        self.system = make.container("system", FULL)
        self.memory = self.core.create_space("memory", self.system)
        self.core.add_subregion(self.system, 0, make.ram("ram", 0x1000))

    def add(self, name, addr, size=0x1000):
        part = make.io(name, size)
        self.core.add_subregion(self.system, addr, part)
        return part


def heard_by(diary, change):
    del diary.pages[:]
    change()
    return diary.pages[1:-1]


@pytest.fixture
def machine():
    return Machine()


def test_a_new_listener_hears_all_that_is_there(machine):
    diary = Diary()
    machine.ledger.listen(machine.memory, diary)
    assert diary.pages == ["begin", "add ram 0x0", "commit"]


def test_deletions_come_first_and_in_ascending_order(machine):
    a, b = machine.add("a", 0x8000), machine.add("b", 0x4000)
    diary = Diary()
    machine.ledger.listen(machine.memory, diary)

    def change():
        with machine.core.transaction():
            machine.core.del_subregion(machine.system, a)
            machine.core.del_subregion(machine.system, b)
            machine.add("c", 0x2000)

    assert heard_by(diary, change) == ["del b 0x4000", "del a 0x8000", "nop ram 0x0", "add c 0x2000"]


def test_a_range_that_changes_is_deleted_and_added(machine):
    a = machine.add("a", 0x4000)
    diary = Diary()
    machine.ledger.listen(machine.memory, diary)
    change = heard_by(diary, lambda: machine.core.set_size(a, 0x2000))
    assert change == ["del a 0x4000", "nop ram 0x0", "add a 0x4000"]


def test_a_rebuild_that_nobody_sees_is_heard_as_nothing_new(machine):
    diary = Diary()
    machine.ledger.listen(machine.memory, diary)
    bar = make.container("bar", 0x1000)
    change = heard_by(diary, lambda: machine.core.add_subregion(bar, 0, make.io("part", 0x10)))
    assert change == ["nop ram 0x0"]


def test_additions_go_by_rising_priority_and_deletions_by_falling(machine):
    pages = []
    machine.ledger.listen(machine.memory, Diary("late ", pages, priority=10))
    machine.ledger.listen(machine.memory, Diary("early ", pages, priority=1))
    del pages[:]
    a = machine.add("a", 0x4000)
    assert [page for page in pages if "add" in page] == ["early add a 0x4000", "late add a 0x4000"]
    del pages[:]
    machine.core.del_subregion(machine.system, a)
    assert [page for page in pages if "del" in page] == ["late del a 0x4000", "early del a 0x4000"]


@pytest.mark.parametrize(("rules", "expected"), [("v7.2.0", {"del": 2, "add": 1}), ("v8.2.0", {"del": 0, "add": 1})])
def test_unmergeable_slots_leave_their_neighbours_alone(rules, expected):
    """virtio-mem plugs the slot between two that are mapped: merging replaces them all, unmergeable adds one."""
    machine = Machine(rules)
    ram = make.ram("memdev", 0x300000)
    slots = [make.alias(f"memslot-{i}", ram, i * 0x100000, 0x100000) for i in range(3)]
    for i, slot in enumerate(slots):
        machine.core.set_unmergeable(slot, True)
        if i != 1:
            machine.core.add_subregion(machine.system, (1 << 30) + i * 0x100000, slot)
    counting = Counting()
    machine.ledger.listen(machine.memory, counting)
    counting.heard = dict.fromkeys(counting.heard, 0)
    machine.core.add_subregion(machine.system, (1 << 30) + 0x100000, slots[1])
    assert {word: counting.heard[word] for word in expected} == expected
