import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FieldPath } from '../../field-error.ts';
import { tolerationsAnnotationErrors } from './tolerations-annotation.ts';

const errorsOf = (text: string): readonly string[] =>
  tolerationsAnnotationErrors(text, FieldPath.root.field('metadata', 'annotations')).map(({ field, message }) => `${field}: ${message}`);

const place = 'metadata.annotations: Invalid value: "scheduler.alpha.kubernetes.io/tolerations"';

it('reads the annotation for tolerations as Go reads it into its own type, and checks them as those of the spec', () => {
  for (const good of ['null', '[]', '[{"key":"a","operator":"Exists"}]', '[{"KEY":"a","value":"b","more":1}]']) {
    assert.deepEqual(errorsOf(good), [], good);
  }
  assert.deepEqual(errorsOf('[{"operator":"Some"}]'), [
    'metadata.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Invalid value: "Some": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    'metadata.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Unsupported value: "Some": supported values: "Equal", "Exists"',
  ]);
  assert.deepEqual(errorsOf('x'), [`${place}: invalid character 'x' looking for beginning of value`]);
  assert.deepEqual(errorsOf('{}'), [`${place}: json: cannot unmarshal object into Go value of type []core.Toleration`]);
  assert.deepEqual(errorsOf('["a"]'), [`${place}: json: cannot unmarshal string into Go value of type core.Toleration`]);
  assert.deepEqual(errorsOf('[{"key":1,"tolerationSeconds":"x"}]'), [
    `${place}: json: cannot unmarshal number into Go struct field Toleration.Key of type string`,
  ]);
  assert.deepEqual(errorsOf('[{"effect":[]}]'), [
    `${place}: json: cannot unmarshal array into Go struct field Toleration.Effect of type core.TaintEffect`,
  ]);
  assert.deepEqual(errorsOf('[{"tolerationSeconds":1.5}]'), [
    `${place}: json: cannot unmarshal number 1.5 into Go struct field Toleration.TolerationSeconds of type int64`,
  ]);
});
