/**
 * The declaration of a kubectl verb: its name, its flags, and the function that runs it. One file or folder per verb;
 * the list is in ../commands.ts.
 */
import type { FlagSpec, Flags } from './flags.ts';
import type { Session } from './session.ts';

export interface KubectlCommand {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line, as in `kubectl --help`. */
  readonly summary: string;
  /** The rest of the usage line, after the name, e.g. `(POD | TYPE/NAME) [flags] -- COMMAND [args...]`. */
  readonly usage: string;
  readonly flags?: readonly FlagSpec[];
  /** Sub-commands (`rollout status`); the first argument selects one. */
  readonly subcommands?: readonly KubectlCommand[];
  /** The exit code of failures. Default 1. */
  readonly failureCode?: number;
  /** Not listed in the help. */
  readonly hidden?: boolean;
  /**
   * Resolves with the exit code; rejects with `UsageError`, `CommandError` or `StatusError`. Absent when there are only
   * sub-commands.
   */
  run?(session: Session, flags: Flags): Promise<number>;
}

/** A failure to print as `error: …`; the default exit code is 1. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** A failure that kubectl prints without `error: ` before it; exit code 1. */
export class PlainError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PlainError';
  }
}

/** Flags that every verb takes. Source: cli-runtime pkg/genericclioptions/config_flags.go. */
export const globalFlags: readonly FlagSpec[] = [
  { name: 'kubeconfig', type: 'string', help: 'Path to the kubeconfig file to use for CLI requests.' },
  { name: 'context', type: 'string', help: 'The name of the kubeconfig context to use' },
  { name: 'cluster', type: 'string', help: 'The name of the kubeconfig cluster to use' },
  { name: 'user', type: 'string', help: 'The name of the kubeconfig user to use' },
  { name: 'namespace', short: 'n', type: 'string', help: 'If present, the namespace scope for this CLI request' },
  { name: 'server', short: 's', type: 'string', help: 'The address and port of the Kubernetes API server' },
  { name: 'token', type: 'string', help: 'Bearer token for authentication to the API server' },
  { name: 'username', type: 'string', help: 'Username for basic authentication to the API server' },
  { name: 'password', type: 'string', help: 'Password for basic authentication to the API server' },
  {
    name: 'as',
    type: 'string',
    help: 'Username to impersonate for the operation. User could be a regular user or a service account in a namespace.',
  },
  { name: 'as-uid', type: 'string', help: 'UID to impersonate for the operation.' },
  {
    name: 'as-group',
    type: 'array',
    help: 'Group to impersonate for the operation, this flag can be repeated to specify multiple groups.',
  },
  {
    name: 'as-user-extra',
    type: 'array',
    help: 'User extras to impersonate for the operation, this flag can be repeated to specify multiple values for the same key.',
  },
  { name: 'insecure-skip-tls-verify', type: 'bool', help: "If true, the server's certificate will not be checked for validity." },
  { name: 'certificate-authority', type: 'string', help: 'Path to a cert file for the certificate authority' },
  { name: 'client-certificate', type: 'string', help: 'Path to a client certificate file for TLS' },
  { name: 'client-key', type: 'string', help: 'Path to a client key file for TLS' },
  { name: 'tls-server-name', type: 'string', help: 'Server name to use for server certificate validation.' },
  {
    name: 'request-timeout',
    type: 'string',
    fallback: '0',
    help: 'The length of time to wait before giving up on a single server request.',
  },
  { name: 'cache-dir', type: 'string', help: 'Default cache directory' },
  { name: 'disable-compression', type: 'bool', help: 'If true, opt-out of response compression for all requests to the server' },
  { name: 'match-server-version', type: 'bool', help: 'Require server version to match client version' },
  {
    name: 'warnings-as-errors',
    type: 'bool',
    help: 'Treat warnings received from the server as errors and exit with a non-zero exit code',
  },
  { name: 'v', short: 'v', type: 'int', help: 'number for the log level verbosity' },
  { name: 'help', short: 'h', type: 'bool', help: 'Show help' },
];
