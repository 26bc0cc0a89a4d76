/**
 * A kubelet's own HTTPS port, which programs that scrape nodes read: the same answers as through
 * `nodes/{name}/proxy`, for those whom the kubelet lets in itself. What the API server alone asks of a kubelet (exec,
 * attach, port-forward) is not served here. Source: pkg/kubelet/server/{auth,server}.go.
 */
import { createServer, type Socket } from 'node:net';
import type { UserInfo } from '../registry/registry.ts';
import type { Answer } from './answer.ts';
import type { App } from './app.ts';
import { authenticate, PeerCertificates } from './auth/authenticate.ts';
import { anonymousUser, Exchange } from './exchange.ts';
import { askKubelet, decodedPath } from './proxy/node-proxy.ts';
import { respondText } from './respond.ts';
import { Connections, type ListenAddress, listen, type SecureServer, type Site, secureServer } from './secure-server.ts';
import { toStatusError } from './status.ts';

export interface KubeletPortOptions extends Pick<Site, 'caCertificate' | 'headersMs'> {
  /** The node's name. */
  readonly node: string;
  readonly address: ListenAddress;
  /** Key and certificate of the node; called when somebody connects for the first time. */
  serving(): Site['serving'];
}

export interface KubeletPort {
  /** The port that it listens on. */
  readonly port: number;
  /** Stops listening, and ends all connections. */
  close(): Promise<void>;
}

/** Sub-resources of `nodes` beside `proxy` that let somebody read a path: first what upstream asks first. */
const finePaths: readonly (readonly [path: string, subresource: string])[] = [
  ['/pods', 'pods'],
  ['/healthz', 'healthz'],
  ['/configz', 'configz'],
  ['/runningpods', 'pods'],
];
/** Those that let somebody read a path in place of `proxy`. */
const ownPaths: readonly (readonly [path: string, subresource: string])[] = [
  ['/stats', 'stats'],
  ['/metrics', 'metrics'],
  ['/logs', 'log'],
  ['/checkpoint', 'checkpoint'],
  ['/statusz', 'statusz'],
  ['/flagz', 'configz'],
];

const verbs: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** The sub-resources of which one must be allowed. Source: auth.go (GetRequestAttributes). */
export function subresourcesFor(path: string): readonly string[] {
  const among = (list: typeof finePaths): string | undefined => list.find(([root]) => path === root || path.startsWith(`${root}/`))?.[1];
  const [fine, own] = [among(finePaths), among(ownPaths)];
  return [...(fine === undefined ? [] : [fine]), own ?? 'proxy'];
}

/** Listens. Rejects when it cannot. Nothing but the socket is made until somebody connects. */
export async function openKubeletPort(app: App, options: KubeletPortOptions): Promise<KubeletPort> {
  const { server } = app;
  const { node, address, caCertificate, headersMs, serving } = options;
  const certificates = new PeerCertificates(server.clock);
  const handle: Site['handle'] = async (request, bindings) => {
    const exchange = new Exchange(request, bindings, server.monotonicMs());
    try {
      return await answer(app, exchange, certificates, node);
    } catch (error) {
      const { method, path } = exchange;
      const { code, message } = toStatusError(error, server.logger, { method, path, node });
      return respondText(exchange, code, code === 401 ? 'Unauthorized' : `${message}\n`);
    }
  };
  const makeSecure = (): SecureServer => {
    const made = secureServer({ caCertificate, headersMs, serving: serving(), logger: server.logger, handle }, new Connections());
    // It is handed its connections and never listens, which is when Node begins to limit how long requests take.
    made.emit('listening');
    return made;
  };
  let secure: SecureServer | undefined;
  const open = new Set<Socket>();
  const front = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      secure ??= makeSecure();
      secure.emit('connection', socket);
    } catch (error) {
      server.logger.error('A connection was ended: the kubelet cannot serve it', { node, error });
      socket.destroy();
    }
  });
  return {
    port: await listen(front, address),
    close: async () => {
      const closed = new Promise((resolve) => front.close(resolve));
      for (const socket of open) socket.destroy();
      secure?.close();
      await closed;
    },
  };
}

async function answer(app: App, exchange: Exchange, certificates: PeerCertificates, node: string): Promise<Answer> {
  const { server } = app;
  exchange.user = await authenticate(exchange, server.authenticators, certificates.of(exchange));
  if (exchange.user === anonymousUser) return respondText(exchange, 401, 'Unauthorized');
  const path = decodedPath(exchange.path);
  const subresources = subresourcesFor(path);
  const verb = verbs[exchange.method] ?? '';
  if (!(await mayAny(app, { user: exchange.user, verb, name: node, path, subresources }))) {
    const asked = `user=${exchange.user.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}]`;
    return respondText(exchange, 403, `Forbidden (${asked})\n`);
  }
  return askKubelet(exchange, server, node, path);
}

interface NodeAccess {
  readonly user: UserInfo;
  readonly verb: string;
  readonly name: string;
  readonly path: string;
  readonly subresources: readonly string[];
}

async function mayAny({ server: { authorizer } }: App, { subresources, ...access }: NodeAccess): Promise<boolean> {
  for (const subresource of subresources) {
    const resource = { isResourceRequest: true, namespace: '', apiGroup: '', apiVersion: 'v1', resource: 'nodes', subresource };
    if ((await authorizer.authorize({ ...access, ...resource })).allowed) return true;
  }
  return false;
}
