import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterRole } from '../api/kinds/rbac/cluster-role.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { startTestCluster } from './testing/test-cluster.ts';

const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
const labelled = (name: string, labels: Record<string, string>, rules: readonly object[]) => ({
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels }, rules },
});

describe('clusterRoleAggregationController', () => {
  it('joins the rules of selected roles, by name and each once, and follows their changes', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [clusterRoleAggregationController] });
    const whole = { namespace: '', name: 'whole' };
    const rules = async () => (await cluster.api(clusterRole).get(whole)).rules?.map(({ resources }) => resources?.[0]);
    await cluster.apply(labelled('b', { to: 'whole' }, [rule('pods'), rule('services')]));
    const selectors = [{ matchLabels: { to: 'whole' } }, { matchExpressions: [{ key: 'also', operator: 'Exists' }] }];
    await cluster.apply({ ...labelled('whole', { to: 'whole' }, [rule('secrets')]), aggregationRule: { clusterRoleSelectors: selectors } });
    await cluster.settle();
    assert.deepEqual(await rules(), ['pods', 'services']);
    await cluster.apply(labelled('a', { to: 'whole' }, [rule('configmaps'), rule('pods')]));
    await cluster.apply(labelled('0', { also: '' }, [rule('nodes')]));
    await cluster.settle();
    assert.deepEqual(await rules(), ['configmaps', 'pods', 'services', 'nodes']);
    await cluster.api(clusterRole).delete({ namespace: '', name: 'b' });
    await cluster.api(clusterRole).patch({ namespace: '', name: '0' }, { type: 'merge', body: { metadata: { labels: null } } });
    await cluster.settle();
    assert.deepEqual(await rules(), ['configmaps', 'pods']);
  });

  it('writes nothing when the rules are right, and puts back what somebody has changed', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [clusterRoleAggregationController] });
    await cluster.apply(labelled('a', { to: 'whole' }, [rule('pods')]));
    const clusterRoleSelectors = [{ matchLabels: { to: 'whole' } }];
    await cluster.apply({ ...labelled('whole', {}, [rule('pods')]), aggregationRule: { clusterRoleSelectors } });
    await cluster.settle();
    const ref = { namespace: '', name: 'whole' };
    const { metadata } = await cluster.api(clusterRole).get(ref);
    assert.equal(metadata.resourceVersion, String(cluster.store.revision));
    await cluster.api(clusterRole).patch(ref, { type: 'merge', body: { rules: [rule('secrets')] } });
    await cluster.settle();
    assert.deepEqual((await cluster.api(clusterRole).get(ref)).rules, [rule('pods')]);
  });
});
