/*
 * The program of the pod sandbox and of helper containers: no libc, seven uses.
 *
 *   /pause              holds the pod's namespaces: sleeps until TERM or INT, then exits 0; as PID 1 reaps whatever is orphaned to it.
 *   /pause relay PORT   connects to PORT on the pod's loopback (IPv4, then IPv6), writes one ACK byte (6) and copies stdin to the
 *                       connection and the connection to stdout, each direction closing on its own; exits 1 when nothing listens.
 *   /pause route add|del A.B.C.D/LEN
 *                       makes an IPv4 range local to the network namespace it runs in, or takes that back; exits with the kernel's error number.
 *   /pause kill PID CONTAINER
 *                       kills a process, with its group, when it belongs to that container's control group; needs the host's processes.
 *   /pause empty        removes everything inside /tree; exits 1 when something stays.
 *   /pause mount PATH OPTIONS
 *                       mounts memory (tmpfs) in the mount namespace of its parent, which is that of the engine and thus where it finds
 *                       what it binds into containers; exits with the kernel's error number. Needs the host's processes.
 *   /pause unmount PATH the opposite, there; succeeds when nothing is mounted.
 *
 * Built for linux/amd64 and linux/arm64 by build.ts.
 */
#include "no-libc.h"

enum { AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, SHUT_WR = 1 };
enum { BUFFER_BYTES = 32768 };

/* Signals are blocked and taken one by one: no handler, so nothing to race with, and as PID 1 they reach us all the same. */
static void hold(void) {
  u64 signals = SIGNAL(SIGINT) | SIGNAL(SIGTERM) | SIGNAL(SIGCHLD);
  call(SYS_sigprocmask, SIG_BLOCK, (s64)&signals, 0, SIGSET_BYTES, 0);
  for (;;) {
    s64 signal = call(SYS_sigtimedwait, (s64)&signals, 0, 0, SIGSET_BYTES, 0);
    if (signal == SIGINT || signal == SIGTERM) leave(0);
    while (call(SYS_wait4, -1, 0, WNOHANG, 0, 0) > 0) {
    }
  }
}

/* Copies until the end of input, or until the output breaks. */
static void copy(int from, int to) {
  char buffer[BUFFER_BYTES]; /* on the stack: the program needs no writable segment */
  for (;;) {
    s64 count = call(SYS_read, from, (s64)buffer, BUFFER_BYTES, 0, 0);
    if (count == -EINTR) continue;
    if (count <= 0) return;
    for (s64 done = 0; done < count;) {
      s64 written = call(SYS_write, to, (s64)(buffer + done), count - done, 0, 0);
      if (written == -EINTR) continue;
      if (written <= 0) return;
      done += written;
    }
  }
}

static int dial(int family, int port) {
  /* sockaddr_in6 is the larger: family (host order), port and address (network order). */
  unsigned char address[28] = {0};
  address[0] = (unsigned char)family;
  address[2] = (unsigned char)(port >> 8);
  address[3] = (unsigned char)port;
  if (family == AF_INET) {
    address[4] = 127;
    address[7] = 1;
  } else {
    address[23] = 1;
  }
  s64 fd = call(SYS_socket, family, SOCK_STREAM, 0, 0, 0);
  if (fd < 0) return -1;
  if (call(SYS_connect, fd, (s64)address, family == AF_INET ? 16 : 28, 0, 0) == 0) return (int)fd;
  call(SYS_close, fd, 0, 0, 0, 0);
  return -1;
}

static void relay(const char *text) {
  int port = 0;
  while (*text >= '0' && *text <= '9') port = port * 10 + (*text++ - '0');
  int fd = dial(AF_INET, port);
  if (fd < 0) fd = dial(AF_INET6, port);
  if (fd < 0) leave(1);
  char ack = 6;
  call(SYS_write, 1, (s64)&ack, 1, 0, 0);
  s64 child = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    copy(0, fd);
    call(SYS_shutdown, fd, SHUT_WR, 0, 0, 0);
    leave(0);
  }
  copy(fd, 1);
  if (child > 0) call(SYS_kill, child, SIGKILL, 0, 0, 0);
  leave(0);
}

enum { AF_NETLINK = 16, SOCK_RAW = 3, RTM_NEWROUTE = 24, RTM_DELROUTE = 25, ESRCH = 3 };

/* Reads a decimal number and leaves `text` behind the character that ended it. */
static int number(const char **text) {
  int value = 0;
  while (**text >= '0' && **text <= '9') value = value * 10 + (*(*text)++ - '0');
  if (**text != 0) (*text)++;
  return value;
}

/* One netlink request: a route of type local, scope host, in table local, through the loopback device (index 1). */
static void route(int add, const char *range) {
  struct {
    unsigned int length;
    unsigned short type, flags;
    unsigned int sequence, port;
    unsigned char family, destination_length, source_length, tos, table, protocol, scope, kind;
    unsigned int route_flags;
    unsigned short destination_size, destination_type;
    unsigned char destination[4];
    unsigned short device_size, device_type;
    unsigned int device;
  } request = {.length = 44, .flags = add ? 0x505 /* request, ack, create, replace */ : 5, .sequence = 1, .family = AF_INET, .table = 255,
               .protocol = 3, .scope = 254, .kind = 2, .destination_size = 8, .destination_type = 1, .device_size = 8, .device_type = 4, .device = 1};
  request.type = add ? RTM_NEWROUTE : RTM_DELROUTE;
  for (int i = 0; i < 4; i++) request.destination[i] = (unsigned char)number(&range);
  request.destination_length = (unsigned char)number(&range);
  s64 fd = call(SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0, 0);
  if (fd < 0) leave((int)-fd);
  s64 sent = call(SYS_write, fd, (s64)&request, request.length, 0, 0);
  if (sent < 0) leave((int)-sent);
  int answer[64];
  s64 got = call(SYS_read, fd, (s64)answer, sizeof answer, 0, 0);
  if (got < 20) leave(1);
  int error = -answer[4];
  leave(!add && error == ESRCH ? 0 : error);
}

