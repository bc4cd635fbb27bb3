"""Which allocators the libraries of a process have in them."""

import mmap
import os

import pytest

from footprint.process.allocators import allocators

SIZE = 180 << 20


@pytest.mark.parametrize("at", [20 << 20, SIZE - (8 << 20)])
def test_an_allocator_in_a_very_large_library_is_seen_before_and_behind_its_code(tmp_path, at):
    library = tmp_path / "_large.abi3.so"
    with library.open("w+b") as file:
        file.truncate(SIZE)
        file.seek(at)
        file.write(b"<jemalloc>")
        file.flush()
        with mmap.mmap(file.fileno(), 4096, access=mmap.ACCESS_READ):
            assert "jemalloc (_large.abi3.so)" in allocators(os.getpid())
