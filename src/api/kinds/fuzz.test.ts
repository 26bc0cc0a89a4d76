/**
 * Requests that are nearly right: the samples of all Kinds with random changes, sent in every way in which objects are
 * written. Whatever is wrong is the client's error: never 500, what was stored before stays as it was, and no memory is
 * lost.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isObject, type JsonValue } from '../json.ts';
import { type KindSamples, merged } from './testing/samples.ts';
import { ServedKind } from './testing/served-kind.ts';

const folder = import.meta.dirname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /^[a-z-]+\/testing\/[a-z-]+\.ts$/.test(file));
// Files with such names export samples: see kinds.test.ts.
const found = (await Promise.all(files.map((file) => import(`./${file}`)))) as readonly { readonly samples: KindSamples }[];

const roundsPerKind = 120;

/** Numbers in [0, 1) that are the same in every run. */
function repeatable(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

const odd: readonly JsonValue[] = [
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    2147483648,
    -9007199254740991,
    '',
    ' ',
    'a'.repeat(300),
    '\u0000',
    'ü/ö',
    '../..',
    '1e',
    'NaN',
    '-1Ki',
  ],
  ...[
    [],
    [null],
    [[]],
    [{}],
    {},
    { '': '' },
    { a: { a: { a: { a: null } } } },
    { $patch: 'delete' },
    '2026-13-01T00:00:00Z',
    '10.0.0.256',
    '%zz',
  ],
  ...[
    ['a', 'a'],
    [1, 'a', {}],
    { matchLabels: null },
    { key: 'a', operator: 'Exists' },
    '*/0 * * * *',
    '(',
    'self.a ==',
    '{.a[',
    '99999999999999999999',
  ],
];

const pick = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)] as T;

/** The value with something inside of it changed, left out, doubled or renamed. */
function mutated(value: JsonValue, random: () => number): JsonValue {
  const chance = random();
  if (Array.isArray(value) && value.length > 0 && chance < 0.8) {
    const at = Math.floor(random() * value.length);
    if (chance < 0.1) return value.toSpliced(at, 1);
    if (chance < 0.25) return [...value, value[at] ?? null];
    return value.map((item: JsonValue, i) => (i === at ? mutated(item, random) : item));
  }
  if (isObject(value) && Object.keys(value).length > 0 && chance < 0.9) {
    const name = pick(Object.keys(value), random);
    const { [name]: inner = null, ...rest } = value;
    if (chance < 0.1) return rest;
    if (chance < 0.15) return { ...value, [`${name}x`]: inner };
    if (chance < 0.2)
      return { ...value, [pick(['name', 'type', 'spec', 'status', 'metadata', 'selector', 'items'], random)]: pick(odd, random) };
    return { ...value, [name]: mutated(inner, random) };
  }
  return pick(odd, random);
}

const withMeta = (object: JsonValue, random: () => number): JsonValue => (random() < 0.2 ? mutated(object, random) : object);

/** Sends so many rounds of requests to a server that has the object `a`. */
async function send(served: ServedKind, samples: KindSamples, random: () => number, rounds: number): Promise<void> {
  const before = await served.get('a');
  const subresources = ['', ...Object.keys(samples.kind.subresources).map((name) => `/${name}`)];
  for (let round = 0; round < rounds; round++) {
    const valid = merged(served.valid('b'), random() < 0.3 ? samples.change : {});
    const body = withMeta(mutated(valid, random), random);
    const patch = mutated(random() < 0.5 ? samples.change : (samples.status ?? samples.change), random);
    const one = `${served.one('a')}${pick(subresources, random)}`;
    const requests = [
      ['POST', `${served.path()}?dryRun=All`, body, 'json'],
      ['PUT', `${one}?dryRun=All`, mutated(before, random), 'json'],
      ['PATCH', `${one}?dryRun=All`, patch, 'merge'],
      [
        'PATCH',
        `${one}?dryRun=All`,
        [{ op: 'replace', path: `/${pick(['spec', 'metadata', 'status', 'data'], random)}`, value: patch }],
        'patch',
      ],
    ] as const;
    for (const [method, path, sent, type] of requests) {
      const { status, body: answer } = await served.call(method, path, sent, type);
      assert.ok(status < 500, `${status} ${method} ${path} ${JSON.stringify(sent)}: ${JSON.stringify(answer).slice(0, 500)}`);
    }
  }
  assert.deepEqual(await served.get('a'), before);
}

async function fuzz(samples: KindSamples, seed: number): Promise<void> {
  const served = new ServedKind(samples);
  await served.create('a');
  await send(served, samples, repeatable(seed), roundsPerKind);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What the heap holds when nothing unused is in it, in bytes. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('requests that are nearly right', () => {
  for (const [i, { samples }] of found.entries()) {
    it(`of ${samples.kind.kind} are refused as such`, () => fuzz(samples, i + 1));
  }

  it('leave nothing behind in memory', async () => {
    const chosen = found.map(({ samples }) => samples).filter(({ kind }) => ['Pod', 'CustomResourceDefinition'].includes(kind.kind));
    assert.equal(chosen.length, 2);
    for (const samples of chosen) {
      const served = new ServedKind(samples);
      await served.create('a');
      const random = repeatable(99);
      // What is made once and kept is made here.
      await send(served, samples, random, 150);
      const before = heldBytes();
      await send(served, samples, random, 400);
      const grown = heldBytes() - before;
      assert.ok(grown < 1.5 * 1024 * 1024, `1600 requests for ${samples.kind.plural} left ${grown} bytes`);
    }
  });
});
