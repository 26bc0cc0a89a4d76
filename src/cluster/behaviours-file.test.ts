import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { JsonValue } from '../api/json.ts';
import { BehavioursControl } from './behaviours-control.ts';
import { keptBehaviours } from './behaviours-file.ts';

function profile(t: TestContext, content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'behaviours-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const behavioursFile = join(folder, 'rules.yaml');
  const write = (text: string): void => writeFileSync(behavioursFile, text);
  write(content);
  /** What is served after a start. */
  const serve = (settings: object = {}) =>
    new BehavioursControl(keptBehaviours({ folder, behavioursFile, runtime: 'simulated', ...settings }));
  return { write, serve };
}

const file = (rules: string): string => `apiVersion: simulated.minik.io/v1\nkind: Behaviours\nrules: [${rules}]\n`;
const rule = (name: string, code: number): string => `{name: ${name}, behaviour: {exitCode: ${code}}}`;
const body = (...rules: JsonValue[]): JsonValue => ({ apiVersion: 'simulated.minik.io/v1', kind: 'Behaviours', rules });
const codes = (control: BehavioursControl): unknown =>
  (control.list().rules as readonly { name: string; behaviour: { exitCode: number } }[]).map(
    ({ name, behaviour }) => `${name} ${behaviour.exitCode}`,
  );

it('keeps what has been applied beside the file, which is read at each start', (t) => {
  const { write, serve } = profile(t, file(`${rule('a', 1)}, ${rule('b', 2)}`));
  const first = serve();
  first.apply(body({ name: 'c', behaviour: { exitCode: 3 } }, { name: 'a', behaviour: { exitCode: 10 } }));
  first.remove('b');
  assert.deepEqual(codes(first), ['a 10', 'c 3']);
  write(file(`${rule('a', 1)}, ${rule('b', 20)}`));
  assert.deepEqual(codes(serve()), ['a 10', 'b 20', 'c 3']);
});

it('refuses a file that cannot be used, and says why', (t) => {
  const { write, serve } = profile(t, file(rule('a', 256)));
  assert.throws(() => serve(), {
    name: 'UserError',
    message: /rules\.yaml are not valid: rules\[0\]\.behaviour\.exitCode: Invalid value: 256/,
  });
  write('a: [');
  assert.throws(() => serve(), { name: 'UserError', message: /are not valid: .*line 1/ });
  write(`${file('')}---\n${file('')}`);
  assert.throws(() => serve(), /there are several documents/);
  write('rules: []\nrules: []\n');
  assert.throws(() => serve(), /key "rules" already set in map/);
  assert.throws(() => serve({ behavioursFile: '/does/not/exist' }), /cannot be read: ENOENT/);
  assert.throws(() => serve({ runtime: 'docker' }), /--behaviours is for simulated containers/);
});

it('is read and changed over HTTP', async (t) => {
  const { serve } = profile(t, file(rule('a', 1)));
  const { control } = serve();
  const { signal } = new AbortController();
  const ask = async (method: string, rest = '', json?: JsonValue) => control({ method, rest, body: json, signal });
  assert.deepEqual(await ask('GET', 'a'), { name: 'a', behaviour: { exitCode: 1 } });
  assert.deepEqual(
    await ask('POST', '', body({ name: 'b', behaviour: {} })),
    body({ name: 'a', behaviour: { exitCode: 1 } }, { name: 'b', behaviour: {} }),
  );
  assert.deepEqual(await ask('DELETE', 'a'), body({ name: 'b', behaviour: {} }));
  assert.deepEqual(await ask('PUT', '', body({ name: 'd', behaviour: {} })), body({ name: 'd', behaviour: {} }));
  assert.deepEqual(await ask('DELETE'), body());
  for (const method of ['GET', 'DELETE']) await assert.rejects(ask(method, 'a'), { code: 404 });
  await assert.rejects(ask('POST', 'a', body()), { code: 404 });
  await assert.rejects(ask('PATCH', '', body()), { code: 405 });
  await assert.rejects(ask('POST', '', { rules: [] }), { code: 400, message: /apiVersion: Required value; kind: Required value/ });
  const docker = new BehavioursControl({ rules: undefined, save: () => undefined });
  assert.throws(() => docker.list(), { code: 400, message: /containers on Docker do what their programs do/ });
});
