/** What scripts/test --clients tries with the official JavaScript client. See scripts/clients/recipes.ts. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import {
  Attach,
  AuthenticationV1Api,
  CoreV1Api,
  Cp,
  Exec,
  KubeConfig,
  Log,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import WebSocket from 'ws';

const { CLIENT_NAMESPACE: namespace, CLIENT_POD, CLIENT_LONG_TOKEN, CLIENT_LONG_TOKEN_USER } = process.env;
const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const longToken = () => readFileSync(CLIENT_LONG_TOKEN, 'utf8');
const configMap = (name) => ({ metadata: { name, labels: { of: 'objects' } }, data: { key: 'one' } });

/** Collects what is written. */
class Collector extends Writable {
  pieces = [];
  _write(chunk, _encoding, done) {
    this.pieces.push(Buffer.from(chunk));
    done();
  }
  get text() {
    return Buffer.concat(this.pieces).toString();
  }
}

const closed = (socket) => new Promise((resolve) => socket.on('close', resolve));

async function objects() {
  for (const name of ['a', 'b', 'c']) await core.createNamespacedConfigMap({ namespace, body: configMap(name) });
  const query = { namespace, labelSelector: 'of=objects', limit: 2 };
  const page = await core.listNamespacedConfigMap(query);
  const rest = await core.listNamespacedConfigMap({ ...query, _continue: page.metadata._continue });
  assert.deepEqual(
    [...page.items, ...rest.items].map((item) => item.metadata.name),
    ['a', 'b', 'c'],
  );
  const merge = { name: 'a', namespace, body: { data: { key: 'two', more: 'three' } } };
  const patched = await core.patchNamespacedConfigMap(merge, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
  assert.deepEqual(patched.data, { key: 'two', more: 'three' });
  const operations = { name: 'a', namespace, body: [{ op: 'remove', path: '/data/more' }] };
  const less = await core.patchNamespacedConfigMap(operations, setHeaderOptions('Content-Type', PatchStrategy.JsonPatch));
  assert.deepEqual(less.data, { key: 'two' });
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'of=objects' });
  await assert.rejects(core.readNamespacedConfigMap({ name: 'a', namespace }), { code: 404 });
}

