/** Old versions of what is no workload: their defaults, their own fields, and what they are stored as. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sending, testApp } from '../../server/http/test-app.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { sampleRequest } from '../kinds/certificates/testing/certificate-signing-request.ts';

const app = () => testApp();
type App = ReturnType<typeof app>;

/** Sends an object in an old version; the answer with its warning. */
async function post(to: App, path: string, object: JsonObject) {
  const answer = await to.fetch(path, sending('POST', object));
  const body = (await answer.json()) as JsonObject;
  assert.ok(answer.status < 300, JSON.stringify(body));
  return { body, warning: answer.headers.get('warning') };
}

const read = async (from: App, path: string): Promise<JsonObject> => {
  const { status, body } = await from.json(path);
  assert.equal(status, 200, JSON.stringify(body));
  return body as JsonObject;
};

const merging = (patch: JsonObject) => sending('PATCH', patch, { 'content-type': 'application/merge-patch+json' });

/** The value at a path of names and indexes. */
const at = (value: JsonValue | undefined, ...path: readonly (string | number)[]): JsonValue | undefined =>
  path.reduce<JsonValue | undefined>((found, step) => {
    if (typeof step === 'number') return Array.isArray(found) ? (found[step] as JsonValue) : undefined;
    return isObject(found) ? found[step] : undefined;
  }, value);

const deprecated = (text: string): string => `299 - "${text}"`;

describe('an autoscaler', () => {
  const target = { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' };
  const create = async (version: string, spec: JsonObject) => {
    const server = app();
    const answer = await post(server, `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`, {
      metadata: { name: 'a' },
      spec: { scaleTargetRef: target, maxReplicas: 3, ...spec },
    });
    return { ...answer, server, stored: await read(server, '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/a') };
  };

  it('of v2beta1 has metrics without targets, and keeps a behavior in an annotation', async () => {
    const { server, stored, body, warning } = await create('v2beta1', {
      metrics: [
        { type: 'Resource', resource: { name: 'memory', targetAverageValue: '100Mi' } },
        { type: 'Pods', pods: { metricName: 'hits', targetAverageValue: '5' } },
        { type: 'Object', object: { target, metricName: 'rate', targetValue: '0', averageValue: '2' } },
      ],
    });
    assert.equal(
      warning,
      deprecated(
        'autoscaling/v2beta1 HorizontalPodAutoscaler is deprecated in v1.22+, unavailable in v1.25+; use autoscaling/v2 HorizontalPodAutoscaler',
      ),
    );
    assert.deepEqual(at(stored, 'spec', 'metrics'), [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } },
      { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '5' } } },
      {
        type: 'Object',
        object: { describedObject: target, metric: { name: 'rate' }, target: { type: 'AverageValue', averageValue: '2' } },
      },
    ]);
    assert.deepEqual(body.status, { currentReplicas: 0, desiredReplicas: 0, currentMetrics: null, conditions: null });
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/a';
    const behavior = { scaleUp: { selectPolicy: 'Min' } };
    assert.equal((await server.json(path, merging({ spec: { behavior } }))).status, 200);
    const old = await read(server, '/apis/autoscaling/v2beta1/namespaces/default/horizontalpodautoscalers/a');
    assert.equal(at(old, 'spec', 'behavior'), undefined);
    assert.match(String(at(old, 'metadata', 'annotations', 'autoscaling.alpha.kubernetes.io/behavior')), /"SelectPolicy":"Min"/);
    const back = await server.json(
      '/apis/autoscaling/v2beta1/namespaces/default/horizontalpodautoscalers/a',
      sending('PUT', { ...old, spec: { ...(old.spec as JsonObject), maxReplicas: 9 } }),
    );
    assert.equal(back.status, 200);
    const again = await read(server, path);
    assert.deepEqual([at(again, 'spec', 'maxReplicas'), at(again, 'spec', 'behavior', 'scaleUp', 'selectPolicy')], [9, 'Min']);
    assert.equal(at(again, 'metadata', 'annotations'), undefined);
  });

  it('scales by CPU when its old version names no metric', async () => {
    for (const version of ['v2beta1', 'v2beta2']) {
      const { stored } = await create(version, {});
      assert.deepEqual(at(stored, 'spec', 'metrics', 0, 'resource', 'target'), { type: 'Utilization', averageUtilization: 80 });
    }
  });

  it('of v2beta2 is one of v2 without tolerances', async () => {
    const { server } = await create('v2beta2', { behavior: { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } } });
    const body = await read(server, '/apis/autoscaling/v2beta2/namespaces/default/horizontalpodautoscalers/a');
    assert.deepEqual(at(body, 'spec', 'behavior', 'scaleDown'), {
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
    });
    assert.deepEqual(at(body, 'status', 'conditions'), null);
  });
});

