"""Where firmware places BARs; the addresses are those of a real pc after its firmware ran."""

from footprint.machines.placement import Placer, Window
from footprint.machines.topology import Device


def place(*devices, **buses):
    return Placer({"pci.0": devices, **buses}, memory_start=0x80000000).place("pci.0")


def test_the_largest_alignment_stands_first_below_the_interrupt_controllers():
    found = place(Device("VGA", "vga", "pci.0", 2), Device("virtio-net-pci", "nic", "pci.0", 3))
    assert found.bars["nic", 6] + 0x40000 == found.bars["vga", 6]
    assert found.bars["vga", 0] % (16 << 20) == 0
    assert found.bars["nic", 4] == found.bars["vga", 0] + (16 << 20)
    assert found.bars["nic", 0] == 0xC000


def test_the_last_bridge_gets_the_lowest_window_and_an_empty_one_keeps_room():
    bridges = [Device("pci-bridge", name, "pci.0", slot) for slot, name in enumerate(("first", "last"), 3)]
    found = place(*bridges, first=[Device("e1000", "card", "first", 1)], last=[])
    assert found.windows["last", "io"] == Window(0xC000, 0x1000)
    assert found.windows["first", "io"] == Window(0xD000, 0x1000)
    assert found.windows["last", "mem"].size == found.windows["last", "pref"].size == 2 << 20
    assert found.bars["card", 1] == 0xD000


def test_ports_run_out_with_sixteen_bridges_that_each_want_a_page_of_them():
    bridges = [Device("pci-bridge", f"b{i}", "pci.0", i) for i in range(16)]
    assert not place(*bridges, **{bridge.id: [] for bridge in bridges}).fits
    assert place(*bridges[:8], **{bridge.id: [] for bridge in bridges[:8]}).fits


def test_an_express_port_without_ports_behind_it_asks_for_none():
    port = Device("pcie-root-port", "port", "pci.0", 3)
    assert place(port, port=[Device("nvme", "disk", "port", 0)]).windows["port", "io"].size == 0
