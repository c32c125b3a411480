/*
 * A disk for tests, to be loaded into a process with LD_PRELOAD. It stands in front of fsync and fdatasync, and does
 * what the environment says:
 *
 *   DISK_KEEP=/path/to/issuant.db
 *       Each time the database or its -wal file is synchronised, the bytes that it has then are kept beside it, in a
 *       file with the suffix .synced. Whoever kills the process and puts those copies back has what a power cut would
 *       have left, had the disk written nothing that it was not told to.
 *
 *   DISK_DELAY_MS=8
 *       Each synchronisation of any file takes so much longer, as on a slow disk.
 *
 * Build: cc -shared -fPIC -O2 -o disk.so disk.c -ldl -lpthread
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A copy that cannot be made must not look like a write that was lost. */
static void give_up(const char *during)
{
    perror(during);
    abort();
}

/* Whether the file is the database or its log; then its path is in `path`. */
static int is_kept(int fd, char path[PATH_MAX])
{
    const char *database = getenv("DISK_KEEP");
    char link[64];
    ssize_t length;
    size_t own;

    if (database == NULL)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    own = strlen(database);
    return strncmp(path, database, own) == 0 && (path[own] == '\0' || strcmp(path + own, "-wal") == 0);
}

/*
 * Reads through the descriptor that is synchronised. To open the file once more and close it again would drop the
 * locks of the whole process on it (POSIX advisory locks), and with them what keeps other processes out.
 */
static void keep(int fd, const char *path)
{
    static char buffer[1 << 18];
    char temporary[PATH_MAX + 16], kept[PATH_MAX + 16];
    off_t offset = 0;
    ssize_t length;
    int to;

    snprintf(temporary, sizeof temporary, "%s.syncing", path);
    snprintf(kept, sizeof kept, "%s.synced", path);
    to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to < 0)
        give_up(temporary);
    while ((length = pread(fd, buffer, sizeof buffer, offset)) > 0) {
        if (write(to, buffer, (size_t)length) != length)
            give_up(temporary);
        offset += length;
    }
    if (length < 0 || close(to) != 0 || rename(temporary, kept) != 0)
        give_up(kept);
}

static int synchronise(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *delay = getenv("DISK_DELAY_MS");
    char path[PATH_MAX];
    int outcome, error;

    if (real == NULL) {
        errno = ENOSYS;
        give_up(name);
    }
    outcome = real(fd);
    error = errno;
    if (delay != NULL) {
        long milliseconds = atol(delay);
        struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        nanosleep(&time, NULL);
    }
    /* Before the caller hears of it: it may acknowledge at once, and be killed at once. */
    if (outcome == 0 && is_kept(fd, path)) {
        pthread_mutex_lock(&lock);
        keep(fd, path);
        pthread_mutex_unlock(&lock);
    }
    errno = error;
    return outcome;
}

int fsync(int fd)
{
    return synchronise("fsync", fd);
}

int fdatasync(int fd)
{
    return synchronise("fdatasync", fd);
}
