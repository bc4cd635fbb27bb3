"""``footprint leaks`` of devices and pairs of commands in real QEMUs."""

import json
import re
import shutil

import pytest

from footprint.errors import MeasurementError
from footprint.leaks.plan import Plan
from footprint.leaks.qemu_cycles import QemuCycles
from footprint.leaks.qemu_measure import measure_qemu
from footprint.leaks.qemu_target import QemuTarget
from footprint.machines.pseries import pseries
from tests.fixtures.real_qemu import program_of_version
from tests.leaks.qemu_rows import ROWS, SPACES, q35

RTL8139 = {"execute": "device_add", "arguments": {"driver": "rtl8139", "id": "x", "bus": "rp0"}}
GONE = {"execute": "device_del", "arguments": {"id": "x"}}
IOTHREAD = '{"execute": "object-add", "arguments": {"qom-type": "iothread", "id": "t"}}'
NO_IOTHREAD = '{"execute": "object-del", "arguments": {"id": "t"}}'


@pytest.fixture
def program(need):
    """The path of the x86 QEMU of a version."""
    return lambda version: program_of_version(version, q35(), need)


@pytest.fixture
def judged(footprint, program):
    """The exit code and the document of a verdict on a device or pair of a version."""

    def judge(version, *words):
        done = footprint("leaks", *words, "--qemu", program(version), "--json", timeout=90)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return judge


def of(document, metric):
    """What `metric` leaks per cycle; 0 where it does not."""
    return next((one["per_cycle"] for one in document["findings"] if one["metric"] == metric), 0)


def texts(document):
    """Every place."""
    return [place["text"] for one in document["findings"] for place in one["where"]]


@pytest.mark.parametrize(("version", "device", "rate", "place"), ROWS)
def test_what_a_device_leaves_is_counted_to_the_byte_and_placed(judged, version, device, rate, place):
    code, document = judged(version, f"qemu:{device}")
    assert (code, document["verdict"]) == ((1, "leak") if rate else (0, "clean"))
    assert of(document, "heap.bytes") == pytest.approx(rate, rel=0.02, abs=16)
    assert of(document, "heap.blocks") == int(of(document, "heap.blocks"))
    assert document["channels"]["heap.bytes"] == "a preloaded library"
    assert any(place in text for text in texts(document)) or not rate


def test_address_spaces_that_stay_are_named_with_their_owner(judged):
    version, device, spaces, names = SPACES
    code, document = judged(version, f"qemu:{device}")
    assert (code, of(document, "address_spaces")) == (1, spaces)
    for name in names:
        assert any(f"address space '{name}'" in text and "owner" in text for text in texts(document))


def test_without_a_compiler_gdb_reads_the_heap_and_that_is_said(judged, need, path_without, tmp_path, monkeypatch):
    need("gdb", "gdb")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    path_without("cc", "gcc", "clang")
    code, document = judged("11.1", "qemu:pcie-pci-bridge")
    assert (code, document["channels"]["heap.bytes"]) == (1, "gdb (malloc_info)")
    assert of(document, "heap.bytes") == pytest.approx(1056, abs=32)  # malloc may add 16 to each of its blocks
    assert "for the places: apt install gcc libc6-dev" in document["hints"]


