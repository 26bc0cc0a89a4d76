/** `/version`. minik reports the Kubernetes version whose schemas it carries. */
import type { JsonObject } from '../../api/json.ts';

export const gitVersion = 'v1.36.0+minik';

const goPlatform: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', win32: 'windows' };

export const versionInfo: JsonObject = Object.freeze({
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion,
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-04-22T00:00:00Z',
  goVersion: `node${process.version}`,
  compiler: 'node',
  platform: `${goPlatform[process.platform] ?? process.platform}/${goPlatform[process.arch] ?? process.arch}`,
});
