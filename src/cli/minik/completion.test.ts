import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { completionScript } from '../completion-scripts.ts';
import { completions } from './completion.ts';
import { suggestion } from './suggestion.ts';
import { verbs } from './verbs.ts';

const complete = (...words: string[]): readonly string[] =>
  completions(words, { profiles: () => ['demo', 'minik'], nodes: (profile = 'minik') => [profile, `${profile}-m02`] });

describe('completions', () => {
  it('are commands, flags and what a flag may be', () => {
    assert.deepEqual(complete('st'), ['start', 'stop', 'status']);
    assert.deepEqual(
      complete(''),
      verbs.map(({ name }) => name),
    );
    assert.deepEqual(complete('start', '--n'), ['--nodes', '--node-port-addresses']);
    assert.deepEqual(complete('start', '--runtime', 's'), ['simulated']);
    assert.deepEqual(complete('stop', '-p', ''), ['demo', 'minik']);
    assert.deepEqual(complete('status', '-o', ''), ['text', 'json']);
    assert.deepEqual(complete('help', 'lo'), ['logs']);
    assert.deepEqual(complete('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(complete('node', 's'), ['stop', 'start']);
    assert.deepEqual(complete('node', 'stop', ''), ['minik', 'minik-m02']);
    assert.deepEqual(complete('node', 'stop', '-p', 'x', ''), ['x', 'x-m02']);
    assert.deepEqual(complete('node', 'add', '--'), ['--profile', '--output', '--zone']);
    assert.deepEqual(complete('help', 'node', 'd'), ['delete']);
    assert.deepEqual(complete('faults', 'add', 'watch-'), ['watch-close', 'watch-reset', 'watch-silence']);
    assert.deepEqual(complete('faults', 'add', '500', '--verb', 'l'), ['list']);
  });

  it('are none where anything may follow', () => {
    for (const words of [
      ['start', '--nodes', ''],
      ['start', ''],
      ['kubectl', 'get', ''],
      ['nonsense', '-'],
      ['help', 'start', ''],
    ])
      assert.deepEqual(complete(...words), [], words.join(' '));
  });

  it('are what bash offers', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'minik-completion-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    // Prints the words for which it was called.
    writeFileSync(join(folder, 'minik'), '#!/bin/sh\necho "$#:$1:$2:$3:$4"\necho other\n');
    chmodSync(join(folder, 'minik'), 0o755);
    const script = `${completionScript('bash', 'minik')}COMP_WORDS=(minik stop -p '')\nCOMP_CWORD=3\n__start_minik\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { env: { PATH: `${folder}:/usr/bin:/bin` }, encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(stdout, '4:__complete:stop:-p:\nother\n');
  });
});

describe('suggestion', () => {
  it('is the nearest word, and none when no word is near', () => {
    const known = ['start', 'stop', 'status', 'delete'];
    for (const [word, meant] of [
      ['sart', 'start'],
      ['strat', 'start'],
      ['START', 'start'],
      ['stpo', 'stop'],
      ['del', 'delete'],
      ['stauts', 'status'],
      ['x', undefined],
      ['remove', undefined],
    ] as const)
      assert.equal(suggestion(word, known), meant, word);
  });
});
