import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ClusterSettings, UserError } from '../cluster-port.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { processStartOf } from './process-identity.ts';
import { minikHome, Profile, profileNames } from './profile.ts';

const settings = (profile: Profile): ClusterSettings => ({
  profile: profile.name,
  folder: profile.folder,
  runtime: 'simulated',
  nodes: [{ index: 0 }],
  apiPort: 6443,
  serviceCidr: '10.96.0.0/20',
  podCidr: '10.244.0.0/20',
  clusterId: 'demo-1',
});

describe('Profile', () => {
  it('refuses names that could not be part of container and host names', (t) => {
    const home = minikHome(fakeTerminal(t));
    for (const name of ['', 'A', '-a', 'a-', 'a b', '../x', 'x'.repeat(41)]) assert.throws(() => new Profile(home, name), UserError, name);
    assert.equal(new Profile(home, 'a-1').name, 'a-1');
  });

  it('lives below MINIK_HOME, or ~/.minik', (t) => {
    const terminal = fakeTerminal(t);
    assert.equal(minikHome(terminal), join(terminal.home, '.minik'));
    assert.equal(minikHome({ ...terminal, env: { MINIK_HOME: '' } }), join(terminal.home, '.minik'));
    assert.equal(minikHome({ ...terminal, env: { MINIK_HOME: '/elsewhere' } }), '/elsewhere');
  });

  it('keeps its settings, private to the user', (t) => {
    const profile = new Profile(minikHome(fakeTerminal(t)), 'demo');
    assert.equal(profile.settings(), undefined);
    profile.saveSettings(settings(profile));
    assert.deepEqual(profile.settings(), settings(profile));
    assert.equal(statSync(join(profile.folder, 'settings.json')).mode & 0o777, 0o600);
    assert.equal(statSync(profile.folder).mode & 0o777, 0o700);
  });

  it('says what to do when a file of it is damaged', (t) => {
    const profile = new Profile(minikHome(fakeTerminal(t)), 'demo');
    mkdirSync(profile.folder, { recursive: true });
    writeFileSync(join(profile.folder, 'settings.json'), '{');
    assert.throws(
      () => profile.settings(),
      (error: unknown) => error instanceof UserError && error.hints.some((hint) => hint.includes('minik delete --force -p demo')),
    );
  });

  it('knows a running server from one that a crash left behind', (t) => {
    const profile = new Profile(minikHome(fakeTerminal(t)), 'demo');
    const state = { pid: process.pid, apiUrl: 'https://127.0.0.1:6443', startedAt: '2026-01-01T00:00:00Z', version: '0.1.0' };
    profile.saveServer({ ...state, processStart: processStartOf(process.pid) });
    assert.equal(profile.server()?.pid, process.pid);
    profile.saveServer({ ...state, processStart: '1' });
    assert.equal(profile.server(), undefined, 'the pid belongs to another process now');
    profile.saveServer({ ...state, pid: 2 ** 22 + 1, processStart: '1' });
    assert.equal(profile.server(), undefined, 'no such process');
  });

  it('is worked on by one command at a time', (t) => {
    const profile = new Profile(minikHome(fakeTerminal(t)), 'demo');
    const release = profile.lock('start');
    assert.throws(() => profile.lock('delete'), /another command \(minik start, pid \d+\) is working on profile "demo"/);
    release();
    profile.lock('delete')();
  });

  it('is listed until it is removed', (t) => {
    const home = minikHome(fakeTerminal(t));
    for (const name of ['b', 'a']) {
      const profile = new Profile(home, name);
      profile.saveSettings(settings(profile));
    }
    assert.deepEqual(profileNames(home), ['a', 'b']);
    new Profile(home, 'a').remove();
    writeFileSync(join(home, 'profiles', 'notes'), '');
    mkdirSync(join(home, 'profiles', '.Trash-1000'));
    assert.deepEqual(profileNames(home), ['b'], 'what else lies there is no profile');
  });
});
