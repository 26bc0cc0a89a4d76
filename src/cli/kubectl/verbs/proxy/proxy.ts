/** `kubectl proxy`: a local HTTP server in front of the API. Source: kubectl pkg/cmd/proxy/proxy.go. */
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { ApiProxy, type ApiProxyOptions, type ListenAt } from './api-proxy.ts';

const defaultPort = '8001';
const defaults = {
  acceptHosts: '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
  acceptPaths: '^.*',
  rejectPaths: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
  rejectMethods: '^$',
} as const;

const patterns = (text: string): readonly RegExp[] => text.split(',').map((pattern) => new RegExp(pattern));

/** Makes the filter that decides whether a request is allowed. */
function filterOf(flags: Flags): ApiProxyOptions['allowed'] {
  const [hosts, paths, noPaths, noMethods] = ['accept-hosts', 'accept-paths', 'reject-paths', 'reject-methods'].map((name) =>
    patterns(flags.string(name)),
  );
  const matches = (list: readonly RegExp[] | undefined, text: string): boolean => list?.some((pattern) => pattern.test(text)) === true;
  return ({ host, method, path }) => {
    if (matches(noPaths, path) || matches(noMethods, method)) return false;
    return matches(hosts, host) && matches(paths, path);
  };
}

const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`);

function optionsOf(session: Session, flags: Flags): ApiProxyOptions {
  const { server: address } = session.config;
  const server = new URL(address.includes('://') ? address : `https://${address}`);
  const appendServerPath = flags.bool('append-server-path');
  const { pathname } = server;
  if (!appendServerPath && pathname !== '/') {
    session.err(
      `Your kube context contains a server path ${pathname}, use --append-server-path to automatically append the path to each request\n`,
    );
  }
  const folder = flags.string('www');
  const { accept: _accept, ...credentials } = session.transport.headers({});
  return {
    ...{ server, appendServerPath, credentials, tls: session.transport.tlsOptions() },
    prefix: withSlash(flags.string('api-prefix')),
    files: folder === '' ? undefined : { folder, prefix: withSlash(flags.string('www-prefix')) },
    allowed: flags.bool('disable-filter') ? () => true : filterOf(flags),
  };
}

function listenAt(flags: Flags): ListenAt {
  const socket = flags.string('unix-socket');
  if (socket === '') return { host: flags.string('address'), port: flags.int('port') };
  if (flags.string('port') !== defaultPort) throw new CommandError('cannot set --unix-socket and --port at the same time');
  return { socket };
}

/** As Go says why it cannot listen. */
function listenError(at: ListenAt, error: unknown): CommandError {
  const where = 'socket' in at ? `unix ${at.socket}` : `tcp ${at.host}:${at.port}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const known: Readonly<Record<string, string>> = {
    EADDRINUSE: 'bind: address already in use',
    EACCES: 'bind: permission denied',
    EADDRNOTAVAIL: 'bind: cannot assign requested address',
    ENOENT: 'bind: no such file or directory',
  };
  return new CommandError(`listen ${where}: ${known[String(code)] ?? (error instanceof Error ? error.message : String(error))}`);
}

export const proxy: KubectlCommand = {
  name: 'proxy',
  summary: 'Run a proxy to the Kubernetes API server',
  usage: '[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]',
  flags: [
    {
      name: 'port',
      short: 'p',
      type: 'int',
      fallback: defaultPort,
      help: 'The port on which to run the proxy. Set to 0 to pick a random port.',
    },
    { name: 'address', type: 'string', fallback: '127.0.0.1', help: 'The IP address on which to serve on.' },
    { name: 'unix-socket', short: 'u', type: 'string', help: 'Unix socket on which to run the proxy.' },
    { name: 'www', short: 'w', type: 'string', help: 'Also serve static files from the given directory under the specified prefix.' },
    {
      name: 'www-prefix',
      short: 'P',
      type: 'string',
      fallback: '/static/',
      help: 'Prefix to serve static files under, if static file directory is specified.',
    },
    { name: 'api-prefix', type: 'string', fallback: '/', help: 'Prefix to serve the proxied API under.' },
    {
      name: 'accept-hosts',
      type: 'string',
      fallback: defaults.acceptHosts,
      help: 'Regular expression for hosts that the proxy should accept.',
    },
    {
      name: 'accept-paths',
      type: 'string',
      fallback: defaults.acceptPaths,
      help: 'Regular expression for paths that the proxy should accept.',
    },
    {
      name: 'reject-paths',
      type: 'string',
      fallback: defaults.rejectPaths,
      help: 'Regular expression for paths that the proxy should reject.',
    },
    {
      name: 'reject-methods',
      type: 'string',
      fallback: defaults.rejectMethods,
      help: 'Regular expression for HTTP methods that the proxy should reject.',
    },
    {
      name: 'append-server-path',
      type: 'bool',
      help: 'If true, enables automatic path appending of the kube context server path to each request.',
    },
    { name: 'disable-filter', type: 'bool', help: 'If true, disable request filtering in the proxy.' },
    {
      name: 'keepalive',
      type: 'duration',
      fallback: '0s',
      help: 'keepalive specifies the keep-alive period for an active network connection.',
    },
  ],
  run: async (session, flags) => {
    const at = listenAt(flags);
    const proxying = new ApiProxy(optionsOf(session, flags));
    try {
      session.out(`Starting to serve on ${await proxying.listen(at)}\n`);
    } catch (error) {
      throw listenError(at, error);
    }
    if (!session.signal.aborted) await new Promise((resolve) => session.signal.addEventListener('abort', resolve, { once: true }));
    proxying.close();
    return 0;
  },
};
