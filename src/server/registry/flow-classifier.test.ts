import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserInfo } from '../../api/requests.ts';
import { bootstrapFlowControl } from './bootstrap-flow-control.ts';
import { type ClassifiedRequest, FlowClassifier } from './flow-classifier.ts';
import { TestRegistry } from './test-registry.ts';

const user = (name: string, ...groups: string[]): UserInfo => ({ name, uid: '', groups: [...groups, 'system:authenticated'], extra: {} });
const asking = (more: Partial<ClassifiedRequest> = {}): ClassifiedRequest => ({
  isResourceRequest: true,
  verb: 'get',
  path: '/api/v1/namespaces/default/pods',
  apiGroup: '',
  namespace: 'default',
  resource: 'pods',
  subresource: '',
  ...more,
});

describe('FlowClassifier', () => {
  it('finds the schema that upstream finds, by precedence', async () => {
    const test = new TestRegistry();
    const flows = new FlowClassifier(test.store);
    assert.equal(flows.classify(user('jane'), asking()), undefined);
    const options = { signal: test.context.signal, setTimer: () => assert.fail('nothing needs to be tried again') };
    await bootstrapFlowControl(test.registry, test.context, options);
    const schemaOf = async (who: UserInfo, request = asking()): Promise<string> => {
      const found = flows.classify(who, request);
      for (const name of await test.names('flowschemas.flowcontrol.apiserver.k8s.io', '')) {
        const { metadata } = await test.get('flowschemas.flowcontrol.apiserver.k8s.io', name);
        if (metadata.uid === found?.flowSchemaUid) return name;
      }
      return '';
    };
    const lease = asking({ apiGroup: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system' });
    const healthz = asking({ isResourceRequest: false, path: '/healthz', resource: '', namespace: '' });
    const account = 'system:serviceaccount:team:bot';
    assert.deepEqual(
      [
        await schemaOf(user('admin', 'system:masters')),
        await schemaOf(user('jane')),
        await schemaOf(user('jane'), healthz),
        await schemaOf(user('system:node:a', 'system:nodes')),
        await schemaOf(user('system:node:a', 'system:nodes'), lease),
        await schemaOf(user('system:kube-scheduler')),
        await schemaOf(user('system:kube-scheduler'), lease),
        await schemaOf(user(account, 'system:serviceaccounts')),
        await schemaOf(user('system:serviceaccount:kube-system:c', 'system:serviceaccounts')),
        await schemaOf({ ...user('nobody'), groups: [] }),
      ],
      [
        'exempt',
        'global-default',
        'probes',
        'system-nodes',
        'system-node-high',
        'kube-scheduler',
        'system-leader-election',
        'service-accounts',
        'kube-system-service-accounts',
        '',
      ],
    );
  });
});
