/**
 * HTTP/1.1 upgrades: exec, attach, port-forward, watches over WebSocket, proxies. They go through the same filters as
 * every request.
 */
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { statusErrors } from '../../../api/status-error.ts';
import type { Target } from '../../registry/registry.ts';
import { remoteApiOf, upgradeToApi } from '../aggregation/proxy-to-api.ts';
import { Answer, type AnswerHeaders, bytesOf } from '../answer.ts';
import type { App } from '../app.ts';
import { authorize } from '../auth/authorize.ts';
import { Exchange } from '../exchange.ts';
import { InjectedError } from '../faults/injected-errors.ts';
import { strikeBefore } from '../faults/request-faults.ts';
import { resolveTarget } from '../handlers/resolve-target.ts';
import { startWatch } from '../handlers/watch.ts';
import { NodeRequest } from '../node-requests.ts';
import { connectQuery } from '../options/connect-query.ts';
import { boolParam, stringParam } from '../options/query-values.ts';
import { proxyUpgrade } from '../proxy/proxy-upgrade.ts';
import type { WatchSink } from '../watch/watch-sink.ts';
import { logOptions } from './log-options.ts';
import { containerOf, podOf, requireNode } from './pod-container.ts';
import { portForwardProtocol, servePortForward } from './port-forward.ts';
import type { RemoteRun, Wanted } from './remote-command.ts';
import { serveSpdyCommand, spdyCommandProtocols } from './spdy-remote-command.ts';
import { chooseProtocol, isSpdyUpgrade, switchProtocols } from './spdy-upgrade.ts';
import { acceptWebSocket, isWebSocketUpgrade, offeredProtocols } from './websocket-accept.ts';
import { serveWebSocketLog, webSocketLogProtocols } from './websocket-log.ts';
import { channelPortForwardProtocols, serveChannelPortForward, tunnel, tunnelProtocol } from './websocket-port-forward.ts';
import { serveWebSocketCommand, webSocketCommandProtocols } from './websocket-remote-command.ts';

/** One upgrade request and the objects that serve it. */
interface Upgrade {
  readonly app: App;
  readonly exchange: Exchange;
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** Aborts at shutdown. */
  readonly signal: AbortSignal;
}

/** Thrown to answer with a response that is neither an upgrade nor a Status. */
class Refusal extends Error {
  readonly answer: Answer;
  constructor(code: number, text: string, headers: AnswerHeaders = {}) {
    super(text);
    this.answer = new Answer(code, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }, text);
  }
}

/** Writes a response that is not an upgrade, and closes the connection. */
async function refuse(socket: Duplex, answer: Answer): Promise<void> {
  const body = await bytesOf(answer);
  const headers = { ...answer.headers, 'Content-Length': String(body.length), Connection: 'close' };
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  socket.end(
    // Header values are latin1, as Node writes them.
    Buffer.concat([Buffer.from(`HTTP/1.1 ${answer.status} ${statusText(answer.status)}\r\n${lines.join('')}\r\n`, 'latin1'), body]),
  );
}

const statusText = (code: number): string => STATUS_CODES[code] ?? 'Error';

