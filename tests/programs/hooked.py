"""A Unicorn engine that its own hook in Python keeps until garbage is collected."""

import unicorn
import unicorn.unicorn_const as const


def cycle():
    engine = unicorn.Uc(const.UC_ARCH_X86, const.UC_MODE_64)
    engine.mem_map(0x8000, 2 << 20)
    engine.hook_add(const.UC_HOOK_CODE, lambda *_: None)
    engine.mem_write(0x8000, b"\x90")
    engine.emu_start(0x8000, 0x8001)
