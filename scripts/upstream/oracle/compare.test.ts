import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareAnswers } from './compare.ts';
import { withChanges } from './corpus.ts';
import { differences } from './diff.ts';
import { readFacts, writeFacts } from './facts.ts';
import { DifferenceFilter } from './known-differences.ts';
import { normalise } from './normalise.ts';
import { requestsOf } from './requests.ts';
import type { Answer } from './run-case.ts';

const answer = (code: number, body: Answer['body'], warnings: readonly string[] = []): Answer => ({
  code,
  type: 'application/json',
  warnings,
  body,
});

describe('normalise', () => {
  const all = { managedFields: false };

  it('takes out what may differ between two servers', () => {
    const metadata = {
      ...{ name: 'a', uid: '0d8a4c52-6f2c-4f5e-9d61-1f4cf6a7f0aa', resourceVersion: '12', creationTimestamp: '2026-01-02T03:04:05Z' },
      ...{ managedFields: [{}] },
    };
    assert.deepEqual(normalise({ metadata, spec: { clusterIP: '10.96.3.4', ports: [{ nodePort: 30123 }] } }, all), {
      metadata: { name: 'a', uid: '<uid>', resourceVersion: '<rv>', creationTimestamp: '<time>' },
      spec: { clusterIP: '<service ip>', ports: [{ nodePort: '<node port>' }] },
    });
  });

  it('leaves what a request said', () => {
    const said = { uid: 'f00dcafe-0000-4000-8000-000000000000', at: '2020-01-01T00:00:00Z', resourceVersion: '0', port: 30123 };
    assert.deepEqual(normalise(said, all), said);
  });
});

describe('differences', () => {
  it('compares lists by the names of their items', () => {
    const [a, b, c] = [
      { name: 'a', v: 1 },
      { name: 'b', v: 2 },
      { name: 'c', v: 3 },
    ];
    assert.deepEqual(differences([a, b, c], [a, c]), [{ at: '[b]', real: b, minik: undefined }]);
    assert.deepEqual(
      differences([a, b], [b, a]).map(({ at }) => at),
      ['[order]'],
    );
    assert.deepEqual(differences({ x: [1, 2] }, { x: [1, 3, 4] }), [
      { at: 'x[1]', real: 2, minik: 3 },
      { at: 'x[2]', real: undefined, minik: 4 },
    ]);
  });

  it('tells an object from null and from nothing', () => {
    assert.equal(differences({ a: null }, {}).length, 1);
    assert.equal(differences({ a: {} }, { a: null }).length, 1);
  });
});

describe('compareAnswers', () => {
  it('tells a failure in place of an object once', () => {
    const found = compareAnswers(
      'c',
      new Map([['r', answer(200, { kind: 'Pod', a: 1, b: 2 })]]),
      new Map([['r', answer(404, { kind: 'Status', code: 404 })]]),
    );
    assert.deepEqual(
      found.map(({ at }) => at),
      ['code', 'body'],
    );
  });

  it('counts a request that was not recorded', () => {
    assert.deepEqual(
      compareAnswers('c', new Map(), new Map([['r', answer(200, {})]])).map((difference) => difference.in),
      ['c/r'],
    );
  });
});

describe('facts', () => {
  it('come back as they were, in fewer words', () => {
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'a', labels: { x: 'y' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const answers = new Map([
      ['create', answer(201, pod)],
      ['get', answer(200, pod)],
      ['update', answer(200, { ...pod, metadata: { name: 'a' } })],
      ['null', answer(200, { ...pod, spec: null })],
      ['none', answer(404, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 404 }, ['299 - "x"'])],
      ['text', { ...answer(200, 'ok'), type: 'text/plain' }],
    ]);
    const text = writeFacts(answers);
    assert.deepEqual(readFacts(text), answers);
    assert.ok(text.includes('"get": {"code":200,"like":"create"}'));
    assert.ok(text.includes('"none": {"code":404,"warnings":["299 - \\"x\\""],"like":"failure","body":{"code":404}}'));
  });
});

describe('known differences', () => {
  it('explain what they name, and are found out when they explain nothing', () => {
    const filter = new DifferenceFilter([{ what: 'w', reason: 'r', in: ['*/get', 'pods/list'], at: ['body.a*'] }]);
    const at = (request: string, place: string) => ({ in: request, at: place, real: 1, minik: 2 });
    assert.deepEqual(filter.unknown([at('pods/get', 'body.a.b'), at('pods/get', 'body.b'), at('pods/put', 'body.a')]), [
      at('pods/get', 'body.b'),
      at('pods/put', 'body.a'),
    ]);
    assert.equal(filter.vanished().length, 1);
    assert.match(filter.vanished()[0] ?? '', /pods\/list/);
  });
});

describe('a case', () => {
  it('changes its object by pointers', () => {
    const object = { metadata: { name: 'a' }, spec: { list: [{ x: 1 }, { x: 2 }] } };
    assert.deepEqual(withChanges(object, { '/metadata/labels/a~1b': 'c', '/spec/list/1/x': 3, '/spec/list/-': { x: 4 } }), {
      metadata: { name: 'a', labels: { 'a/b': 'c' } },
      spec: { list: [{ x: 1 }, { x: 3 }, { x: 4 }] },
    });
    assert.deepEqual(withChanges(object, { '/spec': null }), { metadata: { name: 'a' } });
    assert.deepEqual(object.spec.list.length, 2);
  });

  it('puts its kind through every verb', () => {
    const requests = requestsOf({
      name: 'x',
      collection: '/api/v1/things',
      object: { kind: 'Thing', metadata: { name: 'a' } },
      scale: true,
    });
    const patches = new Set(requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-type']));
    assert.deepEqual([...new Set(requests.map(({ method }) => method))].toSorted(), ['DELETE', 'GET', 'PATCH', 'POST', 'PUT']);
    assert.ok(
      ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'].every((type) =>
        patches.has(`application/${type}`),
      ),
    );
    assert.equal(new Set(requests.map(({ name }) => name)).size, requests.length);
  });
});
