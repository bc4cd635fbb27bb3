"""Rust's symbols as their names: what compilers wrote, and whatever else a file may have."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.attribution.rust_names import readable

SYMBOLS = {
    "_RNvNtNtCs84oBVal8Hga_5tools5cache5store6insert": "tools::cache::store::insert",
    "_RNvMs5_NtCscxzlFi8rOL3_5tools5cacheNtB5_5Store6insert": "tools::cache::Store::insert",
    "_RNvXs_NtCs84oBVal8Hga_5tools5cacheNtB4_5StoreNtNtCscxzlFi8rOL3_4core5clone5Clone5clone": "tools::cache::Store::clone",
    "_RINvMs2_NtCs84oBVal8Hga_5tools5cacheINtB6_5StoreNtB6_5EntryE4withReE.llvm.12": "tools::cache::Store::with",
    "_RNCNvCs84oBVal8Hga_5tools4main0B3_": "tools::main::{closure}",
    "pyo3::instance::Py$LT$T$GT$::call0::h8796669b04ab860d": "pyo3::instance::Py<T>::call0",
    "tools::_::_$LT$impl$u20$tools..cache..Store$GT$::new::h6cc6ff8cef606ded": "tools::_::<impl tools::cache::Store>::new",
}


@pytest.mark.parametrize(("symbol", "name"), SYMBOLS.items())
def test_a_symbol_of_rust_reads_as_its_path(symbol, name):
    assert readable(symbol) == name


@pytest.mark.parametrize("name", ["malloc", "_Rest", "_R", "_RNv", "_RNvB_1a", "std::vector<int>::push_back(int&&)"])
def test_any_other_name_stays_as_it_is(name):
    assert readable(name) == name


@given(st.text("NCvMXYITB_Es0159aAKRpu", max_size=60))
def test_no_symbol_is_too_strange_to_be_read(text):
    assert isinstance(readable(f"_R{text}"), str)


@pytest.mark.skipif(shutil.which("c++filt") is None, reason="binutils are not installed")
@pytest.mark.parametrize("symbol", [symbol for symbol in SYMBOLS if symbol.startswith(("_RNvN", "_RNvM"))])
def test_plain_paths_read_as_binutils_read_them(symbol):
    told = subprocess.run(["c++filt", "-s", "rust", symbol], capture_output=True, text=True, check=True).stdout.strip()
    assert readable(symbol) == re.sub(r"\[\w+\]|[<>]", "", told)  # without the hash of the crate
