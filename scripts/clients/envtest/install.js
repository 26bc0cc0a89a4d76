// Builds controller-runtime's own suites, as they are in its module, which has the versions of what they need.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';

const source = './source';
const go = (args, cwd = '.') => execFileSync('go', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
rmSync(source, { recursive: true, force: true });
go(['mod', 'download', 'sigs.k8s.io/controller-runtime']);
cpSync(go(['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/controller-runtime']).trim(), source, { recursive: true });
// A module's files cannot be written.
execFileSync('chmod', ['-R', 'u+w', source]);
for (const suite of ['client', 'cache', 'controller']) go(['test', '-c', '-o', `../${suite}.test`, `./pkg/${suite}`], source);
