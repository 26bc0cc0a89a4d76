import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterSettings, TakenAddresses } from '../cli/cluster-port.ts';
import { newNodes } from '../cli/nodes.ts';
import { plan } from './plan.ts';

/** What a simulated cluster is given when other clusters have the addresses. */
const planned = (taken: Partial<TakenAddresses>, known?: ClusterSettings): Promise<ClusterSettings> =>
  plan({
    ...{ profile: 'planned', folder: '/nowhere', runtime: 'simulated', nodes: newNodes(1), known },
    claim: (pick) => pick({ cidrs: [], ports: new Set(), recordedPorts: new Set(), clusters: new Set(), ...taken }),
  });

describe('the API port of a cluster', () => {
  it('is not that of another one, which may be stopped or about to be restarted', async () => {
    const { apiPort } = await planned({});
    for (const taken of [{ ports: new Set([apiPort]) }, { recordedPorts: new Set([apiPort]) }]) {
      assert.notEqual((await planned(taken)).apiPort, apiPort);
    }
  });

  it('stays what it was, unless one that starts has taken it', async () => {
    const known = await planned({});
    const recordedPorts = new Set([known.apiPort]);
    assert.equal((await planned({ recordedPorts }, known)).apiPort, known.apiPort);
    assert.notEqual((await planned({ recordedPorts, ports: recordedPorts }, known)).apiPort, known.apiPort);
  });
});
