/* Preloaded into a process: counts what malloc gives and takes, in memory shared with whoever watches.
 *
 * FOOTPRINT_HEAP_WATCH names the descriptor of that memory; its layout is that of footprint/process/heap_watch.py.
 * Counting costs two additions a call. While `tracing` is set, every block is kept with the stack that asked for it,
 * until it is freed. A fatal signal leaves its stack and the mappings there, and then does what it would have done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC 0x666f6f747072696eULL
#define FRAMES 30
#define STACKS (1u << 14)
#define BLOCKS (1u << 19)
#define MOST_BLOCKS (BLOCKS / 4 * 3)
#define MAPS (1u << 19)
#define CRASH_FRAMES 64
#define SKIPPED 2 /* our own frames */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

struct header {
    uint64_t magic, pid;
    int64_t bytes, blocks;
    uint64_t tracing, lost, kept;
    uint64_t crash_signal, crash_address, crash_count, maps_length;
    uint64_t crash_frames[CRASH_FRAMES];
};
struct stack {
    uint64_t hash, count;
    uint64_t frames[FRAMES];
};
struct block {
    uint64_t address, size, stack;
};
struct shared {
    struct header header;
    struct stack stacks[STACKS];
    struct block blocks[BLOCKS];
    char maps[MAPS];
};

static struct header before; /* counts until the shared memory is there, and in forked children */
static struct header *counts = &before;
static struct shared *shared;
static int lock;
static __thread int busy __attribute__((tls_model("initial-exec")));

static void take_lock(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
}