async function watch() {
  const { metadata } = await core.listNamespacedConfigMap({ namespace });
  await core.createNamespacedConfigMap({ namespace, body: configMap('watched') });
  const merge = { name: 'watched', namespace, body: { data: { key: 'two' } } };
  await core.patchNamespacedConfigMap(merge, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
  await core.deleteNamespacedConfigMap({ name: 'watched', namespace });
  const seen = [];
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const query = { resourceVersion: metadata.resourceVersion, timeoutSeconds: 2 };
  await new Promise((resolve) => new Watch(config).watch(path, query, (type, object) => seen.push([type, object.data.key]), resolve));
  assert.deepEqual(seen, [
    ['ADDED', 'one'],
    ['MODIFIED', 'two'],
    ['DELETED', 'two'],
  ]);
}

/** As browsers do it: the token is a sub-protocol, and one of those that were offered has to be answered. */
async function webSocketWatch() {
  const bearer = Buffer.from(longToken()).toString('base64url');
  const { server, caData, caFile } = config.getCurrentCluster();
  const socket = new WebSocket(
    `${server.replace('https:', 'wss:')}/api/v1/namespaces/${namespace}/configmaps?watch=1`,
    [`base64url.bearer.authorization.k8s.io.${bearer}`, 'minik.example'],
    { ca: caData === undefined ? readFileSync(caFile) : Buffer.from(caData, 'base64') },
  );
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  assert.equal(socket.protocol, 'minik.example');
  const seen = new Promise((resolve) => {
    socket.on('message', (message) => {
      const event = JSON.parse(message.toString());
      if (event.object.metadata.name === 'socket') resolve(event.type);
    });
  });
  await core.createNamespacedConfigMap({ namespace, body: configMap('socket') });
  assert.equal(await seen, 'ADDED');
  socket.close();
}

async function pod() {
  await core.createNamespacedPod({ namespace, body: JSON.parse(readFileSync(CLIENT_POD, 'utf8')) });
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await new Promise((resolve, reject) => {
    const look = (_type, object) => {
      const statuses = object.status.containerStatuses ?? [];
      if (statuses.length === 3 && statuses.every(({ state }) => state.running !== undefined)) resolve();
    };
    new Watch(config).watch(path, { timeoutSeconds: 60 }, look, () => reject(new Error('the pod does not run'))).catch(reject);
  });
}

async function exec() {
  const [stdin, stdout, stderr] = [new PassThrough(), new Collector(), new Collector()];
  stdin.end('x'.repeat(300_000));
  let noteStatus;
  const status = new Promise((resolve) => {
    noteStatus = resolve;
  });
  const command = ['sh', '-c', 'cat | md5sum; echo note >&2; exit 7'];
  const socket = await new Exec(config).exec(namespace, 'streams', 'main', command, stdout, stderr, stdin, false, noteStatus);
  await closed(socket);
  assert.match(stdout.text, /^d408ed46ebcc326f9e7c6bb9c77af1cd /);
  assert.equal(stderr.text, 'note\n');
  assert.deepEqual((await status).details.causes, [{ reason: 'ExitCode', message: '7' }]);
}

async function attach() {
  const [stdin, stdout] = [new PassThrough(), new Collector()];
  const socket = await new Attach(config).attach(namespace, 'streams', 'attach', stdout, null, stdin, false);
  const end = closed(socket);
  stdin.write('hello\nend\n');
  await end;
  assert.equal(stdout.text, 'got hello\n');
}

async function logs() {
  const output = new PassThrough();
  const printed = text(output);
  await new Log(config).log(namespace, 'streams', 'logs', output, { follow: true });
  assert.equal(await printed, Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`).join(''));
}

async function portForward() {
  const [input, output, problems] = [new PassThrough(), new Collector(), new Collector()];
  const socket = await new PortForward(config).portForward(namespace, 'streams', [8080], output, problems, input);
  const end = closed(socket);
  input.write('GET /index.html HTTP/1.0\r\n\r\n');
  await end;
  assert.equal(output.text.split('\r\n\r\n')[1], 'pong\n');
  assert.equal(problems.text, '');
}

/** Cp does not wait for its copy's end: this tells it. */
class NotedExec extends Exec {
  exec(...args) {
    const [, , , , stdout, , , , callback] = args;
    this.ended = new Promise((resolve, reject) => {
      args[8] = (status) => {
        const copied = stdout === null ? Promise.resolve() : finished(stdout);
        Promise.all([callback(status), copied]).then(() => resolve(status), reject);
      };
    });
    return super.exec(...args);
  }
}

async function cp() {
  const folder = mkdtempSync(join(tmpdir(), 'minik-clients-'));
  try {
    const content = 'some text\n'.repeat(100_000);
    const [there, back] = [join(folder, 'there'), join(folder, 'back')];
    mkdirSync(there);
    mkdirSync(back);
    writeFileSync(join(there, 'file'), content);
    const noted = new NotedExec(config);
    const copier = new Cp(config, noted);
    await copier.cpToPod(namespace, 'streams', 'main', there, '/tmp');
    assert.equal((await noted.ended).status, 'Success');
    await copier.cpFromPod(namespace, 'streams', 'main', 'file', back, '/tmp');
    assert.equal((await noted.ended).status, 'Success');
    assert.equal(readFileSync(join(back, 'file'), 'utf8'), content);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function longTokenIsTaken() {
  const other = new KubeConfig();
  other.loadFromClusterAndUser(config.getCurrentCluster(), { name: 'long', token: longToken() });
  const review = await other.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} });
  assert.equal(review.status.userInfo.username, CLIENT_LONG_TOKEN_USER);
}

const checks = {
  objects,
  watch,
  'websocket-watch': webSocketWatch,
  pod,
  exec,
  attach,
  logs,
  'port-forward': portForward,
  cp,
  'long-token': longTokenIsTaken,
};
for (const [name, body] of Object.entries(checks)) {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(error);
    console.log(`not ok ${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
