"""Fixtures for tests with a real QEMU, and programs that behave as no QEMU should."""

import pytest


@pytest.fixture
def ppc64(need):
    return need("qemu-system-ppc64", "qemu-system-ppc")


@pytest.fixture
def x86_64(need):
    return need("qemu-system-x86_64", "qemu-system-x86")


@pytest.fixture
def aarch64(need):
    return need("qemu-system-aarch64", "qemu-system-arm")


@pytest.fixture
def program(tmp_path):
    """Write a shell script that stands for a broken QEMU; `$fd` is the monitor that it inherited."""

    def write(body, name="qemu-system-broken"):
        path = tmp_path / name
        path.write_text(f'#!/bin/bash\nfd=$(sed "s/.*,fd=\\([0-9]*\\).*/\\1/" <<< "$*")\n{body}\n')
        path.chmod(0o755)
        return str(path)

    return write