static void give_lock(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

/* What the block takes of the heap: glibc puts one word before it, and two before one that has a mapping of its own. */
static size_t taken(void *block)
{
    int mapped = ((size_t *)block)[-1] & 2;
    return malloc_usable_size(block) + (mapped ? 2 : 1) * sizeof(size_t);
}

static uint32_t slot_of(uint64_t address)
{
    return (uint32_t)((address >> 4) * 0x9e3779b97f4a7c15ULL >> 40) & (BLOCKS - 1);
}

static uint64_t stack_of(void **frames, int count)
{
    uint64_t hash = 1469598103934665603ULL;
    for (int n = 0; n < count; n++) {
        hash = (hash ^ (uint64_t)frames[n]) * 1099511628211ULL;
    }
    hash |= 1;
    for (uint32_t tries = 0, at = (uint32_t)(hash >> 20); tries < STACKS; tries++, at++) {
        struct stack *stack = &shared->stacks[at & (STACKS - 1)];
        if (!stack->hash) {
            stack->hash = hash;
            stack->count = (uint64_t)count;
            for (int n = 0; n < count; n++) {
                stack->frames[n] = (uint64_t)frames[n];
            }
        }
        if (stack->hash == hash) {
            return at & (STACKS - 1);
        }
    }
    return STACKS;
}

static __attribute__((noinline)) void keep(void *block, size_t size)
{
    void *frames[FRAMES + SKIPPED];
    busy = 1;
    int count = backtrace(frames, FRAMES + SKIPPED);
    int skipped = count > SKIPPED ? SKIPPED : 0;
    take_lock();
    if (shared->header.kept < MOST_BLOCKS) {
        uint64_t stack = stack_of(frames + skipped, count - skipped);
        uint32_t at = slot_of((uint64_t)block);
        while (shared->blocks[at].address) {
            at = (at + 1) & (BLOCKS - 1);
        }
        shared->blocks[at] = (struct block){ (uint64_t)block, size, stack };
        shared->header.kept++;
    } else {
        shared->header.lost++;
    }
    give_lock();
    busy = 0;
}

static void forget(void *block)
{
    take_lock();
    uint32_t at = slot_of((uint64_t)block);
    while (shared->blocks[at].address && shared->blocks[at].address != (uint64_t)block) {
        at = (at + 1) & (BLOCKS - 1);
    }
    if (shared->blocks[at].address) {
        shared->header.kept--;
        /* Close the gap: what comes after it may have wanted this slot. */
        for (uint32_t next = (at + 1) & (BLOCKS - 1); shared->blocks[next].address; next = (next + 1) & (BLOCKS - 1)) {
            uint32_t home = slot_of(shared->blocks[next].address);
            if (((next - home) & (BLOCKS - 1)) >= ((next - at) & (BLOCKS - 1))) {
                shared->blocks[at] = shared->blocks[next];
                at = next;
            }
        }
        shared->blocks[at].address = 0;
    }
    give_lock();
}

static __attribute__((noinline)) void *given(void *block)
{
    if (block) {
        size_t size = taken(block);
        __atomic_fetch_add(&counts->bytes, (int64_t)size, __ATOMIC_RELAXED);
        __atomic_fetch_add(&counts->blocks, 1, __ATOMIC_RELAXED);
        if (counts->tracing && !busy) {
            keep(block, size);
        }
    }
    return block;
}

static void returned(void *block)
{
    if (block) {
        __atomic_fetch_sub(&counts->bytes, (int64_t)taken(block), __ATOMIC_RELAXED);
        __atomic_fetch_sub(&counts->blocks, 1, __ATOMIC_RELAXED);
        if (counts->tracing && !busy) {
            forget(block);
        }
    }
}

void *malloc(size_t size)
{
    return given(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
    return given(__libc_calloc(number, size));
}

void *memalign(size_t alignment, size_t size)
{
    return given(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return given(__libc_memalign(alignment, size));
}

void *valloc(size_t size)
{
    return given(__libc_memalign((size_t)sysconf(_SC_PAGESIZE), size));
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) || !alignment || (alignment & (alignment - 1))) {
        return EINVAL;
    }
    void *block = given(__libc_memalign(alignment, size));
    if (!block) {
        return ENOMEM;
    }
    *result = block;
    return 0;
}

void free(void *block)
{
    int error = errno;
    returned(block);
    __libc_free(block);
    errno = error;
}

void *realloc(void *block, size_t size)
{
    if (!block) {
        return given(__libc_malloc(size));
    }
    if (!size) {
        free(block);
        return NULL;
    }
    size_t old = taken(block);
    /* Forgotten first: another thread may get the address before we have said that it is free. */
    returned(block);
    void *moved = __libc_realloc(block, size);
    if (moved) {
        return given(moved);
    }
    __atomic_fetch_add(&counts->bytes, (int64_t)old, __ATOMIC_RELAXED);
    __atomic_fetch_add(&counts->blocks, 1, __ATOMIC_RELAXED);
    return NULL;
}

void *reallocarray(void *block, size_t number, size_t size)
{
    size_t whole;
    if (__builtin_mul_overflow(number, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, whole);
}

/* A QEMU looks for its modules in one folder, whoever's they are; those of another build end it. */
int access(const char *path, int mode)
{
    const char *allowed = getenv("FOOTPRINT_MODULES");
    size_t length = strlen(path);
    if (allowed && length > 3 && !strcmp(path + length - 3, ".so") && strstr(path, "/qemu/") &&
        strncmp(path, allowed, strlen(allowed))) {
        errno = ENOENT;
        return -1;
    }
    return faccessat(AT_FDCWD, path, mode, 0);
}

/* Nobody wants to die without a word: a thread that blocks SIGABRT would, from glibc 2.41 on. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t less;
    if (set && how != SIG_UNBLOCK) {
        less = *set;
        sigdelset(&less, SIGABRT);
        set = &less;
    }
    return sigprocmask(how, set, old) ? errno : 0;
}

static void crashed(int number, siginfo_t *info, void *context)
{
    (void)context;
    signal(number, SIG_DFL);
    if (shared && !shared->header.crash_signal) {
        void *frames[CRASH_FRAMES];
        busy = 1;
        shared->header.tracing = 0;
        shared->header.crash_signal = (uint64_t)number;
        shared->header.crash_address = (uint64_t)info->si_addr;
        int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        ssize_t size;
        while (file >= 0 && shared->header.maps_length < MAPS &&
               (size = read(file, shared->maps + shared->header.maps_length, MAPS - shared->header.maps_length)) > 0) {
            shared->header.maps_length += (uint64_t)size;
        }
        int count = backtrace(frames, CRASH_FRAMES);
        for (int n = 0; n < count; n++) {
            shared->header.crash_frames[n] = (uint64_t)frames[n];
        }
        shared->header.crash_count = (uint64_t)count;
    }
    if (info->si_code <= 0) {
        raise(number); /* sent, not met: returning would go on */
    }
}

static void in_child(void)
{
    counts = &before;
    counts->tracing = 0;
    shared = NULL;
}

static __attribute__((constructor(101))) void attach(void)
{
    const char *text = getenv("FOOTPRINT_HEAP_WATCH");
    if (!text) {
        return;
    }
    struct shared *memory = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(text), 0);
    /* A guard runs before the program, in the same process; a helper that the program starts is none of ours. */
    if (memory == MAP_FAILED || (memory->header.pid && memory->header.pid != (uint64_t)getpid())) {
        return;
    }
    void *frames[4];
    busy = 1;
    backtrace(frames, 4); /* loads what it needs, now */
    busy = 0;
    memset(&memory->header, 0, sizeof memory->header);
    memory->header.bytes = before.bytes;
    memory->header.blocks = before.blocks;
    memory->header.pid = (uint64_t)getpid();
    memory->header.magic = MAGIC;
    shared = memory;
    counts = &memory->header;
    pthread_atfork(NULL, NULL, in_child);
    static const int fatal[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    struct sigaction action = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO };
    for (size_t n = 0; n < sizeof fatal / sizeof *fatal; n++) {
        sigaction(fatal[n], &action, NULL);
    }
}
