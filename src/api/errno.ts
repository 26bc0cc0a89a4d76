/**
 * Whether an error is one of the system, with this code. Also for errors of another realm: test runners such as jest
 * run programs in one of their own, in which errors of Node's modules are no instances of `Error`.
 */
export const isErrno = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;
