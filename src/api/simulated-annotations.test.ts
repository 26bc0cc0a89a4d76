import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulatedAmount, simulatedAnnotation, simulatedAnnotationErrors } from './simulated-annotations.ts';

const problems = (annotations: Record<string, string>): readonly string[] =>
  simulatedAnnotationErrors(annotations).map(({ field, message }) => `${field}: ${message.replace(/^[^"]*"[^"]*": /, '')}`);

describe('annotations of simulated pods', () => {
  it('are checked by their name, for the pod and for one container', () => {
    const good = {
      'simulated.minik.io/cpu': '250m',
      'simulated.minik.io/web.memory': '64Mi',
      'simulated.minik.io/run-ms': '10',
      other: '?',
    };
    assert.deepEqual(problems(good), []);
    assert.deepEqual(
      problems({
        'simulated.minik.io/cpu': 'much',
        'simulated.minik.io/web.memory': '-1',
        'simulated.minik.io/exit-code': '256',
        'simulated.minik.io/oom-killed': 'yes',
        'simulated.minik.io/term-delay-ms': '1.5',
      }),
      [
        "metadata.annotations[simulated.minik.io/cpu]: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        'metadata.annotations[simulated.minik.io/web.memory]: must be greater than or equal to 0',
        'metadata.annotations[simulated.minik.io/exit-code]: must be a whole number from 0 to 255',
        'metadata.annotations[simulated.minik.io/oom-killed]: must be true or false',
        'metadata.annotations[simulated.minik.io/term-delay-ms]: must be a whole number that is not negative',
      ],
    );
    assert.match(problems({ 'simulated.minik.io/web.cpus': '1' })[0] ?? '', /supported values: "cpu", "exit-code"/);
  });

  it('of one container come before those of the pod', () => {
    const annotations = { 'simulated.minik.io/cpu': '1', 'simulated.minik.io/web.cpu': '250m', 'simulated.minik.io/memory': 'x' };
    assert.equal(simulatedAnnotation(annotations, 'web', 'cpu'), '250m');
    assert.equal(simulatedAmount(annotations, 'web', 'cpu'), 250_000_000n);
    assert.equal(simulatedAmount(annotations, 'side', 'cpu'), 1_000_000_000n);
    assert.equal(simulatedAmount(annotations, 'side', 'memory'), undefined);
  });
});
