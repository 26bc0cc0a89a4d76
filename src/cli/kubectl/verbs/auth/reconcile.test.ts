/** Roles and bindings that are brought to what files say. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fakeApiServer } from '../../../testing/fake-api-server.ts';
import { fakeTerminal } from '../../../testing/fake-terminal.ts';
import { runKubectl } from '../../run-kubectl.ts';

const group = 'rbac.authorization.k8s.io';
const roleRef = { apiGroup: group, kind: 'Role', name: 'r' };
const user = (name: string) => ({ kind: 'User', apiGroup: group, name });
const rule = (...resources: readonly string[]) => ({ apiGroups: [''], resources, verbs: ['get'] });
const metadata = (name: string, more: object = {}) => ({ name, namespace: 'default', ...more });

/** A part of what was written. */
const part = (write: { readonly body: unknown } | undefined, name: string): unknown =>
  (write?.body as Record<string, unknown> | undefined)?.[name];

/** Runs a command against what is there; `object` is in the file. */
async function run(
  t: TestContext,
  existing: { readonly roles?: readonly object[]; readonly bindings?: readonly object[] },
  command: string,
  object?: object,
) {
  const served = (kind: string, objects: readonly object[] = []) =>
    ({ group, version: 'v1', kind, plural: `${kind.toLowerCase()}s`, objects: objects as { metadata: { name: string } }[] }) as const;
  const server = await fakeApiServer([served('Role', existing.roles), served('RoleBinding', existing.bindings)]);
  t.after(() => server.close());
  const folder = mkdtempSync(join(tmpdir(), 'minik-reconcile-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'object.json');
  writeFileSync(path, JSON.stringify({ apiVersion: `${group}/v1`, ...object }));
  const terminal = fakeTerminal(t);
  const code = await runKubectl(['--server', server.url, ...command.split(' '), ...(object === undefined ? [] : ['-f', path])], terminal);
  return { code, ...terminal.printed, writes: server.writes };
}

const role = (rules: readonly object[], more: object = {}) => ({ kind: 'Role', metadata: metadata('r', more), rules });
const binding = (subjects: readonly object[], more: object = {}) => ({
  kind: 'RoleBinding',
  metadata: metadata('b'),
  roleRef,
  subjects,
  ...more,
});

describe('kubectl auth reconcile', () => {
  it('adds the rules that a role lacks, and keeps what it has', async (t) => {
    const { code, out, err, writes } = await run(t, { roles: [role([rule('pods')])] }, 'auth reconcile', role([rule('pods', 'services')]));
    assert.deepEqual([code, out], [0, 'role.rbac.authorization.k8s.io/r reconciled\n']);
    const lacking = '{Verbs:[get] APIGroups:[] Resources:[services] ResourceNames:[] NonResourceURLs:[]}';
    assert.equal(err, `\treconciliation required update\n\tmissing rules added:\n\t\t${lacking}\n`);
    const [write] = writes;
    assert.match(String(write?.call), /^PUT /);
    assert.deepEqual(part(write, 'rules'), [rule('pods'), { verbs: ['get'], apiGroups: [''], resources: ['services'] }]);
  });

  it('takes what names no namespace for one of the request', async (t) => {
    const { code, writes } = await run(t, {}, 'auth reconcile --namespace team', {
      kind: 'Role',
      metadata: { name: 'new' },
      rules: [rule('pods')],
    });
    assert.equal(code, 0);
    assert.match(String(writes[0]?.call), /\/namespaces\/team\/roles/);
  });

  it('takes away what the file does not say when it is told to', async (t) => {
    const { writes } = await run(t, { roles: [role([rule('*')])] }, 'auth reconcile --remove-extra-permissions', role([rule('pods')]));
    assert.deepEqual(part(writes[0], 'rules'), [rule('pods')]);
  });

  it('writes nothing when all is there, nor for an object that opted out', async (t) => {
    const same = await run(t, { roles: [role([rule('*')])] }, 'auth reconcile', role([rule('pods')]));
    assert.deepEqual([same.err, same.writes], ['', []]);
    const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    const kept = await run(t, { roles: [role([], { annotations })] }, 'auth reconcile', role([rule('pods')]));
    assert.match(kept.err, /required update, but object opted out \(rbac\.authorization\.kubernetes\.io\/autoupdate: false\)/);
    assert.deepEqual(kept.writes, []);
  });

  it('adds subjects, and makes a binding anew whose role is another', async (t) => {
    const added = await run(t, { bindings: [binding([user('jane')])] }, 'auth reconcile', binding([user('joe')]));
    assert.deepEqual(part(added.writes[0], 'subjects'), [user('jane'), user('joe')]);
    const other = binding([user('joe')], { roleRef: { ...roleRef, name: 'other' } });
    const { writes, err } = await run(t, { bindings: [binding([user('jane')])] }, 'auth reconcile', other);
    assert.deepEqual(
      writes.map(({ call }) => call.split(' ')[0]),
      ['DELETE', 'POST'],
    );
    assert.equal(err, '\treconciliation required recreate\n');
  });

  it('says what would be done in a dry run', async (t) => {
    const { out, writes } = await run(t, {}, 'auth reconcile --dry-run=client', binding([user('joe')]));
    assert.deepEqual([out, writes], ['rolebinding.rbac.authorization.k8s.io/b reconciled (dry run)\n', []]);
  });
});

describe('kubectl set subject', () => {
  it('adds subjects that are not there yet', async (t) => {
    const command = 'set subject rolebinding b --user=jane --user=joe --group=devs --serviceaccount=:robot';
    const { out, writes } = await run(t, { bindings: [binding([user('jane')])] }, command);
    assert.equal(out, 'rolebinding.rbac.authorization.k8s.io/b subjects updated\n');
    const account = { kind: 'ServiceAccount', name: 'robot', namespace: 'default' };
    const subjects = [user('jane'), user('joe'), { ...user('devs'), kind: 'Group' }, account];
    assert.deepEqual(writes[0]?.body, { subjects });
    assert.deepEqual((await run(t, { bindings: [binding([user('jane')])] }, 'set subject rolebinding b --user=jane')).writes, []);
  });

  it('refuses other kinds, and what names nobody', async (t) => {
    const refused = async (command: string, message: string) => {
      const { code, err } = await run(t, { roles: [role([])], bindings: [binding([])] }, command);
      assert.deepEqual([code, err], [1, `error: ${message}\n`]);
    };
    await refused('set subject role r --user=u', 'roles/r setting subjects is only supported for RoleBinding/ClusterRoleBinding');
    const listed = (names: readonly string[]) => ({
      apiVersion: 'v1',
      kind: 'List',
      items: names.map((name) => ({ apiVersion: `${group}/v1`, kind: 'Role', metadata: { name }, rules: [] })),
    });
    const why = ' setting subjects is only supported for RoleBinding/ClusterRoleBinding\n';
    const told = async (...names: readonly string[]) => (await run(t, {}, 'set subject --local --user=u', listed(names))).err;
    assert.equal(await told('r'), `error: role.rbac.authorization.k8s.io/r\n${why}`);
    // As upstream, an empty line comes after each of several.
    const each = ['r', 's'].map((name) => `error: role.rbac.authorization.k8s.io/${name}\n${why}\n`);
    assert.equal(await told('r', 's'), each.join(''));
    await refused('set subject rolebinding b', 'you must specify at least one value of user, group or serviceaccount');
    await refused('set subject rolebinding b --serviceaccount=a', 'serviceaccount must be <namespace>:<name>');
  });
});
