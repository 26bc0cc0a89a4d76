/** What upstream's controllers led to, as recorded in testdata/side-by-side/facts: for each step, what it changed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { applyMergePatch, createTwoWayJsonMergePatch } from '../../../src/api/patch/merge-patch.ts';
import { folder, type Observation } from './scenario.ts';

const fileOf = (scenario: string): string => join(folder, 'facts', `${scenario}.json`);

const empty: JsonObject = {};

/** Observations are JSON. */
const asJson = (observation: Observation): JsonObject => observation as unknown as JsonObject;

export function recordFacts(scenario: string, observations: readonly Observation[]): void {
  let before = empty;
  const lines = observations.map((observation) => {
    const patch = createTwoWayJsonMergePatch(before, asJson(observation));
    before = asJson(observation);
    return JSON.stringify(patch);
  });
  writeFileSync(fileOf(scenario), `[\n${lines.join(',\n')}\n]\n`);
}

/** Throws when nothing was recorded. */
export function recordedFacts(scenario: string): readonly Observation[] {
  let before = empty;
  // Written by recordFacts.
  return (JSON.parse(readFileSync(fileOf(scenario), 'utf8')) as readonly JsonValue[]).map((patch) => {
    before = applyMergePatch(before, patch);
    return before as unknown as Observation;
  });
}
