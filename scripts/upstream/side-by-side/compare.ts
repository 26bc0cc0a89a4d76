/** Compares what minik's controllers led to in a scenario with what upstream's did. */
import type { JsonValue } from '../../../src/api/json.ts';
import { differences } from '../oracle/diff.ts';
import type { FoundDifference } from '../oracle/known-differences.ts';
import type { Observation } from './scenario.ts';

/** Observations are JSON. */
const asJson = (observation: Observation | undefined): JsonValue | undefined => observation as unknown as JsonValue | undefined;

/** The differences, each `in` scenario/step. */
export const compareObservations = (
  scenario: string,
  real: readonly Observation[],
  minik: readonly Observation[],
): readonly FoundDifference[] =>
  Array.from({ length: Math.max(real.length, minik.length) }).flatMap((_, index) =>
    differences(asJson(real[index]), asJson(minik[index])).map((difference) => ({
      ...difference,
      in: `${scenario}/${real[index]?.step ?? minik[index]?.step ?? ''}`,
    })),
  );
