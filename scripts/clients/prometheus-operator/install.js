// The definitions, as they are in the operator's module.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

rmSync('crds', { recursive: true, force: true });
const module = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', 'github.com/prometheus-operator/prometheus-operator'], {
  encoding: 'utf8',
});
cpSync(join(module.trim(), 'example', 'prometheus-operator-crd'), 'crds', { recursive: true });
// A module's files cannot be written.
execFileSync('chmod', ['-R', 'u+w', 'crds']);
