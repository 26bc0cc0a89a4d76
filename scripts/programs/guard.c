/*
 * The guard of a server: starts it, waits for its end and starts it again when it crashed. No libc: a few pages of memory.
 *
 *   guard RUNNING CRASHES PARENT PROGRAM [ARGUMENT...]
 *
 * PARENT is 0, or the pid of a server that runs already and has lost its guard: it has started this one, which waits for its end and starts the next
 * ones itself. A server that the guard has started gets the signal URG, which is ignored by default, when the guard ends.
 *
 * The server crashed when it ended by a signal or with an exit code other than 0 while the file RUNNING was there, which says that it had been ready and that
 * nobody has stopped it. Each crash adds a line to the file CRASHES:
 *
 *   {"atMs":MILLISECONDS,"pid":PID,"status":STATUS,"restartAfterMs":MILLISECONDS}
 *
 * with the status as wait(2) has it, or -1 when it was the parent, since nobody tells it; -1 ms says that the guard has given up. TERM, INT and HUP are
 * passed on to the server as TERM, followed by KILL when it has not ended in time; the guard ends with it. In all other cases, too, the guard ends as the
 * server did.
 *
 * Built for linux/amd64 and linux/arm64 by build.ts.
 */
#include "no-libc.h"

enum { CLOCK_REALTIME = 0, CLOCK_BOOTTIME = 7, F_OK = 0 };
enum { APPEND_FLAGS = 01 | 0100 | 02000 | 02000000 /* write only, create, append, close on exec */, OWNER_ONLY = 0600 };

/* The first restart is at once, the next ones wait 1, 2, 4 … 60 s. A server that ran for ten minutes starts the count anew. */
enum { MAX_CRASHES = 10, FIRST_WAIT_MS = 1000, MAX_WAIT_MS = 60000, HEALTHY_MS = 600000, STOP_MS = 20000 };

typedef struct {
  s64 seconds, nanoseconds;
} Time;

static s64 milliseconds(int clock) {
  Time time;
  call(SYS_clock_gettime, clock, (s64)&time, 0, 0, 0);
  return time.seconds * 1000 + time.nanoseconds / 1000000;
}

static char *text(char *to, const char *from) {
  while (*from != 0) *to++ = *from++;
  return to;
}

static char *decimal(char *to, s64 value) {
  char digits[20];
  int count = 0;
  if (value < 0) {
    *to++ = '-';
    value = -value;
  }
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  while (count > 0) *to++ = digits[--count];
  return to;
}

static s64 number(const char *digit) {
  s64 value = 0;
  while (*digit >= '0' && *digit <= '9') value = value * 10 + (*digit++ - '0');
  return value;
}

/* One write, so that the line is whole or not there. */
static void record(const char *file, s64 pid, int status, s64 wait_ms) {
  char line[160];
  char *end = decimal(text(line, "{\"atMs\":"), milliseconds(CLOCK_REALTIME));
  end = decimal(text(end, ",\"pid\":"), pid);
  end = decimal(text(end, ",\"status\":"), status);
  end = text(decimal(text(end, ",\"restartAfterMs\":"), wait_ms), "}\n");
  s64 fd = call(SYS_openat, AT_FDCWD, (s64)file, APPEND_FLAGS, OWNER_ONLY, 0);
  if (fd < 0) return;
  call(SYS_write, fd, (s64)line, end - line, 0, 0);
  call(SYS_close, fd, 0, 0, 0, 0);
}

static int begins_with(const char *whole, const char *start) {
  while (*start != 0)
    if (*whole++ != *start++) return 0;
  return 1;
}

/* The channel to whom started us is the first server's alone; what comes after it must not look for one. */
static void drop_channel(char **environment) {
  char **kept = environment;
  for (char **each = environment; *each != 0; each++) {
    if (begins_with(*each, "NODE_CHANNEL_FD=")) {
      call(SYS_close, number(*each + 16), 0, 0, 0, 0);
    } else if (!begins_with(*each, "NODE_CHANNEL_SERIALIZATION_MODE=")) {
      *kept++ = *each;
    }
  }
  *kept = 0;
}