describe('an EndpointSlice of v1beta1', () => {
  const slice = (topology: JsonObject) => ({
    metadata: { name: 'a' },
    addressType: 'IPv4',
    ports: [],
    endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'n', topology }],
  });

  it('tells zone and node in its topology', async () => {
    const server = app();
    const topology = { 'topology.kubernetes.io/zone': 'z', 'kubernetes.io/hostname': 'n', 'example.com/rack': '7' };
    const path = '/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices';
    await post(server, path, slice(topology));
    const stored = await read(server, '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/a');
    const { zone, nodeName, deprecatedTopology } = at(stored, 'endpoints', 0) as JsonObject;
    assert.deepEqual([zone, nodeName, deprecatedTopology], ['z', 'n', { 'example.com/rack': '7' }]);
    assert.deepEqual(at(await read(server, `${path}/a`), 'endpoints', 0, 'topology'), topology);
  });
});

describe('an Event of v1beta1', () => {
  it('is asked for no more than one of core/v1, and found by the labels of its fields', async () => {
    const server = app();
    const path = '/apis/events.k8s.io/v1beta1/namespaces/default/events';
    const { warning } = await post(server, path, {
      metadata: { name: 'a' },
      regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
      note: 'hi',
      deprecatedCount: 2,
    });
    assert.equal(warning, deprecated('events.k8s.io/v1beta1 Event is deprecated in v1.22+, unavailable in v1.25+'));
    const stored = await read(server, '/api/v1/namespaces/default/events/a');
    assert.deepEqual([stored.message, stored.count, at(stored, 'involvedObject', 'name')], ['hi', 2, 'p']);
    assert.equal((at(await read(server, `${path}?fieldSelector=regarding.name%3Dp`), 'items') as JsonValue[]).length, 1);
  });
});

describe('a webhook configuration of v1beta1', () => {
  it('fails open, matches exactly, waits longer, and may have side effects', async () => {
    const server = app();
    const hook = { name: 'a.example.com', clientConfig: { url: 'https://example.com/hook' } };
    await post(server, '/apis/admissionregistration.k8s.io/v1beta1/mutatingwebhookconfigurations', {
      metadata: { name: 'a' },
      webhooks: [hook, hook],
    });
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/a';
    const stored = await read(server, path);
    const { failurePolicy, matchPolicy, sideEffects, timeoutSeconds, admissionReviewVersions, reinvocationPolicy } = at(
      stored,
      'webhooks',
      0,
    ) as JsonObject;
    assert.deepEqual(
      [failurePolicy, matchPolicy, sideEffects, timeoutSeconds, admissionReviewVersions, reinvocationPolicy],
      ['Ignore', 'Exact', 'Unknown', 30, ['v1beta1'], 'Never'],
    );
    assert.equal((await server.json(path, sending('PUT', stored))).status, 200, 'v1 keeps what is stored already');
    const { metadata: _, ...copy } = stored;
    const refused = await server.json(
      '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
      sending('POST', { ...copy, metadata: { name: 'b' } }),
    );
    assert.equal(refused.status, 422, 'and takes no new one');
  });
});

