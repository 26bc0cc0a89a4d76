import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeMetrics, PodMetrics } from '../../../../api/generated/metrics/v1beta1.ts';
import { nodeTable, type PodTableOptions, podTable } from './usage-table.ts';

// The tables read names and usages only.
const node = (name: string, cpu: string, memory: string) => ({ metadata: { name }, usage: { cpu, memory } }) as unknown as NodeMetrics;
const pod = (namespace: string, name: string, ...containers: readonly (readonly [string, string, string])[]) =>
  ({
    metadata: { namespace, name },
    containers: containers.map(([of, cpu, memory]) => ({ name: of, usage: { cpu, memory } })),
  }) as unknown as PodMetrics;

const lines = (text: string): readonly string[] => text.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '));

describe('the usage of nodes', () => {
  const available = new Map([
    ['a', { cpu: '2', memory: '1Gi' }],
    ['b', { cpu: '0', memory: '1Gi' }],
    ['gone', {}],
  ]);
  const metrics = [node('b', '100m', '100Mi'), node('a', '1234567890n', '512Mi')];

  it('is shown in amounts and parts, and as unknown where it is', () => {
    assert.deepEqual(lines(nodeTable(metrics, { available, headers: true, sortBy: '', swap: false })), [
      'NAME  CPU(cores)  CPU(%)  MEMORY(bytes)  MEMORY(%)  ',
      'a  1235m  61%  512Mi  50%  ',
      'b  100m  0%  100Mi  9%  ',
      'gone  <unknown>  <unknown>  <unknown>  <unknown>  ',
      '',
    ]);
  });

  it('is sorted by size', () => {
    const first = (sortBy: 'cpu' | 'memory') => nodeTable(metrics, { available: new Map(), headers: false, sortBy, swap: false })[0];
    assert.deepEqual([first('cpu'), first('memory')], ['a', 'a']);
    assert.equal(nodeTable([], { available: new Map(), headers: false, sortBy: '', swap: false }), '');
  });
});

describe('the usage of pods', () => {
  const metrics = [
    pod('two', 'x', ['c', '5m', '1Mi']),
    pod('one', 'z', ['c', '1m', '3Mi'], ['b', '2m', '1Mi']),
    pod('one', 'y', ['c', '4m', '2Mi']),
  ];
  const plain: PodTableOptions = { containers: false, namespaces: false, headers: true, sortBy: '', sum: false, swap: false };

  it('is that of all containers, or of each', () => {
    assert.deepEqual(lines(podTable(metrics, plain)), [
      'NAME  CPU(cores)  MEMORY(bytes)  ',
      'x  5m  1Mi  ',
      'y  4m  2Mi  ',
      'z  3m  4Mi  ',
      '',
    ]);
    assert.deepEqual(lines(podTable(metrics, { ...plain, containers: true, namespaces: true })), [
      'NAMESPACE  POD  NAME  CPU(cores)  MEMORY(bytes)  ',
      'one  y  c  4m  2Mi  ',
      'one  z  b  2m  1Mi  ',
      'one  z  c  1m  3Mi  ',
      'two  x  c  5m  1Mi  ',
      '',
    ]);
  });

  it('is sorted by size and added up', () => {
    assert.deepEqual(lines(podTable(metrics, { ...plain, sortBy: 'memory', sum: true })), [
      'NAME  CPU(cores)  MEMORY(bytes)  ',
      'z  3m  4Mi  ',
      'y  4m  2Mi  ',
      'x  5m  1Mi  ',
      '  ________  ________  ',
      '  12m  7Mi  ',
      '',
    ]);
  });
});
