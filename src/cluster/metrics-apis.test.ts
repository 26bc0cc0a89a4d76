import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { describe, it } from 'node:test';
import type { MetricsRequest } from '../controllers/pod-autoscaler/metrics-apis.ts';
import type { RemoteApi } from '../server/aggregation/remote-apis.ts';
import type { MetricsQuery } from '../server/resource-metrics/resource-metrics.ts';
import { metricsApis } from './metrics-apis.ts';

const user = { name: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler', uid: '', groups: [], extra: {} };

/** An APIService with a Service. Only the members that are read. */
const api = (group: string, version: string, versionPriority: number, available: boolean): RemoteApi =>
  ({
    metadata: { name: `${version}.${group}` },
    spec: { group, version, versionPriority, service: { name: 'adapter', namespace: 'default' } },
    status: { conditions: [{ type: 'Available', status: available ? 'True' : 'False' }] },
  }) as unknown as RemoteApi;

function apis(
  registered: readonly RemoteApi[] = [],
  more: { readonly allowed?: boolean; readonly answer?: { status: number; text: string } } = {},
) {
  const asked: (string | MetricsQuery)[] = [];
  const { allowed = true, answer } = more;
  const made = metricsApis({
    user,
    authorizer: { authorize: ({ verb, resource }) => ({ allowed, reason: allowed ? '' : `${verb} ${resource}` }) },
    remote: {
      known: { all: registered, find: (group, version) => registered.find(({ spec }) => spec.group === group && spec.version === version) },
      connections: {
        to: () => ({ host: '10.0.0.1', port: 443, serverName: 'adapter.default.svc', agent: new Agent() }),
        ask: async (_to, path, who) => {
          asked.push(`${path} ${who.name === user.name}`);
          if (answer === undefined) throw new Error('connect ECONNREFUSED');
          return answer;
        },
      },
    },
    own: {
      pods: async (query) => {
        asked.push(query);
        return [];
      },
    },
  });
  return { made, asked };
}

const pods: MetricsRequest = {
  ...{ group: 'metrics.k8s.io', version: 'v1beta1', namespace: 'ns', resource: 'pods', name: '', subresource: '' },
  query: { labelSelector: 'app=web' },
};
const custom: MetricsRequest = {
  ...{ group: 'custom.metrics.k8s.io', version: 'v1beta2', namespace: 'ns', resource: 'pods', name: '*', subresource: 'qps' },
  query: { labelSelector: 'app=web', metricLabelSelector: 'a=b' },
};

describe('the metrics APIs of the autoscaler', () => {
  it('are this server’s own unless a Service serves them', async () => {
    const { made, asked } = apis();
    assert.deepEqual(await made.get(pods), { items: [] });
    assert.deepEqual(asked, [{ namespace: 'ns', name: undefined, labelSelector: 'app=web', fieldSelector: '' }]);
    const other = apis([api('metrics.k8s.io', 'v1beta1', 100, true)], { answer: { status: 200, text: '{"items":[{}]}' } });
    assert.deepEqual(await other.made.get(pods), { items: [{}] });
    assert.deepEqual(other.asked, ['/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods?labelSelector=app%3Dweb true']);
  });

  it('are asked by the paths of custom metrics, in the preferred version', async () => {
    const registered = [api(custom.group, 'v1beta1', 100, true), api(custom.group, 'v1beta2', 200, true), api('other', 'v1', 1, true)];
    const { made, asked } = apis(registered, { answer: { status: 200, text: '{}' } });
    assert.deepEqual(made.versionsOf(custom.group), ['v1beta2', 'v1beta1']);
    await made.get(custom);
    assert.deepEqual(asked, [
      '/apis/custom.metrics.k8s.io/v1beta2/namespaces/ns/pods/*/qps?labelSelector=app%3Dweb&metricLabelSelector=a%3Db true',
    ]);
  });

  it('fail in client-go’s words', async () => {
    const message = async (registered: readonly RemoteApi[], request: MetricsRequest, answer?: { status: number; text: string }) => {
      const { made } = apis(registered, answer === undefined ? {} : { answer });
      return made.get(request).then(
        () => 'answered',
        (error: Error) => error.message,
      );
    };
    const up = [api(custom.group, 'v1beta2', 1, true)];
    const notThere = 'the server could not find the requested resource (get pods.custom.metrics.k8s.io *)';
    const away = 'the server is currently unable to handle the request (get pods.custom.metrics.k8s.io *)';
    assert.equal(await message([], custom), notThere);
    assert.equal(await message([api(custom.group, 'v1beta2', 1, false)], custom), away);
    assert.equal(await message(up, custom), away);
    assert.equal(await message(up, custom, { status: 404, text: '404 page not found\n' }), notThere);
    const status = JSON.stringify({ kind: 'Status', code: 404, reason: 'NotFound', message: 'no such metric', details: {} });
    assert.equal(await message(up, custom, { status: 404, text: status }), 'no such metric');
    assert.match(await message(up, custom, { status: 500, text: '' }), /status code 500 .*\(get pods\.custom\.metrics\.k8s\.io \*\)$/);
  });

  it('are refused to whom may not read them', async () => {
    const { made, asked } = apis([], { allowed: false });
    await assert.rejects(made.get(pods), {
      message: /cannot list resource "pods" in API group "metrics.k8s.io" in the namespace "ns": list pods$/,
    });
    await assert.rejects(made.get(custom), { message: /cannot get resource "pods\/qps"/ });
    assert.deepEqual(asked, []);
  });
});
