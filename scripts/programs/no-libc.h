/* What the programs have in place of a libc: system calls, and the entry point, which calls `run` with the stack as the kernel left it. */
typedef unsigned long u64;
typedef long s64;

#if defined(__x86_64__)
enum { SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_lseek = 8, SYS_sigprocmask = 14, SYS_socket = 41, SYS_connect = 42,
       SYS_shutdown = 48, SYS_clone = 56, SYS_execve = 59, SYS_exit = 60, SYS_wait4 = 61, SYS_kill = 62, SYS_sigtimedwait = 128,
       SYS_getppid = 110, SYS_prctl = 157, SYS_mount = 165, SYS_umount2 = 166, SYS_getdents64 = 217, SYS_clock_gettime = 228, SYS_openat = 257,
       SYS_unlinkat = 263, SYS_faccessat = 269, SYS_setns = 308 };

static s64 call(s64 number, s64 a, s64 b, s64 c, s64 d, s64 e) {
  s64 result;
  register s64 r10 __asm__("r10") = d;
  register s64 r8 __asm__("r8") = e;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return result;
}

__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call run\n");
#elif defined(__aarch64__)
enum { SYS_unlinkat = 35, SYS_umount2 = 39, SYS_mount = 40, SYS_faccessat = 48, SYS_openat = 56, SYS_close = 57, SYS_getdents64 = 61, SYS_lseek = 62, SYS_read = 63,
       SYS_write = 64, SYS_exit = 93, SYS_clock_gettime = 113, SYS_kill = 129, SYS_sigprocmask = 135, SYS_sigtimedwait = 137,
       SYS_prctl = 167, SYS_getppid = 173, SYS_socket = 198, SYS_connect = 203, SYS_shutdown = 210, SYS_clone = 220, SYS_execve = 221,
       SYS_wait4 = 260, SYS_setns = 268 };

static s64 call(s64 number, s64 a, s64 b, s64 c, s64 d, s64 e) {
  register s64 x8 __asm__("x8") = number;
  register s64 x0 __asm__("x0") = a;
  register s64 x1 __asm__("x1") = b;
  register s64 x2 __asm__("x2") = c;
  register s64 x3 __asm__("x3") = d;
  register s64 x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}

__asm__(".globl _start\n_start:\n  mov x29, xzr\n  mov x0, sp\n  bl run\n");
#else
#error "unsupported architecture"
#endif

enum { SIGHUP = 1, SIGINT = 2, SIGKILL = 9, SIGTERM = 15, SIGCHLD = 17, SIGURG = 23, WNOHANG = 1, EINTR = 4, AT_FDCWD = -100 };
enum { PR_SET_PDEATHSIG = 1, SIG_BLOCK = 0, SIG_SETMASK = 2, SIGSET_BYTES = 8 };

#define SIGNAL(number) (1UL << ((number) - 1))

static void leave(int code) {
  for (;;) call(SYS_exit, code, 0, 0, 0, 0);
}
