import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheFolder } from '../programs.ts';
import { conformancePage, summary, widerPage } from './page.ts';
import { parseChoice, parseResults, type SpecResult, withoutResult } from './report.ts';
import { exactly, labelFilters } from './suite.ts';

const spec = (more: object) => ({
  ...{
    ContainerHierarchyTexts: ['[sig-node] Pods'],
    ContainerHierarchyLabels: [['sig-node']],
    LeafNodeType: 'It',
    LeafNodeText: 'should run [Conformance]',
  },
  ...{ LeafNodeLabels: ['Conformance'], State: 'passed', RunTime: 1_600_000_000, NumAttempts: 1 },
  StartTime: '2026-01-02T03:04:05.678901Z',
  ...more,
});
const report = (...specs: readonly object[]) => parseResults(specs.map((line) => `${JSON.stringify(line)}\n`).join(''));
const failedWith = (message: string) => report(spec({ State: 'failed', Failure: { Message: message } })).specs[0]?.reason;

const passed = { outcome: 'passed', reason: '', seconds: 2, date: '2026-01-02' };

describe('a report', () => {
  it('names specs as upstream does, says which are conformance, and when they ran', () => {
    assert.deepEqual(report(spec({}), spec({ LeafNodeText: 'more', LeafNodeLabels: null })).specs, [
      { name: '[sig-node] Pods should run [Conformance]', ...passed, conformance: true },
      { name: '[sig-node] Pods more', ...passed, conformance: false },
    ]);
  });

  it('tells specs that skip themselves from those that were never chosen', () => {
    const skipped = (attempts: number) => spec({ State: 'skipped', NumAttempts: attempts, Failure: { Message: 'needs a cloud' } });
    const { specs } = report(skipped(0), skipped(1), spec({ NumAttempts: 0 }));
    assert.deepEqual(
      specs.map(({ outcome, reason }) => [outcome, reason]),
      [['skipped', 'needs a cloud']],
    );
  });

  it('takes every other end for a failure', () => {
    const ends = ['failed', 'panicked', 'timedout', 'interrupted', 'aborted'].map((State) => spec({ State }));
    assert.deepEqual(new Set(report(...ends).specs.map(({ outcome }) => outcome)), new Set(['failed']));
  });

  it('keeps what goes wrong outside of specs', () => {
    const set = report(spec({ LeafNodeType: 'SynchronizedBeforeSuite', State: 'failed', Failure: { Message: 'no nodes' } }));
    assert.deepEqual(set, { specs: [], problems: ['SynchronizedBeforeSuite: no nodes'] });
  });

  it('counts the last result of a spec, and tells which of those chosen have none', () => {
    assert.deepEqual(
      report(spec({ State: 'failed' }), spec({})).specs.map(({ outcome }) => outcome),
      ['passed'],
    );
    const chosen = parseChoice(
      JSON.stringify([{ SpecReports: [spec({}), spec({ State: 'skipped' }), spec({ LeafNodeType: 'BeforeSuite' })] }]),
    );
    assert.deepEqual(chosen, ['[sig-node] Pods should run [Conformance]']);
    const { outcome, conformance } = withoutResult(chosen[0] ?? '');
    assert.deepEqual([outcome, conformance], ['failed', true]);
  });

  it('gives the line that says most, without what chance made', () => {
    const gomega =
      'creating a job in namespace job-1234: Unexpected error:\n    <*errors.StatusError | 0xc0>:\n    the server could not find the requested resource\n    {\n';
    assert.equal(failedWith(gomega), 'creating a job in namespace job-…: the server could not find the requested resource');
    assert.equal(
      failedWith('Unexpected error:\n    <*errors.StatusError | 0xc000>:\n    the server could not find the requested resource\n    {'),
      'the server could not find the requested resource',
    );
    assert.equal(failedWith(`pod 0d8a4c52-6f2c-4f5e-9d61-1f4cf6a7f0aa: ${'x'.repeat(300)}`)?.length, 242);
  });
});

const result = (name: string, outcome: SpecResult['outcome'], reason = ''): SpecResult => ({
  name,
  outcome,
  reason,
  seconds: 1,
  conformance: name.includes('[Conformance]'),
  date: '2026-01-02',
});

