import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderFieldError } from '../field-error.ts';
import type { JsonValue } from '../json.ts';
import { execAnswer, httpAnswerTo, mergeBehaviours, refusesPort } from './behaviour.ts';
import { BehaviourRules, type ContainerSubject, readRules, rulesFile } from './rules.ts';

const file = (...rules: JsonValue[]): JsonValue => ({ apiVersion: 'simulated.minik.io/v1', kind: 'Behaviours', rules });
const subject: ContainerSubject = {
  ...{ namespace: 'shop', pod: 'db-0', container: 'postgres', images: ['postgres:16', 'docker.io/library/postgres:16', 'postgres'] },
  labels: { app: 'db' },
};
const problems = (json: JsonValue): readonly string[] => readRules(json).errors.map(renderFieldError);

describe('rules for simulated containers', () => {
  it('select by image, namespace, pod, container and labels, all of which must fit', () => {
    const selects = (match: JsonValue): boolean => {
      const { rules, errors } = readRules(file({ name: 'a', match, behaviour: {} }));
      assert.deepEqual(errors.map(renderFieldError), []);
      return rules[0]?.matches(subject) === true;
    };
    const fitting: readonly JsonValue[] = [
      {},
      { images: ['mysql', 'postgres'] },
      { images: ['postgres:1?'] },
      { images: ['docker.io/library/*'] },
      { namespaces: ['sh*'] },
      { pods: ['db-?'] },
      { containers: ['postgres'] },
      { labelSelector: { matchLabels: { app: 'db' } } },
      { labelSelector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } },
      { images: ['postgres'], namespaces: ['shop'], labelSelector: { matchLabels: { app: 'db' } } },
    ];
    const others: readonly JsonValue[] = [
      { images: [] },
      { images: ['post'] },
      { images: ['postgres:15'] },
      { images: ['postgres.16'] },
      { namespaces: ['default'] },
      { pods: ['db'] },
      { containers: ['sidecar'] },
      { labelSelector: { matchLabels: { app: 'web' } } },
      { images: ['postgres'], namespaces: ['default'] },
    ];
    for (const match of fitting) assert.ok(selects(match), JSON.stringify(match));
    for (const match of others) assert.ok(!selects(match), JSON.stringify(match));
  });

  it('are refused with the path of each field that is wrong', () => {
    assert.deepEqual(problems('x'), ['<nil>: Invalid value: "x": must be an object']);
    assert.deepEqual(
      problems({
        apiVersion: 'simulated.minik.io/v2',
        kind: 'Behaviours',
        rules: [
          {
            name: 'a',
            match: { image: ['x'], labelSelector: { matchExpressions: [{ key: 'a', operator: 'Has' }] } },
            behaviour: { runfor: '1s' },
          },
          {
            name: 'a',
            behaviour: {
              http: [
                { port: 0, headers: { 'a b': 'c' } },
                { refuse: true, path: '/' },
              ],
              log: [{ every: '0s' }],
            },
          },
          { name: 'B_', behaviour: { cpu: { soon: '1' }, live: 7 } },
          { match: {} },
        ],
      }),
      [
        'rules[0].match.image: Forbidden: unknown field; there are images, namespaces, pods, containers, labelSelector',
        'rules[0].match.labelSelector.matchExpressions[0].operator: Invalid value: "Has": not a valid selector operator',
        'rules[0].behaviour.runfor: Forbidden: unknown field; there are cpu, memory, ephemeralStorage, startDelay, startFailure, log, runFor, exitCode, oomKilled, exits, terminationMessage, defaultRunFor, termDelay, termExitCode, started, ready, live, exec, http',
        'rules[1].behaviour.http[0].port: Invalid value: 0: must be a whole number from 1 to 65535',
        `rules[1].behaviour.http[0].headers[a b]: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
        'rules[1].behaviour.http[1].path: Forbidden: refuse is about a port, not about an answer',
        'rules[1].behaviour.log[0].text: Required value',
        'rules[1].behaviour.log[0].every: Invalid value: "0s": must be at least 1ms',
        `rules[2].name: Invalid value: "B_": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
        'rules[2].behaviour.cpu[soon]: Invalid value: "soon": must be a length of time, such as 500ms, 90s, 24h or 30d',
        'rules[2].behaviour.live: Invalid value: 7: must be true or false, a length of time, or a map such as {0s: false, 30s: true}',
        'rules[3].name: Required value',
        'rules[3].behaviour: Required value',
        'apiVersion: Unsupported value: "simulated.minik.io/v2": supported values: "simulated.minik.io/v1"',
        'rules[1].name: Duplicate value: "a"',
      ],
    );
  });

  it('count in their order, field by field, and give the answers of all', () => {
    const { rules } = readRules(
      file(
        { name: 'all', behaviour: { cpu: '50m', runFor: '1s', exec: [{ command: '*', stdout: 'general' }], http: [{ status: 404 }] } },
        { name: 'other', match: { namespaces: ['other'] }, behaviour: { cpu: '1' } },
        {
          name: 'db',
          match: { images: ['postgres'] },
          behaviour: {
            runFor: '2s',
            exec: [{ command: 'psql *', stdout: 'rows' }],
            http: [{ path: '/metrics' }, { port: 5432, refuse: true }],
          },
        },
      ),
    );
    const said = mergeBehaviours(new BehaviourRules(rules).behaviours(() => subject));
    assert.deepEqual([said.cpu, said.runFor], [[{ fromMs: 0, value: 0.05 }], 2000]);
    assert.equal(execAnswer(said, ['psql', '-c', 'select 1'])?.stdout, 'rows');
    assert.equal(execAnswer(said, ['psql'])?.stdout, 'general');
    const status = (path: string): number | undefined => httpAnswerTo(said, { method: 'GET', path, port: 80 })?.status;
    assert.deepEqual([status('/metrics'), status('/')], [undefined, 404]);
    assert.deepEqual([refusesPort(said, 5432), refusesPort(said, 80)], [true, false]);
  });

  it('take the place of those of their names, and are read again as they are written', () => {
    const rulesOf = (...json: JsonValue[]) => readRules(file(...json)).rules;
    const set = new BehaviourRules(rulesOf({ name: 'a', behaviour: { exitCode: 1 } }, { name: 'b', behaviour: {} }));
    set.apply(rulesOf({ name: 'c', behaviour: {} }, { name: 'a', behaviour: { exitCode: 2 } }));
    assert.deepEqual(
      set.all.map(({ name, behaviour }) => [name, behaviour.exitCode]),
      [
        ['a', 2],
        ['b', undefined],
        ['c', undefined],
      ],
    );
    assert.deepEqual([set.remove('b'), set.remove('b')], [true, false]);
    assert.deepEqual(
      readRules(rulesFile(set.all)).rules.map(({ json }) => json),
      [
        { name: 'a', behaviour: { exitCode: 2 } },
        { name: 'c', behaviour: {} },
      ],
    );
  });
});
