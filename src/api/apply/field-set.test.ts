import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  difference,
  eachPath,
  type FieldSet,
  hasPath,
  intersection,
  type Path,
  printPath,
  readFieldSet,
  recursiveDifference,
  setOf,
  union,
} from './field-set.ts';
import { PathElementError } from './path-element.ts';

/** Elements of all types, in canonical order. */
const elements = ['f:a', 'f:b', 'k:{"name":"a"}', 'k:{"name":"b","port":80}', 'v:2', 'v:10', 'v:"x"', 'i:3', 'i:20'];

/** Makes the same numbers in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function randomPaths(random: () => number): readonly Path[] {
  const pick = (): string => elements[Math.floor(random() * elements.length)] ?? 'f:a';
  return Array.from({ length: Math.floor(random() * 8) }, () => Array.from({ length: 1 + Math.floor(random() * 3) }, pick));
}

function pathsOf(set: FieldSet): readonly string[] {
  const found: string[] = [];
  eachPath(set, (path) => found.push(path.join(' ')));
  return found.sort();
}

describe('field sets', () => {
  it('do what sets of paths do, whatever lies below what', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomNumbers(seed);
      const [left, right] = [randomPaths(random), randomPaths(random)];
      const [a, b] = [setOf(...left), setOf(...right)];
      const [inA, inB] = [pathsOf(a), pathsOf(b)];
      assert.deepEqual(inA, [...new Set(left.map((path) => path.join(' ')))].sort());
      assert.deepEqual(pathsOf(union(a, b)), [...new Set([...inA, ...inB])].sort());
      assert.deepEqual(
        pathsOf(difference(a, b)),
        inA.filter((path) => !inB.includes(path)),
      );
      assert.deepEqual(
        pathsOf(intersection(a, b)),
        inA.filter((path) => inB.includes(path)),
      );
      const below = (path: string): boolean => inB.some((taken) => path === taken || path.startsWith(`${taken} `));
      assert.deepEqual(
        pathsOf(recursiveDifference(a, b)),
        inA.filter((path) => !below(path)),
      );
      for (const path of left) assert.ok(hasPath(a, path));
    }
  });

  it('are written in one form, whatever they were made of', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = randomNumbers(seed);
      const paths = randomPaths(random);
      const text = JSON.stringify(setOf(...paths));
      assert.equal(JSON.stringify(setOf(...[...paths].reverse())), text);
      assert.equal(JSON.stringify(readFieldSet(JSON.parse(text))), text);
    }
  });

  it('put fields first, then keys, values and indices, each in their own order', () => {
    const set = setOf(...[...elements].reverse().map((element) => [element]));
    assert.deepEqual(Object.keys(set), elements);
  });

  it('stay the same object when nothing changes', () => {
    const set = setOf(['f:a', 'f:b'], ['f:c']);
    assert.equal(union(set, setOf(['f:a', 'f:b'])), set);
    assert.equal(difference(set, setOf(['f:a'], ['f:d'])), set);
    assert.equal(recursiveDifference(set, setOf(['f:d'])), set);
    assert.equal(readFieldSet(JSON.parse(JSON.stringify(set))) !== set, true);
    const json = JSON.parse(JSON.stringify(set));
    assert.equal(readFieldSet(json), json);
  });

  it('are read from any spelling, without what nobody knows', () => {
    const read = readFieldSet({
      'k:{ "port": 80, "name": "x" }': { 'f:z': {}, '.': {} },
      'x:unknown': { 'f:a': {} },
      'f:b': null,
      'f:a': { 'x:unknown': {} },
    });
    assert.equal(JSON.stringify(read), '{"f:a":{},"f:b":{},"k:{\\"name\\":\\"x\\",\\"port\\":80}":{".":{},"f:z":{}}}');
  });

  it('refuse what is no set', () => {
    for (const wrong of [1, 'f:a', [], { f: {} }, { 'f:a': 1 }, { fa: {} }, { 'v:{': {} }, { 'k:1': {} }, { 'i:x': {} }]) {
      assert.throws(() => readFieldSet(wrong), PathElementError, JSON.stringify(wrong));
    }
  });

  it('print paths as messages show them', () => {
    const path = ['f:spec', 'f:ports', 'k:{"port":80,"protocol":"TCP"}', 'f:finalizers', 'v:"a/b"', 'i:2'];
    assert.equal(printPath(path), '.spec.ports[port=80,protocol="TCP"].finalizers[="a/b"][2]');
  });
});
