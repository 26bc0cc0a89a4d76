import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CelSchema } from './schema.ts';
import { valueBySchema } from './schema-value.ts';
import { ruleScope } from './validation-rule.ts';

const schema: CelSchema = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    'max-replicas': { type: 'integer' },
    namespace: { type: 'string', maxLength: 10 },
    ratio: { type: 'number' },
    port: { 'x-kubernetes-int-or-string': true },
    since: { type: 'string', format: 'date-time' },
    every: { type: 'string', format: 'duration' },
    tags: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 10 }, 'x-kubernetes-list-type': 'set' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    open: { type: 'array', items: { type: 'string' } },
  },
};

function evaluate(rule: string, self: unknown): unknown {
  const scope = ruleScope(schema, true);
  assert.ok(scope !== undefined);
  const { program, problem } = scope.compile({ rule });
  assert.equal(problem, undefined);
  const value = valueBySchema(self, schema, true);
  const evaluation = program?.run(() => value, 1_000_000);
  assert.ok(evaluation !== undefined);
  return 'error' in evaluation ? evaluation.error : evaluation.value;
}

function compile(rule: string, of: CelSchema = schema, isRoot = true) {
  const scope = ruleScope(of, isRoot);
  assert.ok(scope !== undefined);
  return scope.compile({ rule });
}

describe('a validation rule of a schema', () => {
  it('sees fields by their escaped names, with the types of their formats', () => {
    const self = { replicas: 2, 'max-replicas': 3, namespace: 'x', ratio: 1, port: '80', since: '2024-01-01T00:00:00Z', every: '1h' };
    assert.equal(evaluate('self.replicas < self.max__dash__replicas && self.__namespace__ == "x"', self), true);
    assert.equal(evaluate('self.ratio == 1.0 && type(self.port) == string', self), true);
    assert.equal(evaluate('self.since.getFullYear() == 2024 && self.every == duration("60m")', self), true);
    assert.equal(evaluate('has(self.labels)', self), false);
    assert.equal(evaluate('self.labels.size() > 0', self), 'no such key: labels');
    assert.equal(evaluate('self.metadata.name == "a"', { metadata: { name: 'a' } }), true);
  });

  it('takes lists that are sets as equal in any order, and their sum as a union', () => {
    assert.equal(evaluate('self.tags == ["b", "a"]', { tags: ['a', 'b'] }), true);
    assert.equal(evaluate('(self.tags + ["a", "c"]).size() == 3', { tags: ['a', 'b'] }), true);
    assert.equal(evaluate('self.open == ["b", "a"]', { open: ['a', 'b'] }), false);
  });

  it('is refused when a field does not exist, or when it is no bool', () => {
    assert.match(compile('self.replica > 1').problem?.detail ?? '', /^compilation failed: ERROR: <input>:1:5: undefined field 'replica'\n/);
    assert.equal(compile('self.replicas').problem?.detail, 'cel expression must evaluate to a bool');
    assert.equal(ruleScope({ type: 'array', items: {} }, false), undefined);
  });

  it('knows whether it is about a change', () => {
    assert.equal(compile('self.replicas >= oldSelf.replicas').usesOldSelf, true);
    assert.equal(compile('self.replicas >= 0').usesOldSelf, false);
  });

  it('costs at most what the bounds of its schema allow', () => {
    assert.equal(compile('self.replicas > 1').maxCost, 3);
    const bounded = compile('self.tags.all(t, t.startsWith("a"))').maxCost;
    assert.ok(bounded < 100, String(bounded));
    const unboundedCost = compile('self.open.all(t, self.open.all(u, t == u))').maxCost;
    assert.ok(unboundedCost > 1e15, String(unboundedCost));
  });
});
