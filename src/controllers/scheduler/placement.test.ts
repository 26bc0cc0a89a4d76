import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compareDecisions, recordedClusters, recordedDecisions, type UpstreamDecisions } from './testing/decisions.ts';

/** Clusters that are compared in one test. */
const together = 20;

// Written by scripts/placement --record.
const recorded = readFileSync(recordedDecisions, 'utf8').trimEnd().split('\n');

describe("the scheduler's decisions", () => {
  it('are compared in all clusters that were recorded', () => {
    assert.equal(recorded.length, recordedClusters);
    const all = recorded.flatMap((line) => Object.values(JSON.parse(line) as UpstreamDecisions));
    assert.ok(
      all.some(({ victims = [] }) => victims.length > 1),
      'some evict',
    );
    for (const plugin of ['InterPodAffinity', 'PodTopologySpread', 'NodeAffinity', 'TaintToleration', 'ImageLocality']) {
      assert.ok(
        all.some(({ scores = {} }) => Object.values(scores).some((scored) => (scored[plugin] ?? 0) > 0)),
        `some are rated by ${plugin}`,
      );
    }
  });

  for (let first = 1; first <= recordedClusters; first += together) {
    it(`are upstream's in the generated clusters ${first} to ${first + together - 1}`, async () => {
      for (let seed = first; seed < first + together; seed++) {
        const difference = await compareDecisions(seed, JSON.parse(recorded[seed - 1] ?? '{}') as UpstreamDecisions);
        assert.equal(difference, undefined, `cluster ${seed}: ${difference}`);
      }
    });
  }
});
