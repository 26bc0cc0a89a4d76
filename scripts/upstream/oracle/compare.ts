/** Compares minik's answers in a case with those of the real server, and lists the differences. */
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { type Difference, differences } from './diff.ts';
import type { FoundDifference } from './known-differences.ts';
import type { Answer, Answers } from './run-case.ts';

/** The differences of all answers. A request that was sent to only one of the servers counts as a difference. */
export function compareAnswers(caseName: string, real: Answers, minik: Answers): FoundDifference[] {
  const names = new Set([...real.keys(), ...minik.keys()]);
  return [...names].flatMap((name) =>
    answerDifferences(real.get(name), minik.get(name)).map((difference) => ({ ...difference, in: `${caseName}/${name}` })),
  );
}

/** When one answer is an object and the other a failure, comparing their members would not be useful. */
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

/** Text that describes differences. Differences that are equal in several answers are listed once. */
export function describeDifferences(found: readonly FoundDifference[]): string {
  const groups = Map.groupBy(found, ({ at, real, minik }) => `  at    ${at}\n  real  ${brief(real)}\n  minik ${brief(minik)}`);
  return [...groups].map(([what, all]) => `${namesOf(all)}\n${what}`).join('\n');
}

function namesOf(found: readonly FoundDifference[]): string {
  const names = found.map((difference) => difference.in);
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
}
