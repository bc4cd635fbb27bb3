"""Where the devices of a pseries guest stand."""

from collections import Counter

import pytest

from footprint.errors import RequestError
from footprint.machines.pseries import pseries
from footprint.machines.topology import Device, Topology


def cards(topology):
    return [device for device in topology.devices if device.type == "virtio-net-pci"]


def test_the_command_line_has_vga_controllers_bridges_cards_in_this_order():
    topology = pseries(cpus=1, nics=3, bridges=1, vga=True, ohci=1, scsi=1)
    assert [device.type for device in topology.devices] == [
        "VGA", "pci-ohci", "virtio-scsi-pci", "pci-bridge", *["virtio-net-pci"] * 3,
    ]  # fmt: skip


def test_bridges_take_eight_functions_a_slot_from_slot_two():
    places = [(bridge.slot, bridge.function) for bridge in pseries(cpus=1, bridges=10).bridges]
    assert places == [(2, n) for n in range(8)] + [(3, 0), (3, 1)]


def test_cards_go_seven_to_a_bridge_in_order():
    counts = Counter(card.bus for card in cards(pseries(cpus=1, nics=16, bridges=4)))
    assert counts == {"bridge0": 7, "bridge1": 7, "bridge2": 2}


def test_more_cards_than_seven_to_a_bridge_are_spread_evenly():
    counts = Counter(card.bus for card in cards(pseries(cpus=1, nics=255, bridges=31)))
    assert len(counts) == 31
    assert set(counts.values()) == {8, 9}


def test_slot_zero_behind_a_bridge_is_the_hot_plug_controllers():
    slots = [card.slot for card in cards(pseries(cpus=1, nics=31, bridges=1))]
    assert slots == list(range(1, 32))


def test_controllers_take_the_next_free_slots_after_the_bridges():
    topology = pseries(cpus=1, bridges=40, ohci=1, scsi=1)
    slots = {device.type: device.slot for device in topology.devices if device.type != "pci-bridge"}
    assert slots == {"pci-ohci": 7, "virtio-scsi-pci": 8}


def test_without_bridges_cards_stand_on_the_root_bus_one_a_slot():
    assert [(card.bus, card.slot) for card in cards(pseries(cpus=1, nics=3))] == [("pci.0", n) for n in (2, 3, 4)]


def test_several_host_bridges_share_the_bridges_evenly_and_in_order():
    topology = pseries(cpus=1, nics=4080, bridges=640, ohci=1, scsi=1, host_bridges=3)
    assert Counter(bridge.bus for bridge in topology.bridges) == {"pci.0": 214, "phb1.0": 213, "phb2.0": 213}
    assert [bridge.bus for bridge in topology.bridges] == sorted(bridge.bus for bridge in topology.bridges)
    assert len(cards(topology)) == 4080


def test_cards_without_bridges_stand_on_every_root_bus():
    places = [(card.bus, card.slot) for card in cards(pseries(cpus=1, nics=5, host_bridges=2))]
    assert places == [("pci.0", 2), ("pci.0", 3), ("pci.0", 4), ("phb1.0", 2), ("phb1.0", 3)]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"nics": 32, "bridges": 1}, "32 cards find no place behind 1 bridge: at most 31"),
        ({"nics": 63, "bridges": 2}, "at most 62"),
        ({"nics": 31}, "31 cards and 0 controllers need 31 slots"),
        ({"bridges": 241}, "241 bridges find no place"),
        ({"bridges": 240, "ohci": 1}, "240 bridges and 1 controllers"),
    ],
)
def test_what_finds_no_place_is_refused_with_what_would_fit(wish, words):
    with pytest.raises(RequestError, match=words):
        pseries(cpus=1, **wish)


def test_two_devices_in_one_place_are_refused():
    with pytest.raises(RequestError, match=r"b and a both stand at slot 0x2\.0 of pci\.0"):
        Topology("pseries", 1, 1 << 30, (Device("e1000", "a", "pci.0", 2), Device("e1000", "b", "pci.0", 2)))
