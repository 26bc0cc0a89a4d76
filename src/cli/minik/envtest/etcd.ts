/**
 * `minik envtest etcd` (hidden): in the place of the etcd of an envtest control plane. It stores nothing: it tells the
 * API server beside it in which folder to keep its objects, so that they outlive the API server, as they would in etcd,
 * and go with the folder.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { UserError } from '../../cluster-port.ts';
import type { Signals } from '../signals.ts';
import { programFlags } from './program-flags.ts';

const known = ['data-dir', 'listen-client-urls'];
/** Of etcd's flags, those that test set-ups use. */
const ignored = [
  ...['advertise-client-urls', 'listen-peer-urls', 'initial-advertise-peer-urls', 'initial-cluster', 'initial-cluster-state'],
  ...['initial-cluster-token', 'name', 'unsafe-no-fsync', 'log-level', 'logger', 'log-outputs', 'quota-backend-bytes', 'snapshot-count'],
  ...['auto-compaction-mode', 'auto-compaction-retention', 'max-request-bytes', 'heartbeat-interval', 'election-timeout', 'enable-v2'],
];

export const etcdFlags: readonly string[] = [...known, ...ignored];

/** Where the API server asks for the folder. */
export const dataFolderPath = '/minik/data-dir';

const health = JSON.stringify({ health: 'true', reason: '' });

/** Answers until a signal asks it to end; resolves with the exit code. Rejects with UserError. */
export async function envtestEtcd(args: readonly string[], signals: Signals): Promise<number> {
  const flags = programFlags(args, { known, ignored });
  const folder = resolve(flags.get('data-dir') ?? 'default.etcd');
  const listen = flags.get('listen-client-urls') ?? 'http://localhost:2379';
  const [first = ''] = listen.split(',');
  const url = URL.parse(first);
  if (url === null || url.protocol !== 'http:')
    throw new UserError(`--listen-client-urls must be URLs with http, not ${JSON.stringify(listen)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const server = createServer((request, response) => {
    const body = request.url === '/health' ? health : request.url === dataFolderPath ? JSON.stringify({ folder }) : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(body ?? '{}');
  });
  const ending = new Promise<void>((end) => signals.listen(() => end()));
  server.listen(Number(url.port || 2379), url.hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  await ending;
  server.closeAllConnections();
  server.close();
  return 0;
}