def test_without_compiler_and_gdb_it_says_what_it_did_not_watch(judged, path_without, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    path_without("cc", "gcc", "clang", "gdb")
    _, document = judged("11.1", "qemu:e1000")
    assert [text.partition(":")[0] for text in document["unwatched"]] == ["heap.bytes", "flatviews"]
    assert "no C compiler is installed" in document["unwatched"][0]
    assert not shutil.which("gdb")


def test_any_pair_of_commands_is_a_cycle(judged):
    code, document = judged("11.1", "qemu", "--do", IOTHREAD, "--undo", NO_IOTHREAD)
    assert (code, document["verdict"], document["findings"]) == (0, "clean", [])


def test_reading_the_views_keeps_one_at_each_change(judged):
    do = json.dumps([RTL8139, "info mtree -f"])
    code, document = judged("11.1", "qemu", "--do", do, "--undo", json.dumps(GONE))
    assert (code, of(document, "heap.bytes")) == (1, pytest.approx(67_280, rel=0.02))
    assert any("flatview_add_to_dispatch" in text for text in texts(document))


def test_a_plug_that_aborts_is_a_verdict_with_its_words_and_its_stack(judged):
    code, document = judged("11.1", "qemu:dc390")
    assert (code, document["verdict"]) == (1, "crash")
    assert document["reason"].startswith("aborts at the 2nd plug: ")
    assert "Assertion" in document["reason"]
    assert "qdev_device_add_from_qdict" in document["stack"]


def test_a_leak_stays_the_answer_where_a_plug_at_once_ends_qemu_too(judged):
    code, document = judged("11.1", "qemu:bochs-display")
    assert (code, document["verdict"]) == (1, "leak")
    assert of(document, "heap.bytes") == pytest.approx(260, abs=16)
    assert document["reason"].startswith("aborts when it is plugged in again at once: ")
    assert "already registered" in document["reason"]
    assert document["stack"]


def test_what_was_measured_stands_where_qemu_no_longer_answers_to_plugs_at_once(program, monkeypatch):
    def hang(_):
        raise MeasurementError("QEMU does not answer")

    monkeypatch.setattr(QemuCycles, "replug_at_once", hang)  # no device is known that does this to a QEMU
    target = QemuTarget("qemu:bochs-display", program("11.1"), "q35", "bochs-display", {}, (), ())
    verdict = measure_qemu(target, Plan(), 60)
    assert (verdict.verdict, verdict.leaks[0].slope.per_cycle) == ("leak", pytest.approx(260, abs=16))
    assert "plugged in again at once: QEMU does not answer" in verdict.hints


def test_an_event_is_waited_for_that_came_before_the_wait(judged):
    before = [{"execute": "cont"}, {"execute": "stop"}, {"event": "RESUME"}]
    code, document = judged("7.2", "qemu", "--before", json.dumps(before), "--do", '"info status"')
    assert (code, document["verdict"]) == (0, "clean")


def test_a_device_that_keeps_its_backend_gets_a_new_one_in_each_cycle(judged):
    code, document = judged("11.1", "qemu:cxl-type3")
    assert (code, document["verdict"]) == (1, "leak")
    assert any("pcie_doe_init" in text for text in texts(document))


def test_a_device_whose_backend_comes_with_the_start_is_plugged_too(judged):
    code, document = judged("11.1", "qemu:virtio-9p-pci")
    assert (code, document["verdict"]) == (0, "clean")


def test_events_that_a_pseries_guest_would_read_are_no_leak(footprint, need):
    ppc64 = program_of_version("11.1", pseries(cpus=1), need)
    done = footprint("leaks", "qemu:e1000", "--qemu", ppc64, "--json", timeout=90)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "clean"), done.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["qemu:isa-serial"], 3, "Bus 'isa.0' does not support hotplugging, at the 1st plug"),
        (["qemu:nvmee"], 2, "has no device 'nvmee' (did you mean 'nvme'?)"),
        (["qemu:nvme,foo=3"], 2, "unknown property of nvme 'foo'"),
        (["qemu:nvme,foo"], 2, "'foo' is not prop=value"),
        (["qemu:"], 2, "names no device"),
        (["qemu:e1000", "--machine", "nosuch"], 3, "before its machine was built"),
        (["qemu"], 2, "needs --do JSON"),
        (["qemu", "--do", '{"exec'], 2, "--do is no JSON"),
        (["qemu", "--do", "[3]"], 2, "--do: 3 is no command"),
        (["qemu", "--do", '{"execute": "object-add", "arguments": {"qom-type": "nope", "id": "t"}}'], 3, "1st --do"),
        (["qemu", "--do", IOTHREAD], 3, "at the 2nd --do"),
        (["qemu:e1000", "--do", IOTHREAD], 2, "--do goes with leaks qemu, without a device"),
        (["qemu:e1000", "--only", "nvme"], 2, "--only goes with --all-devices"),
        (["qemu:e1000", "--against", "/nowhere/qemu"], 3, "/nowhere/qemu is not there"),
        (["qemu:isa-serial", "--against", "qemu-system-x86_64"], 3, "x86_64: qemu-system-x86_64 refuses 'device_add'"),
        (["json:loads", "--machine", "q35"], 2, "--machine goes with qemu or qemu:DEVICE"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence_and_the_promised_exit_code(footprint, x86_64, words, code, sentence):
    more = ["--qemu", x86_64] if words[0] != "json:loads" else []
    done = footprint("leaks", *words, *more)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_two_qemus_give_one_answer_with_both_rates(footprint, program, tmp_path):
    words = ["qemu:intel-hda", "--qemu", program("11.1"), "--against", program("10.0")]
    done = footprint("leaks", *words, "-o", "both.html", timeout=90)
    assert done.returncode == 0, done.stderr
    first, _, head, bytes_, *_ = done.stdout.splitlines()
    assert re.fullmatch(
        r"leaks in QEMU 10\.0\.\d+ \(107 blocks and 10 5\d\d B a cycle\), not in QEMU 11\.1\.\d+: qemu:intel-hda", first
    )
    assert re.fullmatch(r"    per cycle +QEMU 11\.1\.\d+ +QEMU 10\.0\.\d+", head)
    assert bytes_.split()[:2] == ["heap.bytes", "0"]
    assert "Does qemu:intel-hda leak in QEMU 11.1" in (tmp_path / "both.html").read_text()


def test_what_one_of_two_qemus_could_not_tell_is_not_called_nothing(footprint, program):
    words = ["qemu:bochs-display", "--qemu", program("11.1"), "--against", program("10.0"), "--json"]
    done = footprint("leaks", *words, timeout=90)
    document = json.loads(done.stdout)
    assert (done.returncode, document["comparison"], document["against"]["verdict"]) == (1, "unknown", "crash")
    assert re.search(r"QEMU 10\.0\.\d+ aborts at the 2nd plug: RAMBlock", document["answer"])
    assert {change["change"]: change["there"] for change in document["changes"]} == {"unknown": None}


def test_a_binary_that_dies_at_its_start_is_told_with_its_words(footprint, tmp_path):
    program = tmp_path / "qemu-system-x86_64"
    program.write_text("#!/bin/sh\necho this QEMU is broken >&2\nexit 4\n")
    program.chmod(0o755)
    done = footprint("leaks", "qemu:nvme", "--qemu", program)
    assert (done.returncode, done.stdout) == (3, "")
    assert "ended with 4" in done.stderr
    assert "this QEMU is broken" in done.stderr


def test_the_heap_decides_for_a_scenario_on_a_real_qemu_too(footprint, program):
    words = ["hotplug", "-s", "device=nvme", "-s", "bus_master=0", "-s", "commit=0", "-b", "qemu", "--cycles", "12"]
    done = footprint("leaks", *words, "--qemu", program("11.1"), "--json", timeout=120)
    document = json.loads(done.stdout)
    assert (done.returncode, document["verdict"]) == (1, "leak")
    assert of(document, "heap.bytes") == pytest.approx(14_350, rel=0.02)
    assert [text.partition(":")[0] for text in document["unwatched"]] == ["flatviews"]


@pytest.mark.parametrize("machine", ["pc", "virt"])
def test_a_machine_that_keeps_its_devices_is_refused_before_it_is_started(footprint, machine):
    words = ["-s", f"machine={machine}", "-s", "bus_master=0", "-s", "commit=0", "-b", "qemu"]
    done = footprint("leaks", "hotplug", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"leaks qemu:virtio-net-pci --machine {machine}" in done.stderr


def test_a_monitor_of_qemu_on_stdio_is_waited_for_and_its_errors_are_no_cycles(footprint, x86_64):
    machine = [x86_64, "-M", "none", "-S", "-display", "none", "-monitor", "stdio"]
    done = footprint("leaks", "--seconds", "8", "--line", "device_add nosuch", "--json", "--", *machine)
    assert done.returncode == 3
    assert "it answers with an error in cycle 1: Error: 'nosuch' is not a valid" in json.loads(done.stdout)["reason"]
