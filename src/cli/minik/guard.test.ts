/** Tests the guard program itself, with shell scripts in place of servers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { guarded, guardName } from './guard.ts';
import { Profile } from './profile.ts';

function profileOf(t: TestContext): Profile {
  const home = mkdtempSync(join(tmpdir(), 'minik-guard-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const profile = new Profile(home, 'demo');
  mkdirSync(profile.folder, { recursive: true });
  return profile;
}

/**
 * Starts a script under the guard. The script's variables: $guarded is the file that marks it as ready, $runs is a file
 * to which it can append.
 */
function start(profile: Profile, script: string) {
  const [program = '', ...args] = guarded(profile, ['/bin/sh', '-c', script]);
  const env = { PATH: process.env.PATH, guarded: profile.guardedFile, runs: join(profile.folder, 'runs') };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env });
  return { child, ended: once(child, 'exit') };
}

/** All that a stream carries until its last holder ends; calls back at the first part. */
async function text(stream: Readable, onFirst: (part: string) => unknown): Promise<string> {
  let whole = '';
  for await (const part of stream) {
    if (whole === '') await onFirst(String(part));
    whole += String(part);
  }
  return whole;
}

/** Resolves when a guard waits for signals: told to end before that, it would have ended alone. */
async function waitsForSignals(pid: number): Promise<void> {
  const isGuard = () => basename(readlinkSync(`/proc/${pid}/exe`)) === guardName;
  while (!isGuard() || !readFileSync(`/proc/${pid}/status`, 'utf8').includes('\nState:\tS')) await setTimeout(5);
}

const runsOf = (profile: Profile): string => readFileSync(join(profile.folder, 'runs'), 'utf8');
const skip = process.platform === 'linux' ? false : 'there is a guard for Linux only';

describe('the guard', { skip }, () => {
  it('ends as the server that could not start, and starts it no second time', async (t) => {
    for (const [script, code] of [
      ['exit 3', 3],
      ['kill -9 $$', 128 + 9],
      ['exit 0', 0],
    ] as const) {
      const profile = profileOf(t);
      const { ended } = start(profile, `echo x >>"$runs"; ${script}`);
      assert.deepEqual(await ended, [code, null]);
      assert.equal(runsOf(profile), 'x\n');
      assert.deepEqual(profile.crashes(), []);
    }
  });

  it('starts a server again that crashed after it had been ready, later each time, without the channel of the first', async (t) => {
    const profile = profileOf(t);
    const { ended } = start(
      profile,
      `touch "$guarded"; echo "channel \${NODE_CHANNEL_FD-none}" >>"$runs"
       case $(wc -l <"$runs") in 1) kill -9 $$ ;; 2) exit 7 ;; *) rm "$guarded" ;; esac`,
    );
    assert.deepEqual(await ended, [0, null]);
    assert.equal(runsOf(profile), 'channel 3\nchannel none\nchannel none\n');
    const crashes = profile.crashes();
    assert.deepEqual(
      crashes.map(({ why }) => why),
      ['killed by SIGKILL, as by the kernel when memory runs out', 'exit code 7'],
    );
    assert.deepEqual(
      crashes.map(({ at, restartAt }) => (restartAt?.getTime() ?? 0) - at.getTime()),
      [0, 1000],
    );
  });

  it('passes the signal to stop on and ends with the server, whatever that returns', async (t) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const profile = profileOf(t);
      writeFileSync(profile.guardedFile, '');
      const { child, ended } = start(
        profile,
        `sleep 60 >/dev/null 2>&1 3>&- & trap 'echo told >>"$runs"; kill $!; exit 5' TERM; echo ready; wait`,
      );
      await once(child.stdout ?? assert.fail(), 'data');
      child.kill(signal);
      assert.deepEqual(await ended, [5, null]);
      assert.equal(runsOf(profile), 'told\n');
      assert.deepEqual(profile.crashes(), []);
    }
  });

  it('shows what a server said of its crash', async (t) => {
    const profile = profileOf(t);
    const { ended } = start(
      profile,
      `[ -e "$runs" ] && rm "$guarded" && exit 0; touch "$guarded" "$runs"
       printf '{"pid":%d,"error":"TypeError: x is not a function"}\\n' $$ >>"${profile.crashFile}"; exit 1`,
    );
    await ended;
    assert.deepEqual(
      profile.crashes().map(({ why }) => why),
      ['TypeError: x is not a function'],
    );
  });

  it('waits, as the second guard of a running server, for its end, and starts the next one itself', async (t) => {
    const profile = profileOf(t);
    writeFileSync(profile.guardedFile, '');
    // The first server gives itself a guard and is killed; the second one ends well.
    const second = `echo "second, $PPID" >>"$runs"; rm "$guarded"`;
    const [program, ...args] = guarded(profile, ['/bin/sh', '-c', second]);
    const command = args.map((arg, index) => (index === 2 ? '$$' : `'${arg}'`)).join(' ');
    const first = spawn('/bin/sh', ['-c', `'${program}' ${command} & echo "guard $!"; read line; kill -9 $$`], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, guarded: profile.guardedFile, runs: join(profile.folder, 'runs') },
    });
    const told = await text(first.stdout, () => first.stdin.end('crash now\n'));
    assert.equal(runsOf(profile), `second, ${told.replace('guard ', '')}`);
    assert.deepEqual(
      profile.crashes().map(({ pid, why }) => ({ pid, why })),
      [{ pid: first.pid, why: 'for a reason that its second guard was not told' }],
    );
  });

  it('passes the signal to stop on to a server that it has not started, and restarts none that ended before it was ready', async (t) => {
    for (const signal of ['TERM', 'KILL']) {
      const profile = profileOf(t);
      if (signal === 'TERM') writeFileSync(profile.guardedFile, '');
      const [program, ...args] = guarded(profile, ['/bin/sh', '-c', 'echo again >>"$runs"']);
      const command = args.map((arg, index) => (index === 2 ? '$$' : `'${arg}'`)).join(' ');
      const script = `trap 'echo told; exit' TERM; '${program}' ${command} & echo $!; read line; kill -${signal} $${signal === 'TERM' ? '!' : '$'}; read line`;
      const server = spawn('/bin/sh', ['-c', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, runs: join(profile.folder, 'runs') },
      });
      const told = await text(server.stdout, async (pid) => {
        await waitsForSignals(Number(pid));
        server.stdin.write('go on\n');
      });
      assert.match(told, signal === 'TERM' ? /^\d+\ntold\n$/ : /^\d+\n$/);
      assert.equal(existsSync(join(profile.folder, 'runs')), false);
      assert.deepEqual(profile.crashes(), []);
    }
  });

  it('tells the server that it has started of its own end, by a signal that others ignore', async (t) => {
    const profile = profileOf(t);
    const { child } = start(profile, `exec 3>&-; trap 'echo alone; kill $!; exit' URG; sleep 60 & echo ready; wait`);
    const output = child.stdout ?? assert.fail();
    assert.equal(await text(output, () => child.kill('SIGKILL')), 'ready\nalone\n');
  });

  it('lies in a file of the user alone, replaced at each start', (t) => {
    const profile = profileOf(t);
    const [program = ''] = guarded(profile, ['/bin/true']);
    writeFileSync(program, 'spoilt');
    guarded(profile, ['/bin/true']);
    assert.notEqual(readFileSync(program, 'utf8'), 'spoilt');
    assert.equal(statSync(program).mode & 0o077, 0);
    assert.equal(existsSync(`${program}.new`), false);
  });
});