describe('the page', () => {
  const specs = [
    result('[sig-node] Pods should run [NodeConformance] [Conformance]', 'passed'),
    result('[sig-node] Pods a|b [Conformance]', 'failed', 'not <found>'),
    result('[sig-apps] Jobs run [Conformance]', 'skipped', 'no jobs'),
    result('[sig-apps] more', 'failed'),
  ];

  it('counts conformance specs and lists each that does not pass, with its reason', () => {
    const page = conformancePage({ upstreamVersion: 'v1.2.3', date: '2026-01-02', specs });
    assert.match(page, /Kubernetes v1\.2\.3, run on 2026-01-02: \*\*1 of 3\*\* specs/);
    assert.ok(page.includes('## sig-apps\n\n| spec | reason |\n|---|---|\n| Jobs run | skipped: no jobs |\n\n## sig-node\n'));
    assert.ok(page.endsWith('| Pods a\\|b | not &lt;found> |\n'));
    assert.ok(!page.includes('more'));
  });

  it('says so when all pass', () => {
    assert.ok(conformancePage({ upstreamVersion: 'v1', date: 'd', specs: specs.slice(0, 1) }).endsWith('Every one of them passes.\n'));
  });

  describe('of the other specs', () => {
    const others = [
      { ...result('[sig-storage] Volumes [Driver: local] a', 'skipped', 'no disks'), date: '2026-01-04' },
      result('[sig-storage] Volumes [Driver: local] b', 'skipped', 'no disks'),
      result('[sig-storage] Volumes c', 'failed', 'no volume'),
      result('[sig-storage] Volumes gone', 'failed'),
    ];
    const names = [
      ...specs.map(({ name }) => name),
      ...others.slice(0, 3).map(({ name }) => name),
      ...['d', 'e'].map((name) => `[sig-storage] Slow Volumes of a kind [Driver: local] ${name}`),
      '[sig-storage] In-tree Volumes [Driver: nfs] f',
    ];
    const wider = widerPage({ upstreamVersion: 'v1.2.3', names, machine: 'kernel is old', specs: [...specs, ...others] });
    const section = (title: string): readonly string[] =>
      wider
        .split('\n## ')
        .find((text) => text.startsWith(title))
        ?.split('\n') ?? [];

    it('counts them by group, and says when each group ran, and where', () => {
      assert.ok(wider.includes('the last result of each, here from a machine whose kernel is old.\n'));
      assert.ok(wider.includes('| sig-apps | 1 | 0 | 1 | 0 | 0 | 0 | 2026-01-02 |\n'));
      assert.ok(wider.includes('| sig-storage | 6 | 0 | 1 | 2 | 1 | 2 | 2026-01-02 to 2026-01-04 |\n'));
    });

    it('lists those that fail, of those that there are', () => {
      assert.ok(section('sig-storage').includes('| Volumes c | no volume |'));
      assert.ok(!wider.includes('gone'));
    });

    it('adds up those that skip themselves, are left out, or were not run yet', () => {
      assert.ok(section('Specs that skip').includes('| sig-storage | no disks | 2 |'));
      assert.match(section('Specs that are left out').join('\n'), /\| sig-storage \| their NFS server .* \| 1 \|/);
      assert.ok(section('Specs that were not').includes('| sig-storage | Slow Volumes [Driver: local] | 2 |'));
    });
  });

  it('has a short form for the terminal', () => {
    assert.ok(summary(specs).endsWith('1 of 4 passed, 2 failed, 1 skipped'));
  });
});

describe('the suite', () => {
  it('runs what must run alone by itself, and slow specs beside others', () => {
    assert.deepEqual(labelFilters({ focus: [], wider: false }), [
      { filter: 'Conformance && !(Serial || Disruptive)', processes: 4 },
      { filter: 'Conformance && (Serial || Disruptive)', processes: 1 },
    ]);
  });

  it('chooses one spec by its whole name', () => {
    const name = '[sig-apps] Job (with a pod) works [Conformance]';
    const pattern = new RegExp(exactly(name).slice('--focus='.length));
    assert.ok(pattern.test(`Kubernetes e2e suite ${name}`));
    assert.ok(!pattern.test(`Kubernetes e2e suite ${name} more`));
    assert.ok(!pattern.test(`Kubernetes e2e suite ${name.replace('Job', 'Cron')}`));
  });

  it('keeps what it builds where the user keeps caches', () => {
    assert.match(cacheFolder({ XDG_CACHE_HOME: '/c' }), /^\/c\/minik\/upstream-v/);
    assert.match(cacheFolder({ XDG_CACHE_HOME: '' }), /\/\.cache\/minik\/upstream-v/);
  });
});