function wantedOf(exchange: Exchange): Wanted {
  const tty = boolParam(exchange, 'tty') ?? false;
  const wanted = {
    tty,
    stdin: boolParam(exchange, 'stdin') ?? false,
    stdout: boolParam(exchange, 'stdout') ?? false,
    stderr: !tty && (boolParam(exchange, 'stderr') ?? false),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw statusErrors.badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return wanted;
}

async function serveCommand(upgrade: Upgrade, target: Target, verb: 'exec' | 'attach'): Promise<void> {
  const { app, exchange, incoming, socket, head, signal } = upgrade;
  const { server } = app;
  const pod = await podOf(exchange, server, target);
  const container = containerOf(pod, stringParam(exchange, 'container'));
  requireNode(pod);
  const command = exchange.query.getAll('command');
  if (verb === 'exec' && command.length === 0) throw statusErrors.badRequest('you must specify at least one command for the container');
  const wanted = wantedOf(exchange);
  const ref = { namespace: target.namespace, name: target.name };
  const { podStreams, clock, onStreamed } = server;
  const refused = await podStreams.refusal(verb, ref, container);
  if (refused !== undefined) throw new Refusal(500, refused);
  const run: RemoteRun = async (options) => {
    if (verb === 'exec') return podStreams.exec(ref, container, { ...options, command });
    await podStreams.attach(ref, container, options);
    return undefined;
  };
  if (isSpdyUpgrade(incoming)) {
    const choice = chooseProtocol(incoming, spdyCommandProtocols);
    if ('refused' in choice) throw protocolRefusal(choice.refused, spdyCommandProtocols);
    return serveSpdyCommand({ incoming, socket, head, protocol: choice.protocol, wanted, verb, run, clock, onBytes: onStreamed, signal });
  }
  const protocol = webSocketProtocol(incoming, webSocketCommandProtocols);
  const accepted = acceptWebSocket(incoming, socket, { head, protocol, clock });
  return serveWebSocketCommand({ socket: accepted, protocol, wanted, verb, run, onBytes: onStreamed, clock, signal });
}

/** The offered sub-protocols, without the one that carries a token. */
const realProtocols = (incoming: IncomingMessage): readonly string[] =>
  offeredProtocols(incoming).filter((name) => !name.startsWith('base64url.bearer.authorization.k8s.io.'));

/** The client's first sub-protocol that is supported; the oldest when the client offers none. Throws 400. */
function webSocketProtocol(incoming: IncomingMessage, served: readonly string[]): string {
  const offered = realProtocols(incoming);
  const protocol = offered.find((name) => served.includes(name));
  if (protocol === undefined && offered.length > 0) {
    throw statusErrors.badRequest(`unable to upgrade: client supports [${offered.join(' ')}], server accepts [${served.join(' ')}]`);
  }
  return protocol ?? '';
}

function protocolRefusal(text: string, served: readonly string[]): Refusal {
  return new Refusal(403, `${text}\n`, { 'X-Accepted-Stream-Protocol-Versions': served });
}

function portsOf(exchange: Exchange): readonly number[] {
  const ports = exchange.query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '')
    .map(Number);
  if (ports.length === 0) throw statusErrors.badRequest('query parameter "port" is required');
  for (const port of ports)
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw statusErrors.badRequest(`invalid port value ${port}`);
  return ports;
}

