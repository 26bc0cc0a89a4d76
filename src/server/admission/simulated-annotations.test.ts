import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pod, sending, testApp } from '../http/test-app.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { simulatedAnnotations } from './simulated-annotations.ts';

describe('SimulatedAnnotations', () => {
  it('refuses pods that say what cannot be done, when they are made and when they are changed', async () => {
    const { json } = testApp({}, createMemoryStore(), [simulatedAnnotations()]);
    const pods = '/api/v1/namespaces/default/pods';
    await json('/api/v1/namespaces', sending('POST', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }));
    const annotated = (cpu: string) => ({ ...pod('a'), metadata: { name: 'a', annotations: { 'simulated.minik.io/cpu': cpu } } });
    const { status, body } = await json(pods, sending('POST', annotated('much')));
    assert.equal(status, 422);
    assert.match(
      String(body.message),
      /^Pod "a" is invalid: metadata\.annotations\[simulated\.minik\.io\/cpu\]: Invalid value: "much": quantities must match/,
    );
    assert.equal((await json(pods, sending('POST', annotated('250m')))).status, 201);
    const patch = (cpu: string) =>
      sending('PATCH', { metadata: annotated(cpu).metadata }, { 'content-type': 'application/merge-patch+json' });
    assert.equal((await json(`${pods}/a`, patch('-1'))).status, 422);
    assert.equal((await json(`${pods}/a`, patch('1'))).status, 200);
  });
});
