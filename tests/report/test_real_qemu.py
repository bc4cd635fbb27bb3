"""The section of a real QEMU: what its process took, what guests share, and which binary it was."""

import re

from footprint.recording import Sample
from footprint.report.page import render
from footprint.report.real_qemu import real_qemu

from .made import metrics, recording, run

MIB = 1 << 20
PROCESS = {"process.rss": 70 * MIB, "process.uss": 40 * MIB, "process.pss": 50 * MIB, "process.rss.peak": 80 * MIB}


def real(*samples, **environment):
    of_run = run("qemu-7.2.22", samples=samples, what="QEMU 7.2.22 itself", timeline=None)
    return recording(
        of_run, backend="qemu", environment={name.replace("_", " "): text for name, text in environment.items()}
    )


def text_of(sentence):
    return sentence.replace("\u202f", " ")


def test_private_and_shared_memory_and_the_peak_are_told_and_drawn():
    section = real_qemu(real(Sample("built", 0, PROCESS)))
    assert text_of(section.lead) == (
        "QEMU 7.2.22: it has 70.0 MiB resident, 40.0 MiB to itself (57.1 %) and 30.0 MiB shared with other "
        "processes. At its most 80.0 MiB were resident."
    )
    bar = section.exhibits[0]
    assert [text_of(cell) for cell in bar.tables[0].rows[0]] == [
        "built",
        "70.0 MiB",
        "40.0 MiB",
        "50.0 MiB",
        "80.0 MiB",
    ]
    assert bar.data.rows == (("built", 0, 70 * MIB, 40 * MIB, 50 * MIB, 80 * MIB),)


def test_guests_are_stacked_private_and_shared_and_shared_memory_counts_once_together():
    together = {"guests": 3, "guests.rss": 210 * MIB, "guests.pss": 150 * MIB}
    section = real_qemu(real(Sample("built", 0, metrics(1) | PROCESS | together)))
    assert "Together they cost 150 MiB (PSS); their RSS adds up to 210 MiB." in text_of(section.lead)
    exhibit = section.exhibits[1]
    assert (
        text_of(exhibit.pictures[0].note)
        == "Shared memory counted once for each guest, and once for all: 60.0 MiB less."
    )
    assert len(re.findall("var\\(--s4\\)", exhibit.pictures[0].svg)) == 3 + 1, "shared: with each guest, and once"


def test_a_hundred_guests_are_drawn_as_fewer_and_the_bar_is_as_long():
    read = {"guests": 100, "guests.rss": 7000 * MIB, "guests.pss": 4100 * MIB}
    section = real_qemu(real(Sample("built", 0, metrics(1) | PROCESS | read)))
    svg = section.exhibits[1].pictures[0].svg
    assert "6.84 GiB" in text_of(svg)
    assert svg.count("<path") < 200


def test_of_marks_that_come_again_the_first_and_the_last_are_shown():
    cycles = [Sample(mark, n, PROCESS) for n in range(1, 21) for mark in ("plugged", "unplugged")]
    section = real_qemu(real(Sample("built", 0, PROCESS), *cycles))
    marks = [row[0] for row in section.exhibits[0].tables[0].rows]
    assert marks == ["built", "plugged 1", "unplugged 1", "plugged 20", "unplugged 20"]


def test_binary_version_and_command_line_are_told_and_a_long_one_is_folded():
    words = "qemu-system-ppc64 " + "-device virtio-net-pci " * 20
    made = real(Sample("built", 0, PROCESS), QEMU="/usr/bin/q", QEMU_version="7.2.22", QEMU_command_line=words)
    first, long = real_qemu(made).exhibits[-1].tables
    assert first.rows == (("binary", "/usr/bin/q"), ("version", "7.2.22"))
    assert (long.folded, long.rows) == (True, (("command line", words),))
    assert "The process" in render([made])


def test_a_model_and_what_was_not_measured_have_no_such_section():
    assert real_qemu(recording(run())) is None
    assert real_qemu(real(Sample("built", 0, metrics(1)))) is None
    assert real_qemu(recording(backend="qemu")) is None
