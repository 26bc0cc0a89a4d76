import { RuntimeError, type RuntimeErrorCode } from '../container-runtime.ts';

/** The errors that dockerode throws: an HTTP error of the engine, or a socket error. */
interface EngineFailure extends Error {
  readonly statusCode?: number;
  readonly json?: unknown;
  readonly code?: string;
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EACCES',
  'EPERM',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const PORT_TAKEN = /port is already allocated|address already in use|ports are not available/;
const NO_SUCH_IMAGE = /no such image|manifest unknown|manifest for .* not found|name unknown|repository .* not found|: not found$/i;
const NO_REGISTRY =
  /dial tcp|connection refused|no such host|i\/o timeout|TLS handshake|Client\.Timeout|request canceled|x509:|server gave HTTP response|unexpected EOF|status(?: code)?:? 5\d\d|5\d\d (?:Internal|Bad Gateway|Service|Gateway)/i;

/** The engine's HTTP status code in a failure; undefined when there is none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? (error as EngineFailure).statusCode : undefined;
}

/** The engine's own message, without dockerode's prefix. */
export function engineMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { json, message } = error as EngineFailure;
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') return json.message;
  return message.replace(/^\(HTTP code \d+\) .*? - /, '').trim();
}

/**
 * Turns any error of a call to the engine into a RuntimeError. `code` is used for failures without a code of their own.
 */
export function toRuntimeError(error: unknown, code: RuntimeErrorCode = 'Other'): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const message = engineMessage(error);
  return new RuntimeError(codeOf(error, message, code), explain(error, message), { cause: error });
}

function codeOf(error: unknown, message: string, fallback: RuntimeErrorCode): RuntimeErrorCode {
  if (isUnreachable(error)) return 'Unavailable';
  if (PORT_TAKEN.test(message)) return 'PortInUse';
  const status = statusOf(error);
  if (status === 404 && /no such container|no such exec/i.test(message)) return 'NotFound';
  if (status === 404 && /no such image/i.test(message)) return 'ImageNotFound';
  if (status === 400 && /invalid reference format|invalid image/i.test(message)) return 'InvalidImageName';
  return fallback;
}

/** The code of a failed pull. Source: the kubelet distinguishes ErrRegistryUnavailable from ErrImagePull. */
export function pullError(message: string, cause?: unknown): RuntimeError {
  const code = NO_REGISTRY.test(message) ? 'RegistryUnavailable' : NO_SUCH_IMAGE.test(message) ? 'ImageNotFound' : 'ImagePullFailed';
  return new RuntimeError(code, message, { cause });
}

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || statusOf(error) !== undefined) return false;
  return UNREACHABLE.has((error as EngineFailure).code ?? '') || error.message === 'socket hang up' || error.message === 'aborted';
}

function explain(error: unknown, message: string): string {
  return isUnreachable(error) ? `Cannot connect to the Docker daemon. Is the docker daemon running? (${message})` : message;
}
