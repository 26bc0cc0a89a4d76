/** The command behind scripts/side-by-side. */

import { describeDifferences } from '../oracle/compare.ts';
import { DifferenceFilter, type FoundDifference, loadKnownDifferences } from '../oracle/known-differences.ts';
import { compareObservations } from './compare.ts';
import { recordedFacts, recordFacts } from './facts.ts';
import { FakeNodes } from './fake-kubelet.ts';
import { startMinikSide } from './minik-side.ts';
import { Observer } from './observer.ts';
import { startRealSide } from './real-side.ts';
import { loadScenarios, type Observation, play, type Scenario } from './scenario.ts';
import type { Side } from './side.ts';

/** Upstream's controllers wait in real time, for many scenarios at once. */
const atOnce = 8;

async function playAll(side: Side, scenarios: readonly Scenario[], width: number): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const observer = new Observer(side.client);
  try {
    const stage = { side, observer, nodes: await FakeNodes.make(side) };
    const found = new Map<string, readonly Observation[]>();
    const playOne = async (scenario: Scenario): Promise<void> => {
      found.set(scenario.name, await play(scenario, stage));
      console.log(`played ${scenario.name}`);
    };
    const left = scenarios.filter(({ changesNodes }) => !changesNodes);
    const work = async (): Promise<void> => {
      for (let scenario = left.shift(); scenario !== undefined; scenario = left.shift()) await playOne(scenario);
    };
    await Promise.all(Array.from({ length: width }, work));
    for (const scenario of scenarios) if (scenario.changesNodes) await playOne(scenario);
    return found;
  } finally {
    await observer.stop();
    await side.stop();
  }
}

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknownOption = options.find((option) => option !== '--record' && option !== '--recorded');
if (unknownOption !== undefined) throw new Error(`unknown option ${unknownOption}; there are --record and --recorded`);
const scenarios = loadScenarios().filter(({ name }) => names.length === 0 || names.includes(name));
if (scenarios.length === 0)
  throw new Error(
    `no such scenario; there are ${loadScenarios()
      .map(({ name }) => name)
      .join(', ')}`,
  );

const theirs = options.includes('--recorded')
  ? new Map(scenarios.map(({ name }) => [name, recordedFacts(name)]))
  : await playAll(await startRealSide(), scenarios, atOnce);
if (options.includes('--record')) for (const [name, observations] of theirs) recordFacts(name, observations);
const ours = await playAll(await startMinikSide(), scenarios, 1);
const found: readonly FoundDifference[] = scenarios.flatMap(({ name }) =>
  compareObservations(name, theirs.get(name) ?? [], ours.get(name) ?? []),
);
const unknown = new DifferenceFilter(loadKnownDifferences('controllers')).unknown(found);
if (unknown.length > 0) console.log(describeDifferences(unknown));
console.log(`${scenarios.length} scenarios, ${unknown.length} differences that are not known`);
process.exitCode = unknown.length === 0 ? 0 : 1;
