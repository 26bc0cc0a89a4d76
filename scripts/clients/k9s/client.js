// What scripts/test --clients tries with k9s: it runs under a terminal, is typed to, and shows what is there. See
// scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { apply, atEnd, eventually, folder, items, kubectl, namespace, report, rolledOut } from './shell.js';

const template = (app) => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '1h'] }] },
});
const deployment = (name, replicas) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
});

/** k9s under a terminal of util-linux's script. */
function terminal(...args) {
  const command = ['./k9s', '--namespace', namespace, '--logoless', '--splashless', '--refresh', '1', ...args].join(' ');
  const homes = Object.fromEntries(['CONFIG', 'DATA', 'STATE', 'CACHE'].map((name) => [`XDG_${name}_HOME`, join(folder, 'k9s', name)]));
  const env = { ...process.env, ...homes, K9S_CONFIG_DIR: join(folder, 'k9s'), TERM: 'xterm-256color', COLUMNS: '220', LINES: '60' };
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', `stty rows 60 cols 220; ${command}`, '/dev/null'], { env });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  atEnd(() => child.kill('SIGKILL'));
  return {
    ended,
    /** What was drawn since the last keys were typed shows all of these. */
    shows: (...words) =>
      eventually(`it shows ${words.join(', ')}`, () => {
        const drawn = stripVTControlCharacters(text);
        return words.every((word) => drawn.includes(word));
      }),
    async type(...keys) {
      text = '';
      for (const key of keys) {
        child.stdin.write(key);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
  };
}

const enter = '\r';
const back = '\u001b';
const podName = (app) => items('pods', `--selector=app=${app}`)[0].metadata.name;
let k9s;

async function lists() {
  apply(deployment('web', 2), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { greeting: 'hello' } });
  rolledOut('deployment/web');
  k9s = terminal('--command', 'pods');
  await k9s.shows('web-', 'Running', '1/1');
  // The last in the list: a terminal is sent only what changes, and all of its row does.
  await k9s.type();
  apply(deployment('zebra', 1));
  await k9s.shows(await eventually('there is a pod', () => podName('zebra')));
  await k9s.type(':', 'deploy', enter);
  await k9s.shows('UP-TO-DATE', '2/2');
  await k9s.type(':', 'nodes', enter);
  await k9s.shows(items('nodes')[0].metadata.name);
}

async function details() {
  await k9s.type(':', 'configmaps', enter);
  await k9s.shows('settings');
  await k9s.type('/', 'settings', enter, 'y');
  await k9s.shows('greeting: hello');
  await k9s.type(back, 'd');
  await k9s.shows('Name:', 'greeting:');
  await k9s.type(back, back, ':', 'pods', enter);
  await k9s.shows('web-');
}

async function changes() {
  const name = podName('zebra');
  await k9s.type('/', name, enter);
  await k9s.shows(name);
  // Control and K kill.
  await k9s.type('\u000b');
  await eventually('it is another pod', () => !items('pods').some(({ metadata }) => metadata.name === name));
  kubectl(['delete', 'deployment', 'zebra']);
  await k9s.type(back, ':', 'q', enter);
  assert.equal(await k9s.ended, 0);
}

await report({ 'terminal-lists': lists, 'terminal-details': details, 'terminal-changes': changes });
