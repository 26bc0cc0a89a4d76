import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusErrors } from '../../api/status-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, createAdmissionChain } from './admission.ts';
import { AdmissionObservations, type StepTimes } from './admission-observations.ts';

const attributes = { operation: 'CREATE', object: undefined } as unknown as AdmissionAttributes; // all that is read

const told = (times: StepTimes | undefined) =>
  [...(times?.samples() ?? [])].map(({ operation, rejected, seconds }) => [operation, rejected, seconds.count, seconds.sum]);

describe('the admission chain', () => {
  it('notes how long each plugin and each step take, and which plugin refuses', async () => {
    let ms = 0;
    const takes = (duration: number, refuses = false) => {
      ms += duration;
      if (refuses) throw statusErrors.badRequest('no');
    };
    const slow: AdmissionPlugin = { name: 'Slow', admit: async () => void takes(3000), validate: () => takes(1000) };
    const strict: AdmissionPlugin = { name: 'Strict', validate: () => takes(500, true) };
    const observations = new AdmissionObservations(() => ms);
    const chain = createAdmissionChain([slow, strict], observations);
    await chain.admit(attributes, (object) => object);
    await assert.rejects(chain.validate(attributes), { message: 'no' });
    const { plugins, steps } = observations;
    assert.deepEqual(told(steps.admit), [['CREATE', false, 1, 3]]);
    assert.deepEqual(told(steps.validate), [['CREATE', true, 1, 1.5]]);
    assert.deepEqual(told(plugins.get('Slow')?.admit), [['CREATE', false, 1, 3]]);
    assert.deepEqual(told(plugins.get('Slow')?.validate), [['CREATE', false, 1, 1]]);
    assert.deepEqual(told(plugins.get('Strict')?.validate), [['CREATE', true, 1, 0.5]]);
    assert.deepEqual(told(plugins.get('Strict')?.admit), []);
  });
});