static s64 start(char **command, char **environment) {
  s64 pid = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid != 0) return pid;
  u64 none = 0;
  call(SYS_prctl, PR_SET_PDEATHSIG, SIGURG, 0, 0, 0);
  call(SYS_sigprocmask, SIG_SETMASK, (s64)&none, 0, SIGSET_BYTES, 0);
  call(SYS_execve, (s64)command[0], (s64)command, (s64)environment, 0, 0);
  leave(127);
  return 0;
}

/* The status of a server that is the parent: nobody tells it. */
enum { UNKNOWN = -1 };

static int has_ended(s64 pid, int *status) {
  if (*status != UNKNOWN) return call(SYS_wait4, pid, (s64)status, WNOHANG, 0, 0) != 0;
  return call(SYS_getppid, 0, 0, 0, 0, 0) != pid;
}

/* Waits for the server's end; returns whether it was told to end. Signals are blocked and taken one by one, so none is missed. */
static int wait_for(s64 pid, int *status) {
  u64 signals = SIGNAL(SIGHUP) | SIGNAL(SIGINT) | SIGNAL(SIGTERM) | SIGNAL(SIGCHLD);
  Time limit = {STOP_MS / 1000, 0};
  int stopping = 0;
  while (!has_ended(pid, status)) {
    s64 signal = call(SYS_sigtimedwait, (s64)&signals, 0, stopping ? (s64)&limit : 0, SIGSET_BYTES, 0);
    if (signal == SIGHUP || signal == SIGINT || signal == SIGTERM) {
      stopping = 1;
      call(SYS_kill, pid, SIGTERM, 0, 0, 0);
    } else if (signal < 0 && signal != -EINTR) {
      call(SYS_kill, pid, SIGKILL, 0, 0, 0);
    }
  }
  return stopping;
}

/* Waits before a restart; ends the guard when it is told to. */
static void wait_before_restart(s64 wait_ms) {
  u64 signals = SIGNAL(SIGHUP) | SIGNAL(SIGINT) | SIGNAL(SIGTERM);
  Time time = {wait_ms / 1000, 0};
  if (call(SYS_sigtimedwait, (s64)&signals, 0, (s64)&time, SIGSET_BYTES, 0) > 0) leave(0);
}

static s64 wait_after(int crashes) {
  if (crashes >= MAX_CRASHES) return -1;
  s64 wait_ms = crashes < 2 ? 0 : FIRST_WAIT_MS << (crashes - 2);
  return wait_ms < MAX_WAIT_MS ? wait_ms : MAX_WAIT_MS;
}

__attribute__((used)) void run(u64 *stack) {
  if (stack[0] < 5) leave(64);
  char **arguments = (char **)(stack + 1);
  char **environment = arguments + stack[0] + 1;
  u64 signals = SIGNAL(SIGHUP) | SIGNAL(SIGINT) | SIGNAL(SIGTERM) | SIGNAL(SIGCHLD);
  call(SYS_sigprocmask, SIG_BLOCK, (s64)&signals, 0, SIGSET_BYTES, 0);
  s64 parent = number(arguments[3]);
  if (parent != 0) call(SYS_prctl, PR_SET_PDEATHSIG, SIGCHLD, 0, 0, 0);
  for (int crashes = 0;;) {
    s64 since = milliseconds(CLOCK_BOOTTIME);
    s64 pid = parent != 0 ? parent : start(arguments + 4, environment);
    if (pid < 0) leave(126);
    if (crashes == 0) drop_channel(environment);
    int status = parent != 0 ? UNKNOWN : 0;
    int stopped = wait_for(pid, &status);
    parent = 0;
    int code = (status & 127) != 0 ? 128 + (status & 127) : (status >> 8) & 255;
    if (stopped || status == 0 || call(SYS_faccessat, AT_FDCWD, (s64)arguments[1], F_OK, 0, 0) != 0) leave(code);
    crashes = milliseconds(CLOCK_BOOTTIME) - since < HEALTHY_MS ? crashes + 1 : 1;
    s64 wait_ms = wait_after(crashes);
    record(arguments[2], pid, status, wait_ms);
    if (wait_ms < 0) leave(code);
    wait_before_restart(wait_ms);
  }
}
