// The manifests, as they are in the module.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

rmSync('manifests', { recursive: true, force: true });
const module = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/metrics-server'], { encoding: 'utf8' });
cpSync(join(module.trim(), 'manifests', 'base'), 'manifests', { recursive: true });
// A module's files cannot be written.
execFileSync('chmod', ['-R', 'u+w', 'manifests']);