describe('a certificate request of v1beta1', () => {
  /** Of system:node:n, in the organization system:nodes. */
  const kubeletRequest = [
    'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIck1JR1JBZ0VBTUM4eEZUQVRCZ05WQkFvTURITjVjM1JsYlRw',
    'dWIyUmxjekVXTUJRR0ExVUVBd3dOYzNsegpkR1Z0T201dlpHVTZiakJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFC',
    'TU4rSlAwRTlmSGxtUDhrCjF0dDd2Si80MnFzdE1YQmx2dXVhN1RwK0JSaXJ2Rks1WFdONVBKY21GWSszenhvbG0wNXNQRGV1MU1N',
    'UmlqYXMKRklCVlRMNmdBREFLQmdncWhrak9QUVFEQWdOSkFEQkdBaUVBdkZFcnovWGJiblhleCtGRk41a1c3VkRXbUZTcQpqS2Y1',
    'WEVzTFpiV1BSMUlDSVFDTWhhaEJGcTVqbjgrSFZQa3Rpa3Yvc3FCcUlPQWZSbXQ4RFVtM0ZyVzhkZz09Ci0tLS0tRU5EIENFUlRJ',
    'RklDQVRFIFJFUVVFU1QtLS0tLQo=',
  ].join('');

  it('gets its signer from what it asks for, and usages', async () => {
    const cases = [
      [{ request: sampleRequest }, 'kubernetes.io/legacy-unknown', ['digital signature', 'key encipherment']],
      [
        { request: kubeletRequest, usages: ['digital signature', 'client auth'] },
        'kubernetes.io/kube-apiserver-client-kubelet',
        ['digital signature', 'client auth'],
      ],
    ] as const;
    for (const [spec, signer, usages] of cases) {
      const server = app();
      const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests/a';
      await post(server, '/apis/certificates.k8s.io/v1beta1/certificatesigningrequests', { metadata: { name: 'a' }, spec });
      const stored = await read(server, path);
      assert.deepEqual([at(stored, 'spec', 'signerName'), at(stored, 'spec', 'usages')], [signer, usages]);
      const conditions = [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }];
      const approval = { ...stored, status: { conditions } };
      assert.equal((await server.json(`${path}/approval`, sending('PUT', approval))).status, 200, 'v1 approves it');
    }
  });
});

describe('a priority level of an old version', () => {
  const level = (limited: JsonObject) => ({
    metadata: { name: 'a' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...limited } },
  });
  const shares = async (version: string, object: JsonObject) => {
    const server = app();
    const path = (of: string) => `/apis/flowcontrol.apiserver.k8s.io/${of}/prioritylevelconfigurations`;
    await post(server, path(version), object);
    const stored = await read(server, `${path('v1')}/a`);
    return [at(stored, 'spec', 'limited', 'nominalConcurrencyShares'), await read(server, `${path(version)}/a`), stored] as const;
  };

  it('has shares of another name, and at least one', async () => {
    for (const version of ['v1beta1', 'v1beta2']) {
      const [given, shown] = await shares(version, level({ assuredConcurrencyShares: 7 }));
      assert.deepEqual([given, at(shown, 'spec', 'limited', 'assuredConcurrencyShares')], [7, 7]);
      assert.equal((await shares(version, level({ assuredConcurrencyShares: 0 })))[0], 30);
    }
    const refused = await app().json(
      '/apis/flowcontrol.apiserver.k8s.io/v1beta2/prioritylevelconfigurations',
      sending('POST', level({ assuredConcurrencyShares: -1 })),
    );
    assert.match(String(refused.body.message), /spec\.limited\.assuredConcurrencyShares: Invalid value: -1/);
  });

  it('needs an annotation in v1beta3 to have none', async () => {
    const key = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';
    assert.equal((await shares('v1beta3', level({ nominalConcurrencyShares: 0 })))[0], 30);
    const annotated = { ...level({}), metadata: { name: 'a', annotations: { [key]: '' } } };
    const [given, shown, stored] = await shares('v1beta3', annotated);
    assert.deepEqual([given, at(shown, 'metadata', 'annotations'), at(stored, 'metadata', 'annotations')], [0, { [key]: '' }, undefined]);
  });
});

