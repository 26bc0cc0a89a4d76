import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigMap } from '../api/generated/core/v1.ts';
import { configMap } from '../api/kinds/core/config-map.ts';
import { secret } from '../api/kinds/core/secret.ts';
import type { StatusError } from '../api/status-error.ts';
import { controllerAccount, systemUser } from '../client/identity.ts';
import { type Controller, defineController, type Outcome, settled, watching } from './controller.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

/** Permissions do not matter here, except where a test says so. */
const allMighty = systemUser('test-controller', 'system:masters');

const make = (cluster: TestCluster, name: string, data = {}) =>
  cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data });
const controller = (reconcile: Controller['reconcile'], more: Partial<Controller<ConfigMap>> = {}): Controller<ConfigMap> =>
  defineController<ConfigMap>({ name: 'test', identity: allMighty, reconciles: configMap, reconcile, ...more });

describe('runController', () => {
  it('reconciles each object by its ref, also what was there before', async (t) => {
    const seen: string[] = [];
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(async (ref, { cache }) => {
          seen.push(`${ref.namespace}/${ref.name} ${cache(configMap).get(ref) === undefined ? 'gone' : 'there'}`);
          return settled;
        }),
      ],
    });
    await make(cluster, 'a');
    await cluster.settle();
    await cluster.api(configMap).delete({ namespace: 'default', name: 'a' });
    await cluster.settle();
    assert.deepEqual(seen, ['default/a there', 'default/a gone']);
    const { queuedSeconds, workSeconds, unfinishedSeconds, ...counts } = cluster.controllers.metrics.test ?? {};
    assert.deepEqual(counts, { reconciles: 2, errors: 0, depth: 0, active: 0, adds: 2, retries: 0 });
    assert.deepEqual([queuedSeconds?.count, workSeconds?.count, unfinishedSeconds], [2, 2, []]);
  });

  it('backs off after an error, 5 ms doubling, until it succeeds', async (t) => {
    const times: number[] = [];
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(async (_, { clock }) => {
          times.push(clock.now());
          if (times.length < 4) throw new Error('not yet');
          return settled;
        }),
      ],
    });
    await make(cluster, 'a');
    await cluster.pass(1);
    assert.deepEqual(
      times.map((time) => time - (times[0] ?? 0)),
      [0, 5, 15, 35],
    );
    assert.equal(cluster.controllers.metrics.test?.errors, 3);
  });

  it('looks again after the delay that was asked for', async (t) => {
    let runs = 0;
    const outcomes: Outcome[] = [{ requeueAfterMs: 60_000 }, settled];
    const cluster = await startTestCluster(t, { controllers: [controller(async () => outcomes[runs++] ?? settled)] });
    await make(cluster, 'a');
    await cluster.pass(59);
    assert.equal(runs, 1);
    await cluster.pass(1);
    assert.equal(runs, 2);
  });

  it('looks again after the delay that was asked for although something failed, and backs off when that is sooner', async (t) => {
    const times: number[] = [];
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(async (_, { clock }) => {
          times.push(clock.now());
          return times.length > 3 ? settled : { requeueAfterMs: 8, failure: { error: new Error('not yet') } };
        }),
      ],
    });
    await make(cluster, 'a');
    await cluster.pass(1);
    assert.deepEqual(
      times.map((time) => time - (times[0] ?? 0)),
      [0, 5, 13, 21],
    );
    assert.equal(cluster.controllers.metrics.test?.errors, 3);
  });

  it('never works on one ref twice at once, nor on more refs than it has workers', async (t) => {
    const running = new Set<string>();
    let most = 0;
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(
          async (ref, { api }) => {
            assert.ok(!running.has(ref.name));
            running.add(ref.name);
            most = Math.max(most, running.size);
            await api(configMap)
              .get(ref)
              .catch(() => undefined);
            await new Promise(setImmediate);
            running.delete(ref.name);
            return settled;
          },
          { workers: 2 },
        ),
      ],
    });
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => make(cluster, name)));
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) =>
        cluster.api(configMap).patch({ namespace: 'default', name }, { type: 'merge', body: { data: { x: 'y' } } }),
      ),
    );
    await cluster.settle();
    assert.equal(most, 2);
  });

  it('does not run a ref again before the caches show what it wrote for it', async (t) => {
    let made = 0;
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(
          async (ref, { cache, api }) => {
            const owned = cache(secret).list({ namespace: ref.namespace });
            if (ref.name !== 'owner' || owned.length > 0) return settled;
            made++;
            await api(secret).create({ apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 's-', namespace: ref.namespace } });
            return settled;
          },
          { owns: [secret] },
        ),
      ],
    });
    await make(cluster, 'owner');
    for (let i = 0; i < 5; i++) {
      await cluster.api(configMap).patch({ namespace: 'default', name: 'owner' }, { type: 'merge', body: { data: { i: String(i) } } });
    }
    await cluster.settle();
    assert.equal(made, 1);
  });

  it('may do what its own role says, and nothing else', async (t) => {
    const refused: string[] = [];
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(
          async (ref, { api }) => {
            await api(configMap)
              .delete(ref)
              .catch((error: StatusError) => refused.push(error.message));
            return settled;
          },
          { identity: controllerAccount('replicaset-controller') },
        ),
      ],
    });
    await make(cluster, 'a');
    await cluster.settle();
    assert.deepEqual(refused, [
      'configmaps "a" is forbidden: User "system:serviceaccount:kube-system:replicaset-controller" cannot delete resource "configmaps" in API group "" in the namespace "default"',
    ]);
  });

  it('maps changes of watched objects and leaves out what does not concern it', async (t) => {
    const seen: string[] = [];
    const cluster = await startTestCluster(t, {
      controllers: [
        controller(
          async (ref) => {
            seen.push(ref.name);
            return settled;
          },
          {
            concerns: (object) => object.data?.skip === undefined,
            watches: [watching(secret, ({ metadata }) => [{ namespace: 'default', name: `of-${metadata.name}` }])],
          },
        ),
      ],
    });
    await make(cluster, 'skipped', { skip: 'yes' });
    await cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } });
    await cluster.settle();
    assert.deepEqual(seen, ['of-s']);
  });
});
