"""The memory core: QEMU's memory API, and the books of any rule set of its history."""
