// Builds Helm, from the versions that its own recipe pins, and fetches the chart of cert-manager from its module.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [helmFolder] = process.argv.slice(2);
const go = (...args) => execFileSync('go', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
go('build', '-C', helmFolder, '-o', resolve('helm'), 'helm.sh/helm/v4/cmd/helm');
rmSync('chart', { recursive: true, force: true });
const module = go('list', '-m', '-f', '{{.Dir}}', 'github.com/cert-manager/cert-manager').trim();
cpSync(join(module, 'deploy', 'charts', 'cert-manager'), 'chart', { recursive: true });
// A module's files cannot be written.
execFileSync('chmod', ['-R', 'u+w', 'chart']);
