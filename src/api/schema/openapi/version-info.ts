/** The model of `/version`. Source: apimachinery pkg/version/types.go. */
import type { JsonObject } from '../../json.ts';

export const versionInfoModel = 'io.k8s.apimachinery.pkg.version.Info';

const required = ['major', 'minor', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform'];

const texts: Readonly<Record<string, string>> = {
  major: 'The major version of the program.',
  minor: 'The minor version of the program.',
  emulationMajor: 'The major version of the Kubernetes that the program behaves as.',
  emulationMinor: 'The minor version of the Kubernetes that the program behaves as.',
  minCompatibilityMajor: 'The major version of the oldest Kubernetes that the program works with.',
  minCompatibilityMinor: 'The minor version of the oldest Kubernetes that the program works with.',
};

const described = (withDefaults: boolean): JsonObject => ({
  description: 'Info contains versioning information.',
  properties: Object.fromEntries(
    [...required, 'emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'].toSorted().map((name) => [
      name,
      {
        ...(texts[name] === undefined ? {} : { description: texts[name] }),
        ...(withDefaults && required.includes(name) ? { default: '' } : {}),
        type: 'string',
      },
    ]),
  ),
  required,
  type: 'object',
});

export const versionInfo: { readonly v2: JsonObject; readonly v3: JsonObject } = { v2: described(false), v3: described(true) };
