/** Plays the scenarios with minik's controllers and scheduler, and compares with what upstream's led to. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { describeDifferences } from '../oracle/compare.ts';
import { DifferenceFilter, loadKnownDifferences } from '../oracle/known-differences.ts';
import { compareObservations } from './compare.ts';
import { recordedFacts } from './facts.ts';
import { FakeNodes } from './fake-kubelet.ts';
import { startMinikSide } from './minik-side.ts';
import { Observer } from './observer.ts';
import { loadScenarios, play } from './scenario.ts';
import type { Side } from './side.ts';

describe("minik's controllers and scheduler lead to what upstream's lead to", () => {
  const filter = new DifferenceFilter(loadKnownDifferences('controllers'));
  let side: Side;
  let observer: Observer;
  let nodes: FakeNodes;
  before(async () => {
    side = await startMinikSide();
    observer = new Observer(side.client);
    nodes = await FakeNodes.make(side);
  });
  after(async () => {
    await observer.stop();
    await side.stop();
  });

  for (const scenario of loadScenarios()) {
    it(scenario.name, async () => {
      const recorded = recordedFacts(scenario.name);
      assert.equal(recorded.length, scenario.steps.length, `record it anew: scripts/side-by-side --record ${scenario.name}`);
      const unknown = filter.unknown(compareObservations(scenario.name, recorded, await play(scenario, { side, observer, nodes })));
      assert.equal(describeDifferences(unknown), '');
    });
  }

  it('with every difference that is listed, and no other', () => {
    assert.deepEqual(filter.vanished(), []);
  });
});
