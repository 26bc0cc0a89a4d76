import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Pod, Secret } from '../../../api/generated/core/v1.ts';
import { FakeClock } from '../../../client/fake-clock.ts';
import { type Image, type Images, RuntimeError } from '../../container/container-runtime.ts';
import { ImageManager } from './image-manager.ts';
import { PullRecords } from './pull-records.ts';
import type { VerificationPolicy } from './pull-verification.ts';

const imageOf = (name: string, content = 'first'): Image => ({
  ...{ id: `sha256:${content}`, repoTags: [name], repoDigests: [`${name.split(':')[0]}@sha256:1`] },
  ...{ sizeBytes: 1, user: '', volumes: [], stopSignal: '' },
});

/** A pull secret of this name for the registry `r.example`. */
const secret = (name: string, password: string): Secret =>
  // Partial: nothing else is read of it.
  ({
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    type: 'kubernetes.io/dockerconfigjson',
    data: {
      '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: { 'r.example': { username: 'me', password } } })).toString('base64'),
    },
  }) as unknown as Secret;

/** An engine whose registry gives images to those who have the right password; names with `open` to everybody. */
async function start(t: TestContext, policy: VerificationPolicy = 'NeverVerifyPreloadedImages') {
  const folder = await mkdtemp(join(tmpdir(), 'minik-image-access-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const present = new Map<string, Image>();
  const registry = { password: 'right', content: 'first', pulls: 0 };
  const images: Images = {
    inspect: async (name) => present.get(name),
    pull: async (name, credentials) => {
      registry.pulls++;
      if (!name.includes('open') && credentials?.password !== registry.password) throw new RuntimeError('ImagePullFailed', 'unauthorized');
      present.set(name, imageOf(name, registry.content));
      return `sha256:${registry.content}`;
    },
    list: async () => [...present.values()],
    remove: async (name) => void present.delete(name),
    unpack: async () => undefined,
  };
  const clock = new FakeClock(0);
  const path = join(folder, 'pulls.json');
  let manager: ImageManager;
  let records: PullRecords;
  const restart = (): void => {
    records = new PullRecords(path);
    manager = new ImageManager({ images, clock, records, events: { event: () => undefined }, verification: { policy, allowlist: [] } });
  };
  restart();
  let pods = 0;
  /** 'given' or why not. */
  const ask = async (image: string, secrets: readonly Secret[], pullPolicy = 'IfNotPresent'): Promise<string> => {
    pods++;
    clock.advance(2000); // an image that was looked at is looked at again
    const pod = { metadata: { name: `p${pods}`, namespace: 'default', uid: `${pods}` } } as unknown as Pod; // partial: no more is read
    const request = { pod, image, policy: pullPolicy, fieldPath: undefined, pullSecrets: secrets };
    try {
      await manager.ensure({ ...request, signal: () => new AbortController().signal });
      return 'given';
    } catch (error) {
      return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
    }
  };
  return { present, registry, ask, restart, begin: (name: string, id: string) => records.begin(name, id) };
}

describe('an image that was pulled with a secret', () => {
  it('is given to pods with that secret or its credentials, and to others once the registry gives it to them', async (t) => {
    const { ask, registry, restart } = await start(t);
    assert.equal(await ask('r.example/app:1', [secret('a', 'right')]), 'given');
    assert.equal(await ask('r.example/app:1', []), 'ErrImagePull');
    assert.equal(await ask('r.example/app:1', [], 'Never'), 'ErrImageNeverPull');
    assert.equal(await ask('r.example/app:1', [secret('guessed', 'wrong')]), 'ErrImagePull');
    restart();
    assert.equal(await ask('r.example/app:1', []), 'ErrImagePull', 'the next kubelet knows it');
    const before = registry.pulls;
    assert.equal(await ask('r.example/app:1', [secret('a', 'right')]), 'given');
    assert.equal(await ask('r.example/app:1', [secret('same-credentials', 'right')], 'Never'), 'given');
    assert.equal(await ask('r.example/app:1', [secret('a', 'renewed')]), 'given', 'a secret that has pulled it may change');
    assert.equal(registry.pulls, before, 'nobody is asked');
    registry.password = 'renewed';
    assert.equal(await ask('r.example/app:1', [secret('b', 'renewed')]), 'given');
  });

  it('is everybody’s when the registry gives it without', async (t) => {
    const { ask, registry } = await start(t);
    assert.equal(await ask('r.example/open:1', [secret('a', 'right')]), 'given');
    assert.equal(await ask('r.example/open:1', []), 'given');
    assert.equal(registry.pulls, 2, 'it was pulled with a secret first');
    assert.equal(await ask('r.example/open:1', [], 'Never'), 'given');
    assert.equal(registry.pulls, 2);
  });
});

describe('an image that was on the machine before', () => {
  it('is given to everybody, also after a pull that found nothing new', async (t) => {
    const { ask, present, registry } = await start(t);
    present.set('r.example/own:1', imageOf('r.example/own:1'));
    assert.equal(await ask('r.example/own:1', []), 'given');
    assert.equal(await ask('r.example/own:1', [secret('a', 'right')], 'Always'), 'given');
    assert.equal(await ask('r.example/own:1', []), 'given');
    registry.content = 'second';
    assert.equal(await ask('r.example/own:1', [secret('a', 'right')], 'Always'), 'given');
    assert.equal(await ask('r.example/own:1', []), 'ErrImagePull', 'what is new came with a secret');
  });

  it('is asked for too where everything is to be verified', async (t) => {
    const { ask, present } = await start(t, 'AlwaysVerify');
    present.set('r.example/own:1', imageOf('r.example/own:1'));
    assert.equal(await ask('r.example/own:1', []), 'ErrImagePull');
    assert.equal(await ask('r.example/own:1', [secret('a', 'right')]), 'given');
    assert.equal(await ask('r.example/own:1', [secret('a', 'right')], 'Never'), 'given');
  });
});

it('an image whose pull ended while no kubelet knew is verified', async (t) => {
  const { ask, begin, present, restart } = await start(t);
  await begin('r.example/app:1', '');
  present.set('r.example/app:1', imageOf('r.example/app:1'));
  restart();
  assert.equal(await ask('r.example/app:1', []), 'ErrImagePull');
});
