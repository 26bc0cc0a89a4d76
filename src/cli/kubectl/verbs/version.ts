/**
 * `kubectl version`. Source: kubectl pkg/cmd/version. Differs: prints no Kustomize version, because Kustomize is not
 * included.
 */
import type { JsonObject } from '../../../api/json.ts';
import { kubernetesVersion } from '../../../version.ts';
import { toYaml } from '../../print/yaml.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';

interface VersionInfo extends JsonObject {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
}

function clientVersion(): VersionInfo {
  const [major = '', minor = ''] = kubernetesVersion.replace(/^v/, '').split('.');
  return {
    major,
    minor,
    gitVersion: kubernetesVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node${process.version}`,
    compiler: 'node',
    platform: `${process.platform === 'win32' ? 'windows' : process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}

/** The warning when client and server are more than one minor version apart. */
function skewWarning(client: VersionInfo, server: VersionInfo): string | undefined {
  const parse = (version: string): readonly number[] => (/^v?(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  const [clientMajor = 0, clientMinor = 0] = parse(client.gitVersion);
  const [serverMajor = 0, serverMinor = 0] = parse(server.gitVersion);
  if (clientMajor === serverMajor && Math.abs(clientMinor - serverMinor) <= 1) return undefined;
  return `version difference between client (${clientMajor}.${clientMinor}) and server (${serverMajor}.${serverMinor}) exceeds the supported minor version skew of +/-1`;
}

export const version: KubectlCommand = {
  name: 'version',
  summary: 'Print the client and server version information',
  usage: '[flags] [options]',
  flags: [
    { name: 'client', type: 'bool', help: 'If true, shows client version only (no server required).' },
    { name: 'output', short: 'o', type: 'string', help: "One of 'yaml' or 'json'." },
  ],
  run: async (session, flags) => {
    if (flags.args.length > 0) throw new CommandError(`extra arguments: [${flags.args.join(' ')}]`);
    const output = flags.string('output');
    if (!['', 'yaml', 'json'].includes(output)) throw new CommandError("--output must be 'yaml' or 'json'");
    const client = clientVersion();
    const print = (server: VersionInfo | undefined): void => {
      const both = { clientVersion: client, ...(server === undefined ? {} : { serverVersion: server }) };
      if (output === 'yaml') session.out(`${toYaml(both)}\n`);
      else if (output === 'json') session.out(`${JSON.stringify(both, undefined, 2)}\n`);
      else session.out(`Client Version: ${client.gitVersion}\n${server === undefined ? '' : `Server Version: ${server.gitVersion}\n`}`);
    };
    if (flags.bool('client')) {
      print(undefined);
      return 0;
    }
    let server: VersionInfo;
    try {
      server = (await session.object({ method: 'GET', path: '/version' })) as unknown as VersionInfo; // what the path serves
    } catch (error) {
      print(undefined);
      throw error;
    }
    print(server);
    const warning = skewWarning(client, server);
    if (warning !== undefined && flags.bool('warnings-as-errors')) throw new CommandError(warning);
    if (warning !== undefined) session.err(`Warning: ${warning}\n`);
    return 0;
  },
};
