/** minik's own API server in this process, composed as for users, but without controllers, scheduler and kubelet. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { standardStorageClass } from '../../../src/api/kinds/storage/host-path-provisioner.ts';
import { storageClass } from '../../../src/api/kinds/storage/storage-class.ts';
import type { ClusterSettings } from '../../../src/cli/cluster-port.ts';
import { clusterAdmin } from '../../../src/client/identity.ts';
import type { Logger } from '../../../src/client/logger.ts';
import { openControlPlane } from '../../../src/cluster/control-plane.ts';
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

/** Starts the server on a free port of 127.0.0.1, in a temporary folder that is deleted with it. */
export async function startMinikServer(): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'minik-oracle-'));
  const stop = new AbortController();
  const settings: ClusterSettings = {
    ...{ profile: 'oracle', folder, runtime: 'simulated', nodes: [{ index: 0 }], apiPort: await freePort(), clusterId: 'oracle' },
    // The real server has no old versions.
    ...{ serviceCidr: '10.96.0.0/12', podCidr: '10.244.0.0/16', legacyApis: false },
  };
  const plane = await openControlPlane(settings, {
    log: silent,
    signal: stop.signal,
    kubelets: [],
    onWork: () => undefined,
    onStreamed: () => undefined,
    controllerMetrics: () => ({}),
  });
  // The real server has no storage class: those who set a cluster up add one.
  await plane.clientFor(clusterAdmin).resource(storageClass).delete({ namespace: '', name: standardStorageClass.metadata.name });
  const server = await plane.serve();
  const { caCertificate, admin } = plane.pki;
  return {
    access: { url: server.url, ca: caCertificate, clientCertificate: admin.certificate, clientKey: admin.key },
    stop: async () => {
      stop.abort();
      await server.close();
      await plane.store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
