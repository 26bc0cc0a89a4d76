// What the programs of scripts/clients that are written for a shell share: kubectl of the executable under test, waiting,
// processes of their own, and the report that scripts/clients/report.ts reads.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const { CLIENT_NAMESPACE: namespace, CLIENT_MINIK: minik, CLIENT_PKI: pki } = process.env;
/** Removed at the end. */
export const folder = mkdtempSync(join(tmpdir(), 'minik-client-'));
const started = [];
const leftovers = [];

/** What a program prints; throws its error output when it fails. */
export function run(program, args, { input, cwd } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', input, cwd, maxBuffer: 2 ** 28 });
  if (status === 0) return stdout;
  throw new Error(`${args.slice(0, 3).join(' ')}: ${error?.message ?? (stderr || stdout)}`);
}

export const kubectl = (args, input) => run(minik, ['kubectl', '--namespace', namespace, ...args], { input });
export const apply = (...objects) => kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
export const read = (...args) => JSON.parse(kubectl(['get', ...args, '-o', 'json']));
export const items = (...args) => read(...args).items;
export const wait = (condition, ...args) => kubectl(['wait', `--for=${condition}`, '--timeout=60s', ...args]);
export const rolledOut = (name, ...args) => kubectl(['rollout', 'status', name, '--timeout=60s', ...args]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What `probe` answers once that is true; throws its last error, or `what`. */
export async function eventually(what, probe, limitMs = 60_000) {
  const end = performance.now() + limitMs;
  for (;;) {
    let problem = new Error(`not within ${limitMs / 1000} s: ${what}`);
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > end) throw problem;
    await pause(300);
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program that runs until the end of the checks. */
export function launch(name, file, args, env = {}) {
  const log = join(folder, `${name}.log`);
  const out = openSync(log, 'w');
  const child = spawn(file, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env } });
  const launched = { name, process: child, log: () => readFileSync(log, 'utf8') };
  started.push(launched);
  return launched;
}

/** Ends what was launched, before the end of the checks. */
export async function stop(launched) {
  started.splice(started.indexOf(launched), 1);
  const { process: child } = launched;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}

/** Has something removed at the end of the checks, the last first. */
export const atEnd = (remove) => leftovers.push(remove);

/** Says something beside the results. */
export const note = (text) => console.log(`note ${text}`);

/** Runs the checks one after another, reports each, and ends what was launched. */
export async function report(checks) {
  try {
    for (const [name, body] of Object.entries(checks)) {
      try {
        await body();
        const dead = started.filter(({ process: child }) => child.exitCode !== null).map((launched) => launched.name);
        assert.deepEqual(dead, [], 'programs that have ended');
        console.log(`ok ${name}`);
      } catch (error) {
        process.exitCode = 1;
        console.error(error);
        console.log(`not ok ${name}: ${error.message.replaceAll(/\s+/g, ' ')}`);
      }
    }
  } finally {
    if (process.exitCode === 1) for (const { name, log } of started) console.error(`${name}:\n${log().slice(-5000)}`);
    for (const launched of [...started]) await stop(launched);
    for (const remove of leftovers.reverse()) await remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
