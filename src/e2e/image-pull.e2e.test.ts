/**
 * Images from a registry that asks who pulls: with secrets of the pod and of its service account, in the kubelet's
 * order, and what shows when it refuses.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';
import { type ImageRegistry, serveImage } from './support/image-registry.ts';
import { run } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-pull' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
let open: ImageRegistry;
let closed: ImageRegistry;

before(async () => {
  open = await serveImage('busybox:1.36');
  closed = await serveImage('busybox:1.36', { user: 'minik', password: 'secret' });
  await cluster.start();
});
after(async () => {
  await cluster.delete();
  await Promise.all([open, closed].map((registry) => registry.close()));
  // The names that this test has made; the image itself is the machine's.
  const names = [...open.pulled, ...closed.pulled];
  if (names.length > 0) await run(['docker', 'rmi', ...names]);
});

const create = (...items: readonly object[]): Promise<string> =>
  cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
const pod = (name: string, image: string, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image, imagePullPolicy: 'Always', command: ['sleep', '3600'] }],
    ...spec,
  },
});
const secret = (name: string, auths: Readonly<Record<string, readonly [string, string]>>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/dockerconfigjson',
  metadata: { name },
  stringData: {
    '.dockerconfigjson': JSON.stringify({
      auths: Object.fromEntries(
        Object.entries(auths).map(([place, [user, password]]) => [place, { auth: Buffer.from(`${user}:${password}`).toString('base64') }]),
      ),
    }),
  },
});
const right = ['minik', 'secret'] as const;
/** A pod that was refused before waits out its back-off first. */
const ready = (name: string): Promise<string> =>
  cluster.kubectl('kubectl', ['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=170s'], { timeoutMs: 180_000 });

/** The messages of a pod's events with this reason. */
async function events(name: string, reason: string): Promise<readonly string[]> {
  const selector = `involvedObject.name=${name},reason=${reason}`;
  const list = JSON.parse(await kubectl('get', 'events', '--field-selector', selector, '-o', 'json'));
  return list.items.map(({ message }: { message: string }) => message);
}

/** Waits until the pod has failed to get its image, and waits to try again. */
async function refused(name: string): Promise<void> {
  const path = 'jsonpath={.status.containerStatuses[0].state.waiting.reason}';
  await cluster.until(['get', 'pod', name, '-o', path], (reason) => reason === 'ImagePullBackOff');
}

describe('a registry that gives its images to everybody', () => {
  it('is pulled from, which the events tell', async () => {
    await create(pod('public', `${open.host}/app:1`));
    await ready('public');
    assert.deepEqual(await events('public', 'Pulling'), [`Pulling image "${open.host}/app:1"`]);
    assert.match(
      (await events('public', 'Pulled')).join('\n'),
      /^Successfully pulled image ".*\/app:1" in \d+\S* \(\d+\S* including waiting\)\. Image size: \d+ bytes\.$/,
    );
    const imageId = await kubectl('get', 'pod', 'public', '-o', 'jsonpath={.status.containerStatuses[0].imageID}');
    assert.equal(imageId, `docker-pullable://${open.host}/app@${open.digest}`);
  });
});

