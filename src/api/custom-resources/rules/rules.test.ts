import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath, renderFieldError } from '../../field-error.ts';
import type { JsonValue } from '../../json.ts';
import type { JsonSchema } from '../structural.ts';
import { ruleNode } from './rule-node.ts';
import { checkRules } from './rule-run.ts';

const integer: JsonSchema = { type: 'integer' };

/** Errors, then warnings. */
function check(schema: JsonSchema, value: JsonValue, old?: JsonValue, budget?: number): readonly [readonly string[], readonly string[]] {
  const node = ruleNode(schema, false);
  assert.ok(node !== undefined);
  const subject = { value, old, at: FieldPath.root.field('spec'), ...(budget === undefined ? {} : { budget }) };
  const { errors, warnings } = checkRules(node, subject, true);
  return [errors.map(renderFieldError), warnings];
}

const low: JsonSchema = {
  type: 'object',
  properties: { a: { ...integer, 'x-kubernetes-validations': [{ rule: 'self < 5' }] }, b: integer },
};

describe('the rules of a schema', () => {
  it('only warn of what was so before', () => {
    assert.deepEqual(check(low, { a: 9 }), [['spec.a: Invalid value: 9: failed rule: self < 5'], []]);
    assert.deepEqual(check(low, { a: 9, b: 1 }, { a: 9 }), [[], ['spec.a: Invalid value: 9: failed rule: self < 5']]);
    assert.deepEqual(check(low, { a: 8 }, { a: 9 })[0], ['spec.a: Invalid value: 8: failed rule: self < 5']);
  });

  it('about a change hold for what is new, unless the old value is optional', () => {
    const grows: JsonSchema = { ...integer, 'x-kubernetes-validations': [{ rule: 'self > oldSelf', message: 'must grow' }] };
    assert.deepEqual(check(grows, 1)[0], []);
    assert.deepEqual(check(grows, 1, 1)[0], ['spec: Invalid value: 1: must grow']);
    const rule = 'oldSelf.hasValue() || self == 1';
    const begins: JsonSchema = { ...integer, 'x-kubernetes-validations': [{ rule, optionalOldSelf: true }] };
    assert.deepEqual(check(begins, 2)[0], [`spec: Invalid value: 2: failed rule: ${rule}`]);
    assert.deepEqual(check(begins, 2, 1)[0], []);
  });

  it('end when they have cost too much', () => {
    const costly: JsonSchema = {
      type: 'array',
      items: { type: 'integer' },
      'x-kubernetes-validations': [{ rule: 'self.all(x, self.all(y, x >= 0 && y >= 0))' }, { rule: 'false' }],
    };
    const list = Array.from({ length: 2000 }, (_, i) => i);
    const [errors] = check(costly, list);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit/);
    const outOfBudget =
      'spec: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run';
    assert.deepEqual(check(costly, [1, 2, 3], undefined, 5)[0], [outOfBudget]);
  });
});
