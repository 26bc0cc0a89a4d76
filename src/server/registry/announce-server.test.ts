import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnnounceOptions, announceServer, serverId } from './announce-server.ts';
import { TestRegistry } from './test-registry.ts';

const trust = 'kube-system/extension-apiserver-authentication';
const tracking = 'kube-system/kube-apiserver-legacy-service-account-token-tracking';

function prepare() {
  const test = new TestRegistry();
  const timers: (() => void)[] = [];
  let nowMs = Date.parse('2026-03-04T05:06:07Z');
  const options: AnnounceOptions = {
    clientCertificateAuthority: 'PEM',
    frontProxy: { certificateAuthority: 'front PEM', name: 'front' },
    hostname: 'laptop',
    instanceId: 'one',
    now: () => nowMs,
    signal: test.context.signal,
    setTimer: (_delayMs, callback) => {
      timers.push(callback);
      return () => undefined;
    },
  };
  const later = (ms: number): void => {
    nowMs += ms;
  };
  return { test, timers, options, later };
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

const trusted = {
  'client-ca-file': 'PEM',
  'requestheader-allowed-names': '["front"]',
  'requestheader-client-ca-file': 'front PEM',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-username-headers': '["X-Remote-User"]',
};

describe('announceServer', () => {
  it('tells the authority of clients and since when tokens are tracked, and keeps both', async () => {
    const { test, options, later } = prepare();
    await test.create('namespaces', { metadata: { name: 'kube-system' } });
    await announceServer(test.registry, options);
    assert.deepEqual((await test.get('configmaps', trust)).data, trusted);
    assert.deepEqual((await test.get('configmaps', tracking)).data, { since: '2026-03-04' });
    later(86_400_000);
    await announceServer(test.registry, options);
    assert.deepEqual((await test.get('configmaps', tracking)).data, { since: '2026-03-04' });
    await test.delete('configmaps', trust);
    await turns();
    assert.deepEqual((await test.get('configmaps', trust)).data, trusted);
  });

  it('holds a Lease and renews it', async () => {
    const { test, options, timers, later } = prepare();
    await test.create('namespaces', { metadata: { name: 'kube-system' } });
    await announceServer(test.registry, options);
    const lease = () => test.get('leases.coordination.k8s.io', `kube-system/${serverId('laptop')}`);
    const { metadata, spec } = await lease();
    assert.deepEqual(metadata.labels, { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': 'laptop' });
    const first = { holderIdentity: `${serverId('laptop')}_one`, leaseDurationSeconds: 3600, renewTime: '2026-03-04T05:06:07.000000Z' };
    assert.deepEqual(spec, first);
    later(60_000);
    for (const timer of timers.splice(0)) timer();
    await turns();
    assert.deepEqual((await lease()).spec, { ...first, renewTime: '2026-03-04T05:07:07.000000Z' });
    assert.equal(timers.length, 1);
  });

  it('has an id that is a name', () => {
    assert.match(serverId('laptop'), /^apiserver-[a-z2-7]{26}$/);
  });
});
