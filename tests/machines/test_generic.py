"""pc, q35 and virt from words: what stands where, and what is refused."""

import pytest

from footprint.errors import RequestError
from footprint.machines.generic import guest, parse_devices, parse_memory


def test_a_count_and_a_type_make_that_many_devices_in_their_order():
    assert parse_devices("2xe1000+1xnvme+0xVGA") == ("e1000", "e1000", "nvme")
    assert parse_devices("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4", ["COUNTxTYPE"]),
        ("+", ["COUNTxTYPE"]),
        ("nvme", ["COUNTxTYPE"]),
        ("axnvme", ["whole number"]),
        ("-1xnvme", ["whole number"]),
        ("2xe100", ["e100", "did you mean 'e1000'", "virtio-net-pci", "pc-dimm"]),
        ("99999xe1000", ["no place"]),
    ],
)
def test_other_words_are_refused_with_what_is_valid(text, words):
    with pytest.raises(RequestError) as refused:
        parse_devices(text)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512 << 20), ("6G", 6 << 30), ("300m", 300 << 20), (str(1 << 30), 1 << 30)]
)
def test_memory_is_read_as_qemu_reads_it_and_large_numbers_as_bytes(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "0", "5X", "-1", "300G", "12K"])
def test_memory_that_no_guest_can_have_is_refused(text):
    with pytest.raises(RequestError, match="from 1M to 255G"):
        parse_memory(text)


def places(topology):
    return [(device.bus, device.slot) for device in topology.devices if device.type != "pci-bridge"]


def test_without_bridges_each_device_takes_a_slot_of_the_root_bus_from_3_on():
    assert places(guest("pc", devices=["e1000"] * 3)) == [("pci.0", 3), ("pci.0", 4), ("pci.0", 5)]


def test_behind_n_bridges_device_i_goes_evenly_with_slots_from_1_on():
    found = places(guest("q35", devices=["e1000"] * 5, bridges=2))
    assert found == [("bridge0", 1), ("bridge0", 2), ("bridge0", 3), ("bridge1", 1), ("bridge1", 2)]


def test_memory_modules_take_no_slot():
    assert places(guest("pc", devices=["pc-dimm", "e1000"])) == [("dimms", 0), ("pci.0", 3)]


@pytest.mark.parametrize(
    ("machine", "more", "words"),
    [
        ("q35", {"devices": ["e1000"] * 29}, "29 devices find no place on the root bus of q35, which has 28"),
        ("pc", {"bridges": 30}, "30 bridges find no place"),
        ("pc", {"devices": ["e1000"] * 32, "bridges": 1}, "32 devices find no place behind 1 bridges, at most 31"),
        ("virt", {"devices": ["pc-dimm"]}, "UEFI"),
        ("virt", {"cpus": 9}, "at most 8 CPUs"),
        ("pc", {"devices": ["virtio-balloon-pci"] * 2}, "at most 1 virtio-balloon-pci"),
    ],
)
def test_what_finds_no_place_is_refused_and_says_how_many_do(machine, more, words):
    with pytest.raises(RequestError, match=words):
        guest(machine, **more)
