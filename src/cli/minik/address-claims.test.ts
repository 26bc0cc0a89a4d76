import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ClusterAddresses, TakenAddresses } from '../cluster-port.ts';
import { AddressClaims, type OtherCluster } from './address-claims.ts';

const addresses: ClusterAddresses = { apiPort: 6443, serviceCidr: '10.96.0.0/20', podCidr: '10.244.0.0/20' };

function folderOf(t: TestContext): string {
  const base = mkdtempSync(join(tmpdir(), 'minik-addresses-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  return base;
}

const stopped: OtherCluster = { apiPort: 6450, serviceCidr: '172.16.0.0/20', podCidr: '172.16.16.0/20', isGuarded: false };
const ofStopped = [stopped.serviceCidr, stopped.podCidr];

const claimsOf = (folders: readonly string[], cluster: string, others: readonly OtherCluster[] = [stopped]): AddressClaims =>
  new AddressClaims({ folders, cluster, others: () => others });

/** What somebody sees who picks now. */
async function taken(folder: string, others?: readonly OtherCluster[]): Promise<TakenAddresses> {
  const seen = Promise.withResolvers<TakenAddresses>();
  const claims = claimsOf([folder], '/other', others);
  await claims.claim(async (all) => {
    seen.resolve(all);
    return { ...addresses, apiPort: 1 };
  });
  claims.release();
  return seen.promise;
}

describe('claims of addresses', () => {
  it('lets one at a time pick, in the first folder where that is possible, and keeps the lock no longer', async (t) => {
    const base = folderOf(t);
    writeFileSync(join(base, 'file'), '');
    mkdirSync(join(base, 'odd', 'addresses.lock'), { recursive: true });
    const folders = [join(base, 'file', 'cache'), join(base, 'odd'), join(base, 'own')];
    const order: string[] = [];
    const picking = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = claimsOf(folders, '/a').claim(async () => {
      begun.resolve();
      await picking.promise;
      order.push('first');
      return addresses;
    });
    await begun.promise;
    assert.deepEqual(readdirSync(join(base, 'own')), ['addresses.lock']);
    const second = claimsOf(folders, '/b').claim(async () => {
      order.push('second');
      return addresses;
    });
    picking.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(order, ['first', 'second']);
    assert.ok(!readdirSync(join(base, 'own')).includes('addresses.lock'), 'the lock is not held while addresses are claimed');
  });

  it('keeps addresses from others from when they are picked until they are released', async (t) => {
    const base = folderOf(t);
    const claims = claimsOf([base], '/a');
    await claims.claim(async () => addresses);
    const seen = await taken(base);
    assert.deepEqual([seen.cidrs, [...seen.ports], [...seen.clusters]], [[...ofStopped, '10.96.0.0/20', '10.244.0.0/20'], [6443], ['/a']]);
    claims.release();
    assert.deepEqual((await taken(base)).cidrs, ofStopped);
    assert.deepEqual(readdirSync(base), []);
  });

  it('tells the port of a stopped cluster from that of one which is about to be restarted', async (t) => {
    const restarting = { ...stopped, apiPort: 6451, isGuarded: true };
    const { ports, recordedPorts } = await taken(folderOf(t), [stopped, restarting]);
    assert.deepEqual([[...ports], [...recordedPorts]], [[6451], [6450, 6451]]);
  });

  it('takes no notice of what dead processes have claimed, nor of a claim that was cut off', async (t) => {
    const base = folderOf(t);
    writeFileSync(join(base, 'addresses.claim.1'), JSON.stringify({ ...addresses, pid: 1, processStart: 'long ago', folder: '/dead' }));
    writeFileSync(join(base, 'addresses.claim.2'), '{"pid":');
    const { cidrs, ports, clusters } = await taken(base);
    assert.deepEqual([cidrs, [...ports], [...clusters]], [ofStopped, [], []]);
    assert.deepEqual(readdirSync(base), [], 'and removes them');
  });

  it('claims nothing when nothing could be picked', async (t) => {
    const base = folderOf(t);
    await assert.rejects(
      claimsOf([base], '/a').claim(() => Promise.reject(new Error('all is taken'))),
      /all is taken/,
    );
    assert.deepEqual(readdirSync(base), []);
  });
});