enum { AT_REMOVEDIR = 0x200 };
/* O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, which differ between the architectures. */
#if defined(__aarch64__)
enum { DIRECTORY_FLAGS = 040000 | 0100000 | 02000000 };
#else
enum { DIRECTORY_FLAGS = 0200000 | 0400000 | 02000000 };
#endif

/* Depth first; links are removed, not followed. A folder is read again until nothing in it could be removed any more. */
static int empty(s64 folder) {
  char entries[2048];
  int left;
  for (;;) {
    int removed = 0;
    left = 0;
    for (;;) {
      s64 size = call(SYS_getdents64, folder, (s64)entries, sizeof entries, 0, 0);
      if (size <= 0) break;
      for (s64 at = 0; at < size;) {
        char *entry = entries + at;
        char *name = entry + 19;
        at += *(unsigned short *)(entry + 16);
        if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) continue;
        s64 failed = call(SYS_unlinkat, folder, (s64)name, 0, 0, 0);
        if (failed != 0) {
          s64 inner = call(SYS_openat, folder, (s64)name, DIRECTORY_FLAGS, 0, 0);
          if (inner >= 0) {
            empty(inner);
            call(SYS_close, inner, 0, 0, 0, 0);
          }
          failed = call(SYS_unlinkat, folder, (s64)name, AT_REMOVEDIR, 0, 0);
        }
        if (failed == 0) removed = 1;
        else left = 1;
      }
    }
    if (!removed) return left;
    call(SYS_lseek, folder, 0, 0, 0, 0);
  }
}

static void empty_tree(void) {
  char path[] = {'/', 't', 'r', 'e', 'e', 0}; /* on the stack, like everything here */
  s64 tree = call(SYS_openat, AT_FDCWD, (s64)path, DIRECTORY_FLAGS, 0, 0);
  leave(tree < 0 ? 1 : empty(tree));
}

/* A command of an exec leads its session, so that its children are in its group. */
static void kill_process(const char *id, const char *container) {
  char path[32] = {'/', 'p', 'r', 'o', 'c', '/'}; /* on the stack, like everything here */
  int at = 6;
  s64 pid = 0;
  for (; *id >= '0' && *id <= '9' && at < 16; id++) {
    path[at++] = *id;
    pid = pid * 10 + (*id - '0');
  }
  path[at++] = '/';
  path[at++] = 'c';
  path[at++] = 'g';
  path[at++] = 'r';
  path[at++] = 'o';
  path[at++] = 'u';
  path[at] = 'p';
  char groups[8192];
  s64 file = call(SYS_openat, AT_FDCWD, (s64)path, 0, 0, 0);
  s64 size = file < 0 ? 0 : call(SYS_read, file, (s64)groups, sizeof groups, 0, 0);
  for (s64 from = 0; pid > 1 && from < size; from++) {
    s64 same = 0;
    while (container[same] != 0 && from + same < size && groups[from + same] == container[same]) same++;
    if (same == 0 || container[same] != 0) continue;
    if (call(SYS_kill, -pid, SIGKILL, 0, 0, 0) != 0) call(SYS_kill, pid, SIGKILL, 0, 0, 0);
    leave(0);
  }
  leave(1); /* it has gone */
}

enum { CLONE_NEWNS = 0x20000, UMOUNT_NOFOLLOW = 8, EINVAL = 22, ENOENT = 2 };

/* The engine's shim is the parent of every container's first process. */
static void enter_parent(void) {
  char path[32] = {'/', 'p', 'r', 'o', 'c', '/'}; /* on the stack, like everything here */
  char digits[16];
  int count = 0, at = 6;
  for (s64 parent = call(SYS_getppid, 0, 0, 0, 0, 0); parent > 0; parent /= 10) digits[count++] = (char)('0' + parent % 10);
  while (count > 0) path[at++] = digits[--count];
  path[at++] = '/';
  path[at++] = 'n';
  path[at++] = 's';
  path[at++] = '/';
  path[at++] = 'm';
  path[at++] = 'n';
  path[at] = 't';
  s64 space = call(SYS_openat, AT_FDCWD, (s64)path, 0, 0, 0);
  if (space < 0) leave((int)-space);
  s64 entered = call(SYS_setns, space, CLONE_NEWNS, 0, 0, 0);
  if (entered < 0) leave((int)-entered);
}

static void mount_memory(const char *path, const char *options) {
  char type[] = {'t', 'm', 'p', 'f', 's', 0}; /* on the stack, like everything here */
  enter_parent();
  leave((int)-call(SYS_mount, (s64)type, (s64)path, (s64)type, 0, (s64)options));
}

static void unmount(const char *path) {
  enter_parent();
  s64 error = -call(SYS_umount2, (s64)path, UMOUNT_NOFOLLOW, 0, 0, 0);
  leave(error == EINVAL || error == ENOENT ? 0 : (int)error);
}

__attribute__((used)) void run(u64 *stack) {
  const char **arguments = (const char **)(stack + 1);
  if (stack[0] == 4 && arguments[1][0] == 'k') kill_process(arguments[2], arguments[3]);
  if (stack[0] == 4 && arguments[1][0] == 'm') mount_memory(arguments[2], arguments[3]);
  if (stack[0] == 4) route(arguments[2][0] == 'a', arguments[3]);
  if (stack[0] == 3 && arguments[1][0] == 'u') unmount(arguments[2]);
  if (stack[0] == 3) relay(arguments[2]);
  if (stack[0] == 2) empty_tree();
  hold();
}
