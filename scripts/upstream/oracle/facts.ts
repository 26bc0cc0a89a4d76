/**
 * The answers of the real server as stored in the repository: one line per answer. A body that is similar to that of an
 * earlier answer is stored as the difference from it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';
import { applyMergePatch, createTwoWayJsonMergePatch } from '../../../src/api/patch/merge-patch.ts';
import { oracleFolder } from './corpus.ts';
import type { Answer, Answers } from './run-case.ts';

/** One recorded answer. Defaults: the media type is JSON, and there are no warnings. */
interface Fact {
  readonly code: number;
  readonly type?: string;
  readonly warnings?: readonly string[];
  /** The body is that of this answer, changed by the merge patch `body`. */
  readonly like?: string;
  readonly body?: JsonValue;
}

const json = 'application/json';
/** The common part of failures is stored under this name. */
const failureName = 'failure';
const failure: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };

const familyOf = ({ apiVersion, kind }: JsonObject): string => `${String(apiVersion)} ${String(kind)}`;

/** The text of a file of facts. */
export function writeFacts(answers: Answers): string {
  const bases = new Map<string, { readonly name: string; readonly body: JsonObject }>([
    [familyOf(failure), { name: failureName, body: failure }],
  ]);
  const lines = [...answers].map(([name, answer]) => {
    const fact = factOf(answer, bases);
    if (isObject(answer.body) && !bases.has(familyOf(answer.body))) bases.set(familyOf(answer.body), { name, body: answer.body });
    return `${JSON.stringify(name)}: ${JSON.stringify(fact)}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}

function factOf({ code, type, warnings, body }: Answer, bases: ReadonlyMap<string, { name: string; body: JsonObject }>): Fact {
  const head = { code, ...(type === json ? {} : { type }), ...(warnings.length === 0 ? {} : { warnings }) };
  const base = isObject(body) ? bases.get(familyOf(body)) : undefined;
  if (!isObject(body) || base === undefined) return { ...head, body };
  const patch = createTwoWayJsonMergePatch(base.body, body);
  // A merge patch cannot express everything (null, for example), and is not always shorter.
  const short = isDeepStrictEqual(applyMergePatch(base.body, patch), body) && JSON.stringify(patch).length < JSON.stringify(body).length;
  if (!short) return { ...head, body };
  return { ...head, like: base.name, ...(Object.keys(patch).length === 0 ? {} : { body: patch }) };
}

/** The answers in a file of facts. */
export function readFacts(text: string): Answers {
  // Written by `writeFacts`.
  const facts = JSON.parse(text) as Readonly<Record<string, Fact>>;
  const answers = new Map<string, Answer>();
  const baseOf = (name: string): JsonValue => (name === failureName ? failure : (answers.get(name)?.body ?? {}));
  for (const [name, { code, type = json, warnings = [], like, body }] of Object.entries(facts)) {
    const base = like === undefined ? undefined : baseOf(like);
    const whole = base !== undefined && isObject(base) ? applyMergePatch(base, body ?? {}) : (body ?? null);
    answers.set(name, { code, type, warnings, body: whole });
  }
  return answers;
}

const fileOf = (caseName: string): string => join(oracleFolder, 'answers', `${caseName}.json`);

/** The recorded answers of the real server to a case. Throws when there are none. */
export function recordedAnswers(caseName: string): Answers {
  return readFacts(readFileSync(fileOf(caseName), 'utf8'));
}

export function recordAnswers(caseName: string, answers: Answers): void {
  writeFileSync(fileOf(caseName), writeFacts(answers));
}