describe('a registry that asks who pulls', () => {
  it('refuses a pod without a secret, and one whose secret is wrong, until it is put right; as one refuses what it has not', async () => {
    await create(
      pod('none', `${closed.host}/app:1`),
      secret('wrong', { [closed.host]: ['minik', 'guessed'] }),
      pod('wrong', `${closed.host}/app:1`, { imagePullSecrets: [{ name: 'wrong' }] }),
      pod('missing', `${closed.host}/app:1`, { imagePullSecrets: [{ name: 'not-there' }] }),
      pod('absent', `${open.host}/app:2`),
    );
    for (const name of ['none', 'wrong', 'missing']) {
      await refused(name);
      const failed = await events(name, 'Failed');
      assert.ok(failed.includes('Error: ErrImagePull') && failed.includes('Error: ImagePullBackOff'), failed.join('\n'));
      assert.ok(
        failed.some(
          (message) => message.startsWith(`Failed to pull image "${closed.host}/app:1": `) && /unauthorized|no basic auth/i.test(message),
        ),
        failed.join('\n'),
      );
    }
    await refused('absent');
    assert.match((await events('absent', 'Failed')).join('\n'), /manifest.*(?:unknown|not found)/i);
    assert.deepEqual(await events('missing', 'FailedToRetrieveImagePullSecret'), [
      'Unable to retrieve some image pull secrets (not-there); attempting to pull the image may not succeed.',
    ]);
    assert.match(await kubectl('get', 'pods'), /none +0\/1 +(?:ImagePullBackOff|ErrImagePull)/);
    await kubectl('delete', 'secret', 'wrong');
    await create(secret('wrong', { [closed.host]: right }));
    await ready('wrong');
    await kubectl('delete', 'pods', 'none', 'wrong', 'missing', 'absent');
  });

  it('gives it to a pod with its secret, or with that of its service account', async () => {
    await create(secret('right', { [closed.host]: right }), pod('own', `${closed.host}/own:1`, { imagePullSecrets: [{ name: 'right' }] }), {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'puller' },
      imagePullSecrets: [{ name: 'right' }],
    });
    await ready('own');
    await create(pod('account', `${closed.host}/account:1`, { serviceAccountName: 'puller' }));
    await ready('account');
    assert.equal(await kubectl('get', 'pod', 'account', '-o', 'jsonpath={.spec.imagePullSecrets[0].name}'), 'right');
  });

  it('is asked again for a pod that has no secret for what another pod has pulled, and not for what is the machine’s own', async () => {
    const image = `${closed.host}/own:1`;
    const main = { name: 'main', image, command: ['sleep', '3600'] };
    const spec = (imagePullPolicy: string): object => ({ containers: [{ ...main, imagePullPolicy }] });
    await create(
      secret('same', { [closed.host]: right }),
      pod('other-secret', image, { ...spec('IfNotPresent'), imagePullSecrets: [{ name: 'same' }] }),
      pod('no-secret', image, spec('IfNotPresent')),
      pod('never', image, spec('Never')),
    );
    await ready('other-secret');
    assert.deepEqual(await events('other-secret', 'Pulled'), [
      `Container image "${image}" already present on machine and can be accessed by the pod`,
    ]);
    await refused('no-secret');
    assert.match((await events('no-secret', 'Failed')).join('\n'), /unauthorized|no basic auth/i);
    const reason = 'jsonpath={.status.containerStatuses[0].state.waiting.reason}';
    await cluster.until(['get', 'pod', 'never', '-o', reason], (found) => found === 'ErrImageNeverPull');
    const own = `${closed.host}/preloaded:1`;
    await run(['docker', 'tag', 'busybox:1.36', own]);
    try {
      await create(pod('preloaded', own, { containers: [{ ...main, image: own, imagePullPolicy: 'IfNotPresent' }] }));
      await ready('preloaded');
      await kubectl('delete', 'pods', 'other-secret', 'no-secret', 'never', 'preloaded');
    } finally {
      await run(['docker', 'rmi', own]);
    }
  });

  it('is shown the most specific credentials first, and the others until it takes one', async () => {
    await create(
      secret('general', { [closed.host]: ['general', 'x'], [`http://${closed.host}/v1/`]: ['v1', 'x'] }),
      secret('specific', {
        [`${closed.host}/team/app`]: ['specific', 'x'],
        [`${closed.host}/team`]: right,
        [`${closed.host}/other`]: ['other', 'x'],
      }),
      pod('order', `${closed.host}/team/app:1`, { imagePullSecrets: [{ name: 'general' }, { name: 'specific' }] }),
    );
    const before = closed.users.length;
    await ready('order');
    const shown = closed.users.slice(before).filter((user, index, all) => user !== all[index - 1]);
    assert.deepEqual(shown, ['specific', 'minik']);
  });
});