describe('reviews of v1beta1', () => {
  it('name the groups of a user otherwise', async () => {
    const { body, warning } = await post(app(), '/apis/authorization.k8s.io/v1beta1/subjectaccessreviews', {
      spec: { group: ['system:masters'], resourceAttributes: { verb: 'get', resource: 'pods' } },
    });
    assert.equal(
      warning,
      deprecated(
        'authorization.k8s.io/v1beta1 SubjectAccessReview is deprecated in v1.19+, unavailable in v1.22+; use authorization.k8s.io/v1 SubjectAccessReview',
      ),
    );
    assert.deepEqual(
      [body.apiVersion, at(body, 'spec', 'group'), at(body, 'status', 'allowed')],
      ['authorization.k8s.io/v1beta1', ['system:masters'], true],
    );
  });

  it('are served for tokens too', async () => {
    const { body, warning } = await post(app(), '/apis/authentication.k8s.io/v1beta1/tokenreviews', { spec: { token: 'x' } });
    assert.deepEqual([body.apiVersion, body.kind, at(body, 'spec', 'token')], ['authentication.k8s.io/v1beta1', 'TokenReview', 'x']);
    assert.match(String(warning), /TokenReview is deprecated in v1\.19\+/);
  });
});

describe('scale in old versions', () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };

  it('tells the selector as a map and as a text', async () => {
    const server = app();
    const selector = { matchLabels: { app: 'web' } };
    await post(server, '/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'a' }, spec: { template, selector } });
    for (const version of ['extensions/v1beta1', 'apps/v1beta1', 'apps/v1beta2']) {
      const path = `/apis/${version}/namespaces/default/deployments/a/scale`;
      const scale = await read(server, path);
      assert.deepEqual([scale.apiVersion, scale.kind], [version, 'Scale']);
      assert.deepEqual(scale.status, { replicas: 0, selector: { app: 'web' }, targetSelector: 'app=web' });
      const { status, body } = await server.json(path, sending('PUT', { ...scale, spec: { replicas: 4 } }));
      assert.deepEqual([status, body.apiVersion, at(body as JsonObject, 'spec', 'replicas')], [200, version, 4]);
      const patched = await server.json(path, merging({ spec: { replicas: 1 } }));
      assert.equal(at(patched.body as JsonObject, 'spec', 'replicas'), 1);
    }
    assert.equal(at(await read(server, '/apis/apps/v1/namespaces/default/deployments/a/scale'), 'apiVersion'), 'autoscaling/v1');
    const listed = await read(server, '/apis/apps/v1beta2');
    const found = (listed.resources as readonly JsonObject[]).find(({ name }) => name === 'deployments/scale');
    // One of the same group and version has neither in discovery.
    assert.deepEqual([found?.group, found?.version, found?.kind], [undefined, undefined, 'Scale']);
  });

  it('has no map when the selector is more than labels', async () => {
    const server = app();
    const matchExpressions = [{ key: 'app', operator: 'In', values: ['web', 'x'] }];
    await post(server, '/apis/apps/v1/namespaces/default/replicasets', {
      metadata: { name: 'a' },
      spec: { template, selector: { matchExpressions } },
    });
    const { status } = await read(server, '/apis/extensions/v1beta1/namespaces/default/replicasets/a/scale');
    assert.deepEqual(status, { replicas: 0, targetSelector: 'app in (web,x)' });
  });
});

describe('an eviction of policy/v1beta1', () => {
  it('is taken as one of v1', async () => {
    const server = app();
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await post(server, '/api/v1/namespaces/default/pods', pod);
    const eviction = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'p' } };
    const { body } = await post(server, '/api/v1/namespaces/default/pods/p/eviction', eviction);
    assert.equal(body.status, 'Success');
  });
});
