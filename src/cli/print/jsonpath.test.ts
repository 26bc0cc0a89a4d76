import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonPath } from './jsonpath.ts';

const pods = {
  items: [
    {
      metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'web' } },
      spec: {
        containers: [
          { name: 'c1', image: 'i1' },
          { name: 'c2', image: 'i2' },
        ],
      },
      status: { ready: true, restarts: 3 },
    },
    { metadata: { name: 'b' }, spec: { containers: [{ name: 'c3', image: 'i<3>' }] }, status: { ready: false, restarts: 0 } },
  ],
  kind: 'List',
};

const print = (path: string, allowMissing = true): string => parseJsonPath(path, { allowMissing }).print(pods);

describe('JSONPath', () => {
  for (const [path, expected] of [
    ['{.kind}', 'List'],
    ['kind={.kind}!', 'kind=List!'],
    ['{.items[*].metadata.name}', 'a b'],
    ['{.items[-1].metadata.name}', 'b'],
    ['{.items[0:2].metadata.name}', 'a b'],
    ['{.items[0].spec.containers[*].name}', 'c1 c2'],
    ['{.items[0].spec.containers[0:2:2].name}', 'c1'],
    ["{.items[*]['metadata.name','status.restarts']}", 'a b 3 0'],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.status.restarts}{"\\n"}{end}', 'a\t3\nb\t0\n'],
    ['{range .items[*]}{.metadata.name}:{range .spec.containers[*]}{.name},{end};{end}.', 'a:c1,c2,;b:c3,;.'],
    ['{.items[?(@.metadata.name=="b")].spec.containers[0].name}', 'c3'],
    ['{.items[?(@.status.restarts>=1)].metadata.name}', 'a'],
    ['{.items[?(@.status.ready==true)].metadata.name}', 'a'],
    ['{.items[?(@.metadata.labels)].metadata.name}', 'a'],
    ['{..name}', 'a c1 c2 b c3'],
    ['{.items[0].metadata.labels}', '{"app.kubernetes.io/name":"web"}'],
    ['{.items[0].metadata.labels.app\\.kubernetes\\.io/name}', 'web'],
    ['{.items[1].spec.containers}', '[{"image":"i\\u003c3\\u003e","name":"c3"}]'],
    ['{.items[*].status.missing}', ''],
    ['{.items[0].status.ready}', 'true'],
    ["{'single'}", 'single'],
    ['{range .none[*]}{.x}{end}done', 'done'],
  ] as const) {
    it(`prints ${path}`, () => assert.equal(print(path), expected));
  }

  for (const [path, message] of [
    ['{.items', 'unclosed action'],
    ['{.items[}', 'unterminated array'],
    ['{.items[a]}', 'invalid array index a'],
    ['{"open}', 'unterminated quoted string'],
    ['{....x}', 'invalid multiple recursive descent'],
    ['{.items[?(@.a==1]}', 'unterminated filter'],
  ] as const) {
    it(`refuses ${path}`, () => assert.throws(() => print(path), { message: `error parsing jsonpath ${path}, ${message}\n` }));
  }

  for (const [path, message] of [
    ['{.items[5]}', 'array index out of bounds: index 5, length 2'],
    ['{.kind[0]}', 'string is not array or slice'],
    ['{.nope}', 'nope is not found'],
    ['{end}', 'not in range, nothing to end'],
    ['{.items[?(@.metadata.name>1)]}', 'incompatible types for comparison'],
  ] as const) {
    it(`fails on ${path}`, () =>
      assert.throws(
        () => print(path, false),
        (error: Error) =>
          error.message.startsWith(`error executing jsonpath ${JSON.stringify(path)}: Error executing template: ${message}. Printing more`),
      ));
  }
});
