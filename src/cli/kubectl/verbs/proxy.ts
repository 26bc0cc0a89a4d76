/**
 * `kubectl proxy`: a local HTTP server in front of the API. Source: kubectl pkg/cmd/proxy/proxy.go,
 * pkg/proxy/proxy_server.go.
 */
import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join, normalize } from 'node:path';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';

const defaults = {
  acceptHosts: '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
  acceptPaths: '^.*',
  rejectPaths: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
  rejectMethods: '^$',
} as const;

const patterns = (text: string): readonly RegExp[] => text.split(',').map((pattern) => new RegExp(pattern));

/** Makes the filter that decides whether a request is allowed. */
function filterOf(flags: Flags): (request: IncomingMessage) => boolean {
  const [hosts, paths, noPaths, noMethods] = ['accept-hosts', 'accept-paths', 'reject-paths', 'reject-methods'].map((name) =>
    patterns(flags.string(name)),
  );
  const matches = (list: readonly RegExp[] | undefined, text: string): boolean => list?.some((pattern) => pattern.test(text)) === true;
  return ({ headers, method = 'GET', url = '/' }) => {
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    const path = url.split('?')[0] ?? '/';
    if (matches(noPaths, path) || matches(noMethods, method)) return false;
    return matches(hosts, host) && matches(paths, path);
  };
}

class ApiProxy {
  readonly #session: Session;
  readonly #base: URL;
  readonly #prefix: string;
  readonly #allowed: (request: IncomingMessage) => boolean;

  constructor(session: Session) {
    this.#session = session;
    const { server } = session.config;
    this.#base = new URL(server.includes('://') ? server : `https://${server}`);
    this.#prefix = session.flags.string('api-prefix').replace(/\/?$/, '/');
    this.#allowed = session.flags.bool('disable-filter') ? () => true : filterOf(session.flags);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#allowed(request)) {
      response.writeHead(403).end('Forbidden');
      return;
    }
    const { url = '/' } = request;
    if (this.#serveFile(url, response)) return;
    if (!url.startsWith(this.#prefix)) {
      response.writeHead(404).end('404 page not found\n');
      return;
    }
    this.#forward(request, `/${url.slice(this.#prefix.length)}`, response);
  }

  #serveFile(url: string, response: ServerResponse): boolean {
    const folder = this.#session.flags.string('www');
    const prefix = this.#session.flags.string('www-prefix');
    if (folder === '' || !url.startsWith(prefix)) return false;
    const path = join(folder, normalize(`/${decodeURIComponent(url.slice(prefix.length).split('?')[0] ?? '')}`));
    readFile(path).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end('404 page not found\n'),
    );
    return true;
  }

  #forward(request: IncomingMessage, path: string, response: ServerResponse): void {
    const { host: _host, connection: _connection, authorization: _authorization, ...headers } = request.headers;
    const { accept: _accept, ...credentials } = this.#session.transport.headers({});
    const options = {
      method: request.method ?? 'GET',
      hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port,
      path: `${this.#base.pathname.replace(/\/$/, '')}${path}`,
      headers: { ...headers, ...credentials, ...(headers['user-agent'] === undefined ? {} : { 'user-agent': headers['user-agent'] }) },
      ...this.#session.transport.tlsOptions(),
    };
    const upstream = (this.#base.protocol === 'http:' ? httpRequest : httpsRequest)(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end(`${error.message}\n`);
    });
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  }
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
      fallback: '8001',
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
    { name: 'disable-filter', type: 'bool', help: 'If true, disable request filtering in the proxy.' },
    {
      name: 'keepalive',
      type: 'duration',
      fallback: '0s',
      help: 'keepalive specifies the keep-alive period for an active network connection.',
    },
  ],
  run: async (session, flags) => {
    const apiProxy = new ApiProxy(session);
    const server = createServer((request, response) => apiProxy.handle(request, response));
    const socket = flags.string('unix-socket');
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new CommandError(`listen tcp ${flags.string('address')}:${flags.string('port')}: ${error.message}`)),
      );
      if (socket === '') server.listen(flags.int('port'), flags.string('address'), resolve);
      else server.listen(socket, resolve);
    });
    const address = server.address();
    session.out(
      `Starting to serve on ${typeof address === 'object' && address !== null ? `${address.address}:${address.port}` : socket}\n`,
    );
    await new Promise<void>((resolve) => session.signal.addEventListener('abort', () => resolve(), { once: true }));
    server.closeAllConnections();
    server.close();
    return 0;
  },
};
