/* Loaded before the C library: each flush to disk takes SLOW_DISK_MS milliseconds, in place of what the disk of this machine
   takes. So what a server does meanwhile can be compared from machine to machine. */
#include <stdlib.h>
#include <time.h>

static int flush(void) {
  const char *text = getenv("SLOW_DISK_MS");
  long milliseconds = text ? atol(text) : 0;
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  while (nanosleep(&left, &left) != 0) {
  }
  return 0;
}

int fsync(int file) {
  (void)file;
  return flush();
}

int fdatasync(int file) {
  (void)file;
  return flush();
}
