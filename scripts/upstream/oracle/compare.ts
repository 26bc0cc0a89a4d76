/** Compares what minik answers to a case with what the real server did, and tells the differences. */
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { type Difference, differences } from './diff.ts';
import type { FoundDifference } from './known-differences.ts';
import type { Answer, Answers } from './run-case.ts';

/** The differences of every answer. A request that one side was never asked is one, too. */
export function compareAnswers(caseName: string, real: Answers, minik: Answers): FoundDifference[] {
  const names = new Set([...real.keys(), ...minik.keys()]);
  return [...names].flatMap((name) =>
    answerDifferences(real.get(name), minik.get(name)).map((difference) => ({ ...difference, in: `${caseName}/${name}` })),
  );
}

/** An object and a failure have nothing in common that would be worth telling member by member. */
function answerDifferences(real: Answer | undefined, minik: Answer | undefined): Difference[] {
  if (real === undefined || minik === undefined) return [{ at: '', real: asJson(real), minik: asJson(minik) }];
  if (kindOf(real.body) === kindOf(minik.body)) return differences(asJson(real), asJson(minik));
  const heads = differences(asJson({ ...real, body: null }), asJson({ ...minik, body: null }));
  return [...heads, { at: 'body', real: real.body, minik: minik.body }];
}

const kindOf = (body: JsonValue): JsonValue | undefined =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject).kind : undefined;

/** An answer is JSON. */
const asJson = (answer: unknown): JsonValue | undefined => answer as JsonValue | undefined;

const longest = 700;

function brief(value: JsonValue | undefined): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}

/** Text about differences: those that are the same in several answers are told once. */
export function describeDifferences(found: readonly FoundDifference[]): string {
  const groups = Map.groupBy(found, ({ at, real, minik }) => `  at    ${at}\n  real  ${brief(real)}\n  minik ${brief(minik)}`);
  return [...groups].map(([what, all]) => `${namesOf(all)}\n${what}`).join('\n');
}

function namesOf(found: readonly FoundDifference[]): string {
  const names = found.map((difference) => difference.in);
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
}
