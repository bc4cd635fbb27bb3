"""Names of functions in ELF files, beside what binutils say of the same files."""

import subprocess

import pytest

from footprint.process.elf import Elf

SOURCE = """
__attribute__((noinline)) static int hidden(int x) { return x * 3 + 1; }
__attribute__((noinline)) int shown(int x) { return hidden(x) + hidden(x + 1); }
__attribute__((noinline)) int also_shown(int x) { return shown(x) - 1; }
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A library, and the same one without the names that it does not export."""
    folder = tmp_path_factory.mktemp("elf")
    (folder / "names.c").write_text(SOURCE)
    subprocess.run(["gcc", "-O1", "-fPIC", "-shared", "-o", folder / "whole.so", folder / "names.c"], check=True)
    subprocess.run(["strip", "-o", folder / "stripped.so", folder / "whole.so"], check=True)
    return folder


def symbols(path):
    """Every function of `path` with its address and size, by nm."""
    words = subprocess.run(["nm", "-S", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in words.splitlines()]
    return {row[3]: (int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4 and row[2] in "tT"}


def test_every_address_of_a_function_has_its_name(files):
    elf = Elf(files / "whole.so")
    for name, (address, size) in symbols(files / "whole.so").items():
        assert {(elf.function(at).name, elf.function(at).exact) for at in range(address, address + size)} == {
            (name, True)
        }


def test_of_a_stripped_file_the_nearest_export_is_told_as_that(files):
    functions, elf = symbols(files / "whole.so"), Elf(files / "stripped.so")
    for name in ("shown", "also_shown"):
        named = elf.function(functions[name][0] + 1)
        assert (named.name, named.exact) == (name, True)
    assert not elf.function(functions["hidden"][0]).exact


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "text").write_text("not a program, and long enough to be read as one" * 4)
    with pytest.raises(ValueError, match="no 64-bit little-endian ELF file"):
        Elf(tmp_path / "text")
