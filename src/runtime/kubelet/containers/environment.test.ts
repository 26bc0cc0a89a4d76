import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigMap, Container, Pod, Secret, Service } from '../../../api/generated/core/v1.ts';
import type { PodSources } from '../pods/pod-sources.ts';
import { containerEnvironment } from './environment.ts';

const service = (name: string, namespace: string, ports: readonly object[], clusterIP = '10.96.0.5'): Service =>
  ({ metadata: { name, namespace }, spec: { clusterIP, ports } }) as unknown as Service; // only what is read
const services = [
  service('kubernetes', 'default', [{ name: 'https', port: 443, protocol: 'TCP' }], '10.96.0.1'),
  service('my-db', 'shop', [{ name: 'sql', port: 3306, protocol: 'TCP' }]),
  service('headless', 'shop', [{ port: 1, protocol: 'TCP' }], 'None'),
  service('other', 'elsewhere', [{ port: 1, protocol: 'TCP' }]),
];
const encode = (text: string): string => Buffer.from(text).toString('base64');
const sources: PodSources = {
  configMap: async (_, name) => (name === 'cfg' ? ({ data: { A: 'from-cfg', B: 'b' } } as unknown as ConfigMap) : undefined),
  secret: async (_, name) => (name === 'key' ? ({ data: { S: encode('secret') } } as unknown as Secret) : undefined),
  claim: () => Promise.resolve(undefined),
  volume: () => Promise.resolve(undefined),
  runtimeClass: async () => undefined,
  services: () => services,
  token: () => Promise.reject(new Error('not asked for')),
};

function environment(fields: Partial<Container>, spec: object = {}): Promise<Record<string, string>> {
  const container = { name: 'main', resources: { limits: { memory: '64Mi', cpu: '1500m' } }, ...fields } as Container;
  const metadata = { name: 'web', namespace: 'shop', uid: 'u-1', labels: { app: 'web' }, annotations: {} };
  const pod = { metadata, spec: { containers: [container], nodeName: 'minik', ...spec } } as unknown as Pod;
  const facts = { podIp: '10.244.0.9', hostIp: '10.0.0.1', allocatable: { cpu: '4', memory: '8Gi' } };
  return containerEnvironment({ pod, container, sources, facts, volumeFile: async () => undefined }).then((env) => Object.fromEntries(env));
}

describe('environment', () => {
  it('tells of the Services of the namespace and of the API', async () => {
    const env = await environment({});
    assert.equal(env.MY_DB_SERVICE_HOST, '10.96.0.5');
    assert.equal(env.MY_DB_SERVICE_PORT, '3306');
    assert.equal(env.MY_DB_SERVICE_PORT_SQL, '3306');
    assert.equal(env.MY_DB_PORT, 'tcp://10.96.0.5:3306');
    assert.equal(env.MY_DB_PORT_3306_TCP_ADDR, '10.96.0.5');
    assert.equal(env.KUBERNETES_SERVICE_HOST, '10.96.0.1');
    assert.equal(env.HEADLESS_SERVICE_HOST, undefined);
    assert.equal(env.OTHER_SERVICE_HOST, undefined);
    const unlinked = await environment({}, { enableServiceLinks: false });
    assert.equal(unlinked.MY_DB_SERVICE_HOST, undefined);
    assert.equal(unlinked.KUBERNETES_SERVICE_HOST, '10.96.0.1');
  });

  it('joins sources, values and references, later ones winning', async () => {
    const env = await environment({
      envFrom: [
        { configMapRef: { name: 'cfg' } },
        { prefix: 'P_', secretRef: { name: 'key' } },
        { configMapRef: { name: 'absent', optional: true } },
      ],
      env: [
        { name: 'A', value: 'own' },
        { name: 'URL', value: 'db=$(MY_DB_SERVICE_HOST) a=$(A) later=$(LATER) $$(A)' },
        { name: 'LATER', value: 'x' },
        { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'key', key: 'S' } } },
        { name: 'OPTIONAL', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'nope', optional: true } } },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      ],
    } as unknown as Partial<Container>);
    assert.equal(env.A, 'own');
    assert.equal(env.B, 'b');
    assert.equal(env.P_S, 'secret');
    assert.equal(env.URL, 'db=10.96.0.5 a=own later=$(LATER) $(A)');
    assert.equal(env.SECRET, 'secret');
    assert.equal('OPTIONAL' in env, false);
    assert.equal(env.IP, '10.244.0.9');
    assert.equal(env.APP, 'web');
    assert.equal(env.MEMORY, '64');
    assert.equal(env.CPU, '2');
  });

  it('says what is missing', async () => {
    const missing = (valueFrom: object): Promise<unknown> =>
      environment({ env: [{ name: 'X', valueFrom }] } as unknown as Partial<Container>);
    const reason = 'CreateContainerConfigError';
    await assert.rejects(missing({ configMapKeyRef: { name: 'no', key: 'k' } }), { reason, message: 'configmap "no" not found' });
    await assert.rejects(missing({ secretKeyRef: { name: 'no', key: 'k' } }), { reason, message: 'secret "no" not found' });
    await assert.rejects(missing({ secretKeyRef: { name: 'key', key: 'k' } }), {
      reason,
      message: "couldn't find key k in Secret shop/key",
    });
    await assert.rejects(environment({ envFrom: [{ secretRef: { name: 'no' } }] }), { reason, message: 'secret "no" not found' });
  });
});