async function serveForward(upgrade: Upgrade, target: Target): Promise<void> {
  const { app, exchange, incoming, socket, head, signal } = upgrade;
  const { server } = app;
  requireNode(await podOf(exchange, server, target));
  const ref = { namespace: target.namespace, name: target.name };
  const dial = (port: number) => server.podStreams.portForward(ref, port);
  const common = { dial, podName: target.name, clock: server.clock, onBytes: server.onStreamed, signal };
  if (isSpdyUpgrade(incoming)) {
    const choice = chooseProtocol(incoming, [portForwardProtocol]);
    if ('refused' in choice) throw protocolRefusal(choice.refused, [portForwardProtocol]);
    const done = servePortForward({ socket, ...common });
    const version = { 'X-Stream-Protocol-Version': choice.protocol === '' ? portForwardProtocol : choice.protocol };
    switchProtocols(socket, { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', ...version });
    if (head.length > 0) socket.unshift(head);
    return done;
  }
  if (offeredProtocols(incoming).includes(tunnelProtocol)) {
    return servePortForward({
      socket: tunnel(acceptWebSocket(incoming, socket, { head, protocol: tunnelProtocol, clock: server.clock })),
      ...common,
    });
  }
  const protocol = webSocketProtocol(incoming, channelPortForwardProtocols);
  const ports = portsOf(exchange);
  return serveChannelPortForward(acceptWebSocket(incoming, socket, { head, protocol, clock: server.clock }), protocol, ports, dial, common);
}

async function serveLog(upgrade: Upgrade, target: Target): Promise<void> {
  const { app, exchange, incoming, socket, head, signal } = upgrade;
  const { podStreams, clock } = app.server;
  const { container: asked, options } = logOptions(exchange, target.name, app.server.now());
  const pod = await podOf(exchange, app.server, target);
  const container = containerOf(pod, asked);
  requireNode(pod);
  const protocol = webSocketProtocol(incoming, webSocketLogProtocols);
  const ref = { namespace: target.namespace, name: target.name };
  return serveWebSocketLog({
    accept: async () => acceptWebSocket(incoming, socket, { head, protocol, clock }),
    protocol,
    follow: options.follow,
    logs: (sink, until) => podStreams.logs(ref, container, { ...options, signal: until }, sink),
    clock,
    signal,
  });
}

function linesOf(chunk: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < chunk.length; ) {
    const newline = chunk.indexOf(0x0a, at);
    const end = newline < 0 ? chunk.length : newline + 1;
    lines.push(chunk.subarray(at, end));
    at = end;
  }
  return lines;
}

/** Serves a watch whose events are WebSocket messages. Source: apiserver pkg/endpoints/handlers/watch.go, HandleWS. */
async function serveWatch(upgrade: Upgrade, target: Target): Promise<void> {
  const { app, exchange, incoming, socket, head } = upgrade;
  // Go's handshake echoes a single offered sub-protocol, whatever it is, and refuses several. Source:
  // golang.org/x/net/websocket hybi.go.
  const [protocol = '', ...more] = realProtocols(incoming);
  if (more.length > 0) throw statusErrors.badRequest('bad protocol');
  const watch = await startWatch(exchange, app.server, target);
  const text = watch.contentType === 'application/json';
  const accepted = acceptWebSocket(incoming, socket, { head, protocol, clock: app.server.clock });
  let drained = (): void => undefined;
  const sink: WatchSink = {
    write: (chunk) => {
      // The frames of one write may hold several events; over WebSocket each event is a message.
      for (const message of text ? linesOf(chunk) : [chunk]) accepted.send([message], { isText: text, sent: () => drained() });
      return accepted.bufferedBytes < 256 * 1024;
    },
    onDrain: (callback) => {
      drained = callback;
    },
    onClose: (callback) => {
      accepted.once('close', callback);
    },
    end: () => accepted.close(),
    destroy: () => accepted.terminate(),
  };
  accepted.read(() => undefined);
  watch.connect(sink);
}

/** How the upgrade of each sub-resource is served. */
const connections: Readonly<Record<string, (upgrade: Upgrade, target: Target) => Promise<void>>> = {
  attach: (upgrade, target) => serveCommand(upgrade, target, 'attach'),
  exec: (upgrade, target) => serveCommand(upgrade, target, 'exec'),
  log: serveLog,
  portforward: serveForward,
  proxy: ({ app, exchange, incoming, socket, head }, target) => proxyUpgrade(exchange, app.server, target, incoming, socket, head),
};

async function serve(upgrade: Upgrade): Promise<void> {
  const { app, exchange, incoming } = upgrade;
  const remote = remoteApiOf(exchange, app.server);
  if (remote !== undefined) {
    if (await upgradeToApi(exchange, app.server, remote, upgrade)) return;
    throw new Refusal(503, 'service unavailable\n');
  }
  const target = resolveTarget(exchange, app.server);
  if (target === undefined) throw statusErrors.noSuchResource();
  if (target.subresource === '') return serveWatch(upgrade, target);
  const declared = target.kind.subresources[target.subresource];
  const connect = declared === undefined ? undefined : connections[target.subresource];
  if (declared?.does === 'connect') await app.server.registry.connect(exchange, target, connectQuery(exchange, declared));
  const streams = declared?.does === 'connect' && declared.to !== 'server';
  if (connect === undefined || (streams && !isSpdyUpgrade(incoming) && !isWebSocketUpgrade(incoming))) {
    throw statusErrors.badRequest('Upgrade request required');
  }
  // Since 1.35 the GET of a WebSocket needs the same permission as the POST of SPDY. Source: KEP-4006.
  if (streams && exchange.info.verb === 'get') await authorize(exchange, app.server.authorizer, 'create');
  return connect(upgrade, target);
}

/** Serves one upgrade request to its end. Never rejects. */
export async function handleUpgrade(app: App, incoming: IncomingMessage, socket: Duplex, head: Buffer, signal: AbortSignal): Promise<void> {
  const { server } = app;
  socket.on('error', () => socket.destroy());
  let exchange: Exchange;
  try {
    const node = { incoming, outgoing: new ServerResponse(incoming) };
    exchange = new Exchange(new NodeRequest(node), node, server.monotonicMs());
  } catch {
    socket.destroy();
    return;
  }
  const upgrade: Upgrade = { app, exchange, incoming, socket, head, signal };
  const ended = server.metrics.opened(exchange);
  server.logger.debug('upgrade requested', {
    path: exchange.path,
    upgrade: incoming.headers.upgrade,
    protocols: offeredProtocols(incoming),
  });
  let status = 101;
  try {
    await app.filters(exchange);
    const { requests } = server.faults;
    if (requests !== undefined) await strikeBefore(exchange, server, requests);
    exchange.audit?.answered(status);
    exchange.audit?.stage('ResponseStarted');
    await serve(upgrade);
    exchange.audit?.stage('ResponseComplete');
  } catch (error) {
    const answer = error instanceof Refusal ? error.answer : await app.renderError(exchange, error);
    status = error instanceof InjectedError ? error.code : answer.status;
    server.auditor?.answered(exchange, status, error);
    if (!socket.destroyed && !socket.writableEnded) await refuse(socket, answer);
  }
  ended();
  server.metrics.record(exchange, status, server.monotonicMs() - exchange.startMs);
}
