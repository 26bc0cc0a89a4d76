import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import { fieldValue, resourceValue } from './field-ref.ts';

const facts = { podIp: '10.244.0.9', hostIp: '10.0.0.1', allocatable: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi' } };
const metadata = {
  ...{ name: 'web', namespace: 'shop', uid: 'u-1' },
  labels: { b: '2', a: '1' },
  annotations: { note: 'line one\nsays "hello" \u0001 ü' },
};
const podWith = (resources: object | undefined, own: object): readonly [Pod, Container] => {
  const container = { name: 'main', resources: own };
  // Partial: the code under test reads no other fields.
  return [
    { metadata, spec: { nodeName: 'minik', serviceAccountName: 'robot', resources, containers: [container] } } as unknown as Pod,
    container as unknown as Container,
  ];
};

describe('a field of a pod', () => {
  it('is told by its path: names, addresses, one label or all, quoted as Go quotes', () => {
    const [pod] = podWith(undefined, {});
    const values: Readonly<Record<string, string | undefined>> = {
      'metadata.name': 'web',
      'metadata.namespace': 'shop',
      'metadata.uid': 'u-1',
      'metadata.labels': 'a="1"\nb="2"',
      "metadata.labels['a']": '1',
      "metadata.labels['none']": '',
      'metadata.annotations': String.raw`note="line one\nsays \"hello\" \x01 ü"`,
      "metadata.annotations['note']": metadata.annotations.note,
      'spec.nodeName': 'minik',
      'spec.serviceAccountName': 'robot',
      'status.hostIP': '10.0.0.1',
      'status.hostIPs': '10.0.0.1',
      'status.podIP': '10.244.0.9',
      'status.podIPs': '10.244.0.9',
      'spec.hostname': undefined,
    };
    for (const [path, value] of Object.entries(values)) assert.equal(fieldValue(pod, path, facts), value, path);
  });
});

describe('an amount of a container', () => {
  it('is in units of the divisor, rounded up', () => {
    const [pod, container] = podWith(undefined, { requests: { cpu: '250m', memory: '33Mi' }, limits: { cpu: '1500m', memory: '64Mi' } });
    const value = (resource: string, divisor = '0') => resourceValue(pod, container, { resource, divisor }, facts);
    assert.deepEqual(
      [value('requests.cpu'), value('requests.cpu', '1m'), value('limits.cpu'), value('limits.cpu', '1')],
      ['1', '250', '2', '2'],
    );
    assert.deepEqual([value('requests.memory'), value('limits.memory', '1Mi'), value('limits.memory', '10Mi')], ['34603008', '64', '7']);
    assert.equal(value('requests.ephemeral-storage'), '0');
  });

  it('that is no limit of its own is that of the pod, or what the node can give', () => {
    const limits = (ofPod: object | undefined, own: object) => {
      const [pod, container] = podWith(ofPod, own);
      return ['cpu', 'memory', 'ephemeral-storage'].map((name) =>
        resourceValue(pod, container, { resource: `limits.${name}`, divisor: '0' }, facts),
      );
    };
    const [gib, disk] = [1024 ** 3, String(100 * 1024 ** 3)];
    assert.deepEqual(limits(undefined, {}), ['4', String(8 * gib), disk]);
    assert.deepEqual(limits({ limits: { cpu: '2' } }, {}), ['2', String(8 * gib), disk]);
    assert.deepEqual(limits({ limits: { cpu: '2', memory: '2Gi' } }, { limits: { memory: '1Gi', cpu: '0' } }), ['2', String(gib), disk]);
  });
});
