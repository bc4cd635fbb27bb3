"""Operation logs are read line by line, into plain data."""

import pytest

from footprint.errors import InputFileError
from footprint.qemu.oplog import Add, Del, Init, Name, NewView, Plain, Set, SpaceInit, read_log
from tests.conftest import DATA


def parse(tmp_path, text):
    path = tmp_path / "a.log"
    path.write_text(text)
    return list(read_log(path).operations)


@pytest.mark.parametrize(
    ("line", "operation"),
    [
        ("init io x#a1 size=0x10", Init(1, "io", Name("x", "a1"), 16)),
        ("init container pci@8#b.io#a1 size=0x10", Init(1, "container", Name("pci@8#b.io", "a1"), 16)),
        ("init io (null)#a1 size=0x10", Init(1, "io", Name(None, "a1"), 16)),
        (
            "init alias a of b#1 size=0x2 of c of d#2 off=0x3",
            Init(1, "alias", Name("a of b", "1"), 2, Name("c of d", "2"), 3),
        ),
        ("AS_INIT 'I/O' root=io#a1", SpaceInit(1, "I/O", Name("io", "a1"))),
        ("add a b#1 @0x20 <- c d#2", Add(1, Name("a b", "1"), 0x20, Name("c d", "2"))),
        ("add a#1 @0x20 <- c#2 prio=4294967295", Add(1, Name("a", "1"), 0x20, Name("c", "2"), -1)),
        ("del a#1 -x c#2", Del(1, Name("a", "1"), Name("c", "2"))),
        ("set_enabled ?#788 0x0", Set(1, "set_enabled", Name("?", "788"), 0)),
        ("rom_device_set_romd f.0#788 0x1", Set(1, "rom_device_set_romd", Name("f.0", "788"), 1)),
        ("commit", Plain(1, "commit")),
        ("begin", Plain(1, "begin")),
        ("  NEWVIEW", NewView(1)),
    ],
)  # fmt: skip
def test_every_kind_of_line(tmp_path, line, operation):
    assert parse(tmp_path, line + "\n") == [operation]


def test_a_dispatch_belongs_to_the_view_before_it_also_with_subpages_between(tmp_path):
    text = "  NEWVIEW\ninit io (null)#1 size=0x400\n  DISP sections=13/16 nodes=9/27\n"
    assert parse(tmp_path, text)[0] == NewView(1, (13, 16, 9, 27))


def test_a_dispatch_after_another_call_is_refused(tmp_path):
    with pytest.raises(InputFileError, match=r"a\.log:3: DISP stands without"):
        parse(tmp_path, "  NEWVIEW\nbegin\n  DISP sections=13/16 nodes=9/27\n")


def test_a_subpage_says_what_the_page_size_is():
    assert read_log(DATA / "oplogs" / "ast2600.dispatch.txt.gz").subpage_size == 1024
    assert read_log(DATA / "oplogs" / "pseries_min.txt.gz").subpage_size is None


def test_windows_line_ends_are_read_too(tmp_path):
    assert parse(tmp_path, "begin\r\ncommit\r\n") == [Plain(1, "begin"), Plain(2, "commit")]
