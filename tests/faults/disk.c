// Preloaded into a process: lets the n-th call that changes files below a directory fail, fall short, or be its last.
// Armed by `disk_fault`; until then, and for all other files, every call goes through unchanged.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KILL = 1, KILL_HALF, KILL_AFTER, FULL, BROKEN, SHORT };

// What the process that armed it reads, also once this one is gone: a mapping that both share.
struct told {
    atomic_long struck;  // where in `text` the call that was chosen ends; 0 while it hasn't come
    atomic_long used;    // bytes of `text`
    char text[];         // "operation path\n" of each call, the path below the directory
};

static char below[PATH_MAX], wanted[PATH_MAX];
static size_t length;
static int kind, begun;
static long number;
static atomic_long met;
static struct told *told;
static long room;

// `what`: one of the kinds above, 0 only counts. `at`: which call, from 1, of those whose line has `part` in it.
// `shared` has `size` bytes.
void disk_fault(const char *directory, int what, const char *part, long at, void *shared, long size) {
    strncpy(below, directory, sizeof below - 1);
    strncpy(wanted, part, sizeof wanted - 1);
    kind = what, number = at, told = shared, room = size - (long)sizeof *told;
    length = strlen(below);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Writes a call down; says whether it is of those that are counted.
static int note(const char *operation, const char *path) {
    char line[PATH_MAX + 32];
    int n = snprintf(line, sizeof line, "%s %s\n", operation, path + length);
    long start = atomic_fetch_add(&told->used, n);
    if (start + n <= room) memcpy(told->text + start, line, n);
    return strstr(line, wanted) != NULL;
}

// What to do to a call: 0 lets it through, -1 has it fail with errno, otherwise KILL_HALF, KILL_AFTER or SHORT.
// `grows`: whether it takes space on the disk, which stays full.
static int verdict(const char *operation, const char *path, int grows) {
    if (!length || strncmp(path, below, length)) return 0;
    int counts = note(operation, path);
    if (begun) {
        if (!grows || (kind != FULL && kind != SHORT)) return 0;
        errno = ENOSPC;
        return -1;
    }
    if (!kind || !counts || atomic_fetch_add(&met, 1) + 1 != number) return 0;
    begun = 1;
    atomic_store(&told->struck, atomic_load(&told->used));
    if (kind == KILL) die();
    if (kind == FULL || kind == BROKEN) {
        errno = kind == FULL ? ENOSPC : EIO;
        return -1;
    }
    if (kind == SHORT && strcmp(operation, "write")) {  // there is no half of it
        errno = ENOSPC;
        return -1;
    }
    return kind;
}

static int verdict_of(const char *operation, int file, int grows) {
    if (!length) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return verdict(operation, path, grows);
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define AFTER(call) do { __typeof__(call) done = (call); if (fate == KILL_AFTER || fate == KILL_HALF) die(); return done; } while (0)

#define WRITE(name, parameters, whole, half) \
    ssize_t name parameters { \
        REAL(name); \
        int fate = verdict_of("write", file, 1); \
        if (fate < 0) return -1; \
        if (fate == SHORT) return half; \
        if (fate == KILL_HALF) { (void)!half; die(); } \
        AFTER(whole); \
    }

WRITE(write, (int file, const void *data, size_t size), real(file, data, size), real(file, data, (size + 1) / 2))
WRITE(pwrite, (int file, const void *data, size_t size, off_t at), real(file, data, size, at), real(file, data, (size + 1) / 2, at))
WRITE(pwrite64, (int file, const void *data, size_t size, off64_t at), real(file, data, size, at), real(file, data, (size + 1) / 2, at))

#define CHANGE(name, parameters, fate_, call) \
    int name parameters { \
        REAL(name); \
        int fate = fate_; \
        if (fate < 0) return -1; \
        AFTER(call); \
    }

CHANGE(fsync, (int file), verdict_of("sync", file, 0), real(file))
CHANGE(fdatasync, (int file), verdict_of("sync", file, 0), real(file))
CHANGE(ftruncate, (int file, off_t size), verdict_of("truncate", file, 0), real(file, size))
CHANGE(ftruncate64, (int file, off64_t size), verdict_of("truncate", file, 0), real(file, size))
CHANGE(rename, (const char *from, const char *to), verdict("rename", to, 0), real(from, to))
CHANGE(unlink, (const char *path), verdict("unlink", path, 0), real(path))
CHANGE(mkdir, (const char *path, mode_t mode), verdict("mkdir", path, 1), real(path, mode))

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        int fate = flags & O_CREAT ? verdict("create", path, access(path, F_OK) != 0) : 0; \
        if (fate < 0) return -1; \
        AFTER(real(path, flags, mode)); \
    }

OPEN(open)
OPEN(open64)
