import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderFieldError } from '../field-error.ts';
import { AnnotationReader, annotationOf, simulatedAnnotationErrors } from './annotations.ts';
import { behaviourNames, mergeBehaviours } from './behaviour.ts';

const problems = (annotations: Record<string, string>): readonly string[] =>
  simulatedAnnotationErrors(annotations).map((error) => renderFieldError(error).replace(/^([^"]*): Invalid value: [^:]*: /, '$1: '));
const said = (annotations: Record<string, string>, container = 'web') =>
  mergeBehaviours(new AnnotationReader().behaviours(annotations, container));

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
        'simulated.minik.io/oom-killed': 'perhaps',
        'simulated.minik.io/term-delay-ms': '1.5',
        'simulated.minik.io/run-for': '3 hours',
        'simulated.minik.io/ready': '{0s: false, 30s: later}',
        'simulated.minik.io/exec': '[{command: psql, exit: 1}]',
      }),
      [
        "metadata.annotations[simulated.minik.io/cpu]: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        'metadata.annotations[simulated.minik.io/web.memory]: must be greater than or equal to 0',
        'metadata.annotations[simulated.minik.io/exit-code]: must be a whole number from 0 to 255',
        'metadata.annotations[simulated.minik.io/oom-killed]: must be true or false',
        'metadata.annotations[simulated.minik.io/term-delay-ms]: must be a whole number that is not negative',
        'metadata.annotations[simulated.minik.io/run-for]: must be a length of time, such as 500ms, 90s, 24h or 30d',
        'metadata.annotations[simulated.minik.io/ready][30s]: must be true or false, a length of time, or a map such as {0s: false, 30s: true}',
        'metadata.annotations[simulated.minik.io/exec][0].exit: Forbidden: unknown field; there are command, stdout, stderr, exitCode, delay, echo',
      ],
    );
    assert.match(problems({ 'simulated.minik.io/web.cpus': '1' })[0] ?? '', /supported values: "cpu", "memory"/);
  });

  it('say of every field what a file of rules says', () => {
    const examples: Readonly<Record<string, string>> = {
      cpu: '{0s: 50m, 2m: 800m}',
      memory: '64Mi',
      ephemeralStorage: '1Gi',
      startDelay: '3s',
      startFailure: 'no: such file',
      log: '[{at: 1s, every: 2s, text: tick, stream: stderr, times: 3}]',
      runFor: 'forever',
      exitCode: '3',
      oomKilled: 'true',
      exits: '2',
      terminationMessage: '{"why": "because"}',
      defaultRunFor: '5s',
      termDelay: '1m',
      termExitCode: '0',
      started: '10s',
      ready: 'false',
      live: '{10m: false}',
      exec: '[{command: "psql *", stdout: "1 row", exitCode: 0, delay: 10ms, echo: true}]',
      http: '[{port: 80, path: /healthz, status: 503, body: down, headers: {retry-after: 5}}, {port: 81, refuse: true}]',
    };
    assert.deepEqual(Object.keys(examples), behaviourNames);
    const annotations = Object.fromEntries(behaviourNames.map((field) => [annotationOf(field), examples[field] ?? '']));
    assert.deepEqual(problems(annotations), []);
    assert.deepEqual(said(annotations), {
      cpu: [
        { fromMs: 0, value: 0.05 },
        { fromMs: 120_000, value: 0.8 },
      ],
      memory: [{ fromMs: 0, value: 64 * 1024 ** 2 }],
      ephemeralStorage: [{ fromMs: 0, value: 1024 ** 3 }],
      startDelay: 3000,
      startFailure: 'no: such file',
      log: [{ at: 1000, every: 2000, text: 'tick', stream: 'stderr', times: 3 }],
      runFor: Number.POSITIVE_INFINITY,
      exitCode: 3,
      oomKilled: true,
      exits: 2,
      terminationMessage: '{"why": "because"}',
      defaultRunFor: 5000,
      termDelay: 60_000,
      termExitCode: 0,
      started: [
        { fromMs: 0, value: false },
        { fromMs: 10_000, value: true },
      ],
      ready: [{ fromMs: 0, value: false }],
      live: [{ fromMs: 600_000, value: false }],
      exec: [{ command: 'psql *', stdout: '1 row', exitCode: 0, delay: 10, echo: true }],
      http: [
        { port: 80, path: '/healthz', status: 503, body: 'down', headers: { 'retry-after': '5' } },
        { port: 81, refuse: true },
      ],
    });
  });

  it('take texts as they are', () => {
    assert.deepEqual(said({ 'simulated.minik.io/log': '[INFO] ready: yes' }), { log: [{ text: '[INFO] ready: yes' }] });
  });

  it('of one container come before those of the pod', () => {
    const annotations = { 'simulated.minik.io/cpu': '1', 'simulated.minik.io/web.cpu': '250m', 'simulated.minik.io/memory': 'x' };
    assert.deepEqual(said(annotations), { cpu: [{ fromMs: 0, value: 0.25 }] });
    assert.deepEqual(said(annotations, 'side'), { cpu: [{ fromMs: 0, value: 1 }] });
  });
});
