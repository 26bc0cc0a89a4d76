import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { aNode } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { nodeIpamController } from './node-ipam.ts';
import { PodRanges } from './pod-ranges.ts';

const ranges = async (cluster: TestCluster): Promise<Readonly<Record<string, string | undefined>>> => {
  const nodes = await cluster.list(nodeKind);
  for (const { spec } of nodes) assert.deepEqual(spec.podCIDRs, spec.podCIDR === undefined ? undefined : [spec.podCIDR]);
  return Object.fromEntries(nodes.map(({ metadata, spec }) => [metadata.name, spec.podCIDR]));
};

describe('PodRanges', () => {
  const taking = (options: ConstructorParameters<typeof PodRanges>[0], count: number): readonly (string | undefined)[] => {
    const all = new PodRanges(options);
    return Array.from({ length: count }, (_, i) => all.take(`n${i}`));
  };

  it('are as wide as upstream makes them, unless there are more nodes', () => {
    assert.deepEqual(taking({ clusterCidr: '10.244.0.0/16', setAside: 64, nodes: 3 }, 3), [
      '10.244.0.0/24',
      '10.244.1.0/24',
      '10.244.2.0/24',
    ]);
    assert.deepEqual(taking({ clusterCidr: '10.244.0.0/20', setAside: 64, nodes: 20 }, 2), ['10.244.0.128/25', '10.244.1.0/25']);
    assert.deepEqual(taking({ clusterCidr: '10.244.8.0/25', setAside: 8, nodes: 1 }, 2), ['10.244.8.0/25', undefined]);
  });

  it('leave out those whose addresses nodes have, and have room for all nodes', () => {
    const all = taking({ clusterCidr: '10.128.0.0/16', setAside: 1000, nodes: 1000 }, 1000);
    assert.equal(all[0], '10.128.4.0/26');
    assert.equal(new Set(all).size, 1000);
    assert.ok(!all.includes(undefined));
  });
});

describe('nodeIpamController', () => {
  const clusterCidr = '10.244.0.0/22';

  it('gives each node a range of its own, and that of a deleted node to another', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeIpamController({ clusterCidr, setAside: 16, nodes: 3 })] });
    for (const name of ['n1', 'n2', 'n3', 'n4', 'n5']) {
      await cluster.apply(aNode(name));
      await cluster.settle();
    }
    const four = { n1: '10.244.0.0/24', n2: '10.244.1.0/24', n3: '10.244.2.0/24', n4: '10.244.3.0/24' };
    assert.deepEqual(await ranges(cluster), { ...four, n5: undefined });
    assert.deepEqual(await cluster.events(), ['Normal CIDRNotAvailable Node n5 status is now: CIDRNotAvailable']);
    await cluster.api(nodeKind).delete({ namespace: '', name: 'n2' });
    await cluster.pass(1000);
    const { n2, ...others } = four;
    assert.deepEqual(await ranges(cluster), { ...others, n5: n2 });
  });

  it('leaves the ranges alone that nodes have, also those that begin elsewhere', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeIpamController({ clusterCidr, setAside: 16, nodes: 3 })] });
    const having = (podCIDR: string) => ({ spec: { podCIDR, podCIDRs: [podCIDR] } });
    await cluster.apply(aNode('whole', having(clusterCidr)));
    await cluster.apply(aNode('small', having('10.244.0.128/26')));
    await cluster.apply(aNode('n1'));
    await cluster.settle();
    assert.deepEqual(await ranges(cluster), { whole: clusterCidr, small: '10.244.0.128/26', n1: '10.244.1.0/24' });
  });
});
