import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { event as eventKind } from '../../../api/kinds/core/event.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const gib = 1024 ** 3;
/** A disk of 100 GiB of which this much is used, in percent. */
const disk = (used: number) => ({
  nodeFs: { bytes: { available: (100 - used) * gib, capacity: 100 * gib }, inodes: { available: 9, capacity: 10 } },
});
const script = { image: (name: string) => ({ sizeBytes: name.includes('big') ? 20 * gib : 2 * gib }) };
const of = (image: string) => ({ containers: [{ name: 'main', image, command: ['sleep', '3600'] }] });

async function start(t: Parameters<typeof startKubeletCluster>[0], options: Parameters<typeof startKubeletCluster>[1] = {}) {
  const k = await startKubeletCluster(t, { script, ...options });
  const has = async (image: string): Promise<boolean> => {
    const wanted = await k.runtime.images.list();
    return wanted.some(({ repoTags }) => repoTags.includes(image));
  };
  const end = async (name: string): Promise<void> => {
    await k.cluster.api(podKind).delete({ namespace: 'default', name }, { gracePeriodSeconds: 0 });
    await k.settle();
  };
  return { k, has, end };
}

const nodeEvents = async (k: KubeletCluster): Promise<readonly string[]> =>
  (await k.cluster.api(eventKind).list({ namespace: 'default' })).items
    .filter(({ involvedObject }) => involvedObject.kind === 'Node')
    .map(({ reason, message }) => `${reason} ${message}`);

describe('images that a node has pulled', () => {
  it('go when the disk is nearly full, the one used longest ago first, until enough is free; others never do', async (t) => {
    const { k, has, end } = await start(t);
    k.runtime.control.addImage('own:1');
    await k.run('own', of('own:1'));
    for (const image of ['old-big', 'new', 'running']) await k.run(image, of(`${image}:1`));
    for (const name of ['own', 'old-big']) await end(name);
    await k.pass(301);
    await end('new');
    assert.ok((await has('old-big:1')) && (await has('new:1')), 'nothing goes while there is room');
    k.leave(disk(97));
    await k.pass(300);
    assert.deepEqual(await Promise.all(['old-big:1', 'new:1', 'running:1', 'own:1'].map(has)), [false, true, true, true]);
    assert.deepEqual(
      (await nodeEvents(k)).filter((text) => text.startsWith('FreeDiskSpaceFailed')),
      [],
    );
    await k.restart();
    await k.pass(300);
    assert.deepEqual(await Promise.all(['new:1', 'running:1', 'own:1'].map(has)), [false, true, true], 'the next kubelet knows them too');
    assert.ok(
      (await nodeEvents(k)).includes(
        `FreeDiskSpaceFailed Insufficient free disk space on the node's image filesystem (97% of 100.0 GiB used). Failed to free sufficient space by deleting unused images (freed ${2 * gib} bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.`,
      ),
    );
  });

  it('go before a pod is evicted for want of disk', async (t) => {
    const { k, has, end } = await start(t);
    await k.run('unused', of('unused:1'));
    await end('unused');
    await k.run('web', of('running:1'));
    await k.pass(130);
    k.leave({ nodeFs: { ...disk(0).nodeFs, bytes: { available: gib / 2, capacity: 100 * gib } } });
    await k.pass(10);
    assert.deepEqual(await Promise.all(['unused:1', 'running:1'].map(has)), [false, true]);
  });

  it('go when they have been unused for as long as the configuration says', async (t) => {
    const { k, has, end } = await start(t, { config: { imageMaximumGCAgeMs: 900_000 } });
    await k.run('unused', of('unused:1'));
    await end('unused');
    await k.pass(890);
    assert.ok(await has('unused:1'));
    await k.pass(320);
    assert.ok(!(await has('unused:1')));
  });
});

it('images are pulled one after another where the configuration says so, and events tell how long they waited', async (t) => {
  const { k } = await start(t, { config: { maxParallelImagePulls: 1 }, script: { image: () => ({ pullDelayMs: 4000, sizeBytes: 1 }) } });
  await k.run('one', of('one:1'));
  await k.run('two', of('two:1'));
  await k.pass(5);
  assert.ok(
    (await k.events('one')).includes('Normal Pulled Successfully pulled image "one:1" in 4s (4s including waiting). Image size: 1 bytes.'),
  );
  await k.pass(5);
  assert.ok(
    (await k.events('two')).includes('Normal Pulled Successfully pulled image "two:1" in 4s (8s including waiting). Image size: 1 bytes.'),
  );
});
