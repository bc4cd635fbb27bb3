"""A real QEMU: started, asked over QMP, captured, traced, taken down."""
