/** A server whose guard is killed goes on, with another guard that restarts it as the first one would have. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type ClusterFacts, E2eCluster } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-guard', runtime: 'simulated' });

before(() => cluster.start());
after(() => cluster.delete());

/** The facts once they are as wanted. */
const factsWith = (wanted: (facts: ClusterFacts) => boolean): Promise<ClusterFacts> =>
  eventually(async () => {
    const facts = await cluster.facts();
    assert.ok(wanted(facts), JSON.stringify(facts));
    return facts;
  });

/** Kills the guard; resolves with the facts when there is another one. */
async function withoutGuard(): Promise<ClusterFacts> {
  const { guardPid, pid } = await cluster.facts();
  process.kill(guardPid, 'SIGKILL');
  const facts = await factsWith((now) => now.guardPid !== null && now.guardPid !== guardPid);
  assert.equal(facts.pid, pid, 'the server runs on');
  return facts;
}

describe('a server whose guard is killed', () => {
  it('gets another one, each time', async () => {
    await withoutGuard();
    await withoutGuard();
  });

  it('is restarted by that one when it crashes, and says so', async () => {
    const before = await cluster.facts();
    await cluster.kubectl('kubectl', ['create', 'configmap', 'written']);
    process.kill(before.pid, 'SIGKILL');
    const facts = await factsWith(({ state, pid }) => state === 'Running' && pid !== before.pid);
    assert.equal(facts.guardPid, before.guardPid);
    assert.match(facts.lastCrash?.why ?? '', /second guard/);
    assert.equal(await cluster.kubectl('kubectl', ['get', 'configmap', 'written', '-o', 'name']), 'configmap/written\n');
  });

  it('gets another one when the guard that has restarted it is killed, too', async () => {
    const { pid } = await withoutGuard();
    process.kill(pid, 'SIGKILL');
    await factsWith((now) => now.state === 'Running' && now.pid !== pid);
  });

  it('stops with its guards, and leaves none', async () => {
    const { guardPid } = await withoutGuard();
    assert.equal((await cluster.minik(['stop'])).code, 0);
    assert.equal(existsSync(`/proc/${guardPid}/exe`), false);
    assert.equal((await cluster.facts()).state, 'Stopped');
  });
});
