/** minik's own API server in this process, composed as for users, but without controllers, scheduler and kubelet. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterSettings } from '../../../src/cli/cluster-port.ts';
import { systemClock } from '../../../src/client/clock.ts';
import type { Logger } from '../../../src/client/logger.ts';
import { Pending } from '../../../src/client/pending.ts';
import { openControlPlane, openPki } from '../../../src/cluster/control-plane.ts';
import { eventsOnDiskOnly } from '../../../src/server/registry/disk-only.ts';
import { createMemoryStore } from '../../../src/server/store/memory-store.ts';
import { freePort } from '../free-port.ts';
import type { ServerAccess } from './api-client.ts';

export interface RunningServer {
  readonly access: ServerAccess;
  stop(): Promise<void>;
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silent,
};

/** Writes the file of tokens that gives an administrator's, by which the comparison signs in to both servers. */
export function writeAdminToken(folder: string): { readonly file: string; readonly token: string } {
  const token = randomBytes(16).toString('hex');
  const file = join(folder, 'tokens.csv');
  writeFileSync(file, `${token},kubernetes-admin,,system:masters\n`, { mode: 0o600 });
  return { file, token };
}

/** Starts the server on a free port of 127.0.0.1, in a temporary folder that is deleted with it. */
export async function startMinikServer(): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'minik-oracle-'));
  const stop = new AbortController();
  const { file: tokenAuthFile, token } = writeAdminToken(folder);
  const settings: ClusterSettings = {
    ...{ profile: 'oracle', folder, runtime: 'simulated', nodes: [{ index: 0 }], apiPort: await freePort(), clusterId: 'oracle' },
    // The real server has no old versions, and is alone.
    ...{ serviceCidr: '10.96.0.0/12', podCidr: '10.244.0.0/16', legacyApis: false, addOns: false, tokenAuthFile },
  };
  const plane = await openControlPlane(settings, {
    clock: systemClock,
    store: createMemoryStore({ diskOnly: eventsOnDiskOnly }),
    pki: await openPki(settings),
    log: silent,
    signal: stop.signal,
    kubelets: [],
    onWork: () => undefined,
    onStreamed: () => undefined,
    controllerMetrics: () => ({}),
    controls: {},
    pending: new Pending(),
  });
  const server = await plane.serve();
  return {
    access: { url: server.url, ca: plane.pki.caCertificate, token },
    stop: async () => {
      stop.abort();
      await server.close();
      await plane.store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
