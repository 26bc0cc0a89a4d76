/** minik's controllers and scheduler in this process, on a clock that only the comparison moves. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterSettings } from '../../../src/cli/cluster-port.ts';
import { ClusterClock } from '../../../src/client/cluster-clock.ts';
import { clusterAdmin } from '../../../src/client/identity.ts';
import { silentLogger } from '../../../src/client/logger.ts';
import { simulatedRuntime } from '../../../src/cluster/container-runtime.ts';
import { openPki } from '../../../src/cluster/control-plane.ts';
import { openCluster } from '../../../src/cluster/open-cluster.ts';
import { createMemoryStore } from '../../../src/server/store/memory-store.ts';
import { restMs, type Side } from './side.ts';

/** Its clock starts at the same second of a minute each time. */
const startMs = Date.UTC(2030, 0, 1, 12, 0, 30);

export async function startMinikSide(): Promise<Side> {
  const clusterId = `side-${randomBytes(3).toString('hex')}`;
  const settings: ClusterSettings = {
    // Nothing is written there.
    ...{ profile: 'side', folder: join(tmpdir(), `minik-${clusterId}`), runtime: 'simulated', nodes: [], apiPort: 6443, clusterId },
    ...{ serviceCidr: '10.96.0.0/16', podCidr: '10.244.0.0/16', legacyApis: false, addOns: false },
  };
  const clock = new ClusterClock({ state: { frozenAtMs: startMs } });
  const cluster = await openCluster(settings, {
    clock,
    store: createMemoryStore({ now: () => clock.now() }),
    pki: await openPki(settings),
    log: silentLogger,
    runtime: (parts) => simulatedRuntime(settings, parts),
    onStep: () => undefined,
    onApi: () => undefined,
    saveClock: () => undefined,
    onWork: () => undefined,
    onStreamed: () => undefined,
  });
  const pass = async (byMs: number): Promise<void> => {
    await cluster.settled();
    await cluster.clock.order({ action: 'advance', byMs });
    await cluster.settled();
  };
  return {
    client: cluster.plane.clientFor(clusterAdmin),
    settle: () => pass(restMs),
    pass,
    now: () => clock.now(),
    stop: () => cluster.stop(),
  };
}
