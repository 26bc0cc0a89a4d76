/*
 * An addon of Node's: `dontNeed(address, bytes)` tells the kernel that the process does not need these pages now, by madvise(2); returns 0 or the error's number.
 * Pages of files come back from the file when they are touched; the caller must not name others, whose content would be lost. Node has no call for it. No libc, so
 * that it runs with any.
 *
 * Built for linux/amd64 and linux/arm64 by build.ts.
 */
typedef unsigned long u64;
typedef long s64;
typedef void *Pointer;

#define IMPORTED extern int
IMPORTED napi_create_function(Pointer env, const char *name, u64 length, Pointer callback, Pointer data, Pointer *result);
IMPORTED napi_get_cb_info(Pointer env, Pointer info, u64 *count, Pointer *arguments, Pointer *this_value, Pointer *data);
IMPORTED napi_get_value_double(Pointer env, Pointer value, double *result);
IMPORTED napi_create_int32(Pointer env, int value, Pointer *result);

enum { MADV_DONTNEED = 4, EINVAL = 22 };

#if defined(__x86_64__)
static s64 advise(u64 address, u64 bytes) {
  s64 result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(28L), "D"(address), "S"(bytes), "d"((s64)MADV_DONTNEED) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
static s64 advise(u64 address, u64 bytes) {
  register s64 x8 __asm__("x8") = 233;
  register s64 x0 __asm__("x0") = (s64)address;
  register s64 x1 __asm__("x1") = (s64)bytes;
  register s64 x2 __asm__("x2") = MADV_DONTNEED;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
#else
#error "unsupported architecture"
#endif

static Pointer dont_need(Pointer env, Pointer info) {
  Pointer arguments[2] = {0, 0};
  u64 count = 2;
  double address = 0, bytes = 0;
  Pointer result = 0;
  s64 outcome = -EINVAL;
  if (napi_get_cb_info(env, info, &count, arguments, 0, 0) == 0 && count == 2 && napi_get_value_double(env, arguments[0], &address) == 0 &&
      napi_get_value_double(env, arguments[1], &bytes) == 0 && address > 0 && bytes > 0)
    outcome = advise((u64)address, (u64)bytes);
  napi_create_int32(env, (int)-outcome, &result);
  return result;
}

/* Node calls this one by its name; what it returns are the addon's exports. */
__attribute__((visibility("default"))) Pointer napi_register_module_v1(Pointer env, Pointer exports) {
  Pointer function = exports;
  napi_create_function(env, "dontNeed", 8, (Pointer)dont_need, 0, &function);
  return function;
}
