/**
 * `kubectl create secret generic|tls|docker-registry`. Source: kubectl pkg/cmd/create/create_secret{,_tls,_docker}.go.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorText } from '../../../../api/error-text.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { FlagSpec, Flags } from '../../command/flags.ts';
import type { ApiObject } from '../../command/session.ts';
import { generatorCommand } from '../../writing/generator.ts';
import { contentHash } from './content-hash.ts';
import { dataEntries, dataSourceFlags } from './data-sources.ts';

const appendHashFlag: FlagSpec = { name: 'append-hash', type: 'bool', help: 'Append a hash of the secret to its name.' };

function secretOf(name: string, entries: ReadonlyMap<string, Buffer>, type: string, appendHash: boolean): ApiObject {
  const data = Object.fromEntries([...entries].map(([key, value]) => [key, value.toString('base64')]));
  const hash = appendHash ? `-${contentHash({ data, kind: 'Secret', name, type })}` : '';
  return {
    apiVersion: 'v1',
    ...(entries.size === 0 ? {} : { data }),
    kind: 'Secret',
    metadata: { name: `${name}${hash}` },
    ...(type === '' ? {} : { type }),
  };
}

const generic = generatorCommand({
  name: 'generic',
  summary: 'Create a secret from a local file, directory, or literal value',
  usage: 'NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
  flags: [...dataSourceFlags, { name: 'type', type: 'string', help: 'The type of secret to create' }, appendHashFlag],
  what: 'secret',
  generate: (name, flags, session) =>
    secretOf(name, dataEntries(flags, 'Secret', session.terminal.env), flags.string('type'), flags.bool('append-hash')),
});

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new CommandError(`Cannot read file ${path}, open ${path}: no such file or directory`);
  }
}

/** Refuses a certificate and a key that do not belong together. */
function checkPair(certificate: Buffer, key: Buffer): void {
  for (const [what, pem] of [
    ['certificate', certificate],
    ['key', key],
  ] as const) {
    if (!/-----BEGIN [^-]+-----/.test(pem.toString('latin1'))) throw new CommandError(`tls: failed to find any PEM data in ${what} input`);
  }
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return;
  } catch (error) {
    throw new CommandError(`tls: failed to parse the key pair: ${errorText(error)}`);
  }
  throw new CommandError('tls: private key does not match public key');
}

const tls = generatorCommand({
  name: 'tls',
  summary: 'Create a TLS secret',
  usage: 'NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'cert', type: 'string', help: 'Path to PEM encoded public key certificate.' },
    { name: 'key', type: 'string', help: 'Path to private key associated with given certificate.' },
    appendHashFlag,
  ],
  what: 'secret',
  generate: (name, flags) => {
    if (flags.string('key') === '' || flags.string('cert') === '') throw new CommandError('key and cert must be specified');
    const [certificate, key] = [read(flags.string('cert')), read(flags.string('key'))];
    checkPair(certificate, key);
    const entries = new Map([
      ['tls.crt', certificate],
      ['tls.key', key],
    ]);
    return secretOf(name, entries, 'kubernetes.io/tls', flags.bool('append-hash'));
  },
});

const dockerKey = '.dockerconfigjson';

/** Escapes characters in strings as Go's JSON encoder does. */
const escapeHtml = (text: string): string => text.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');

/** The `.dockerconfigjson` of one registry account, in the order of Go's struct. */
export function dockerConfig(flags: Pick<Flags, 'string'>): string {
  const [username, password, email] = [flags.string('docker-username'), flags.string('docker-password'), flags.string('docker-email')];
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const account = { username, password, ...(email === '' ? {} : { email }), auth };
  return escapeHtml(JSON.stringify({ auths: { [flags.string('docker-server')]: account } }));
}

const dockerRegistry = generatorCommand({
  name: 'docker-registry',
  summary: 'Create a secret for use with a Docker registry',
  usage:
    'NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'docker-username', type: 'string', help: 'Username for Docker registry authentication' },
    { name: 'docker-password', type: 'string', help: 'Password for Docker registry authentication' },
    { name: 'docker-email', type: 'string', help: 'Email for Docker registry' },
    { name: 'docker-server', type: 'string', fallback: 'https://index.docker.io/v1/', help: 'Server location for Docker registry' },
    { name: 'from-file', type: 'list', help: 'Key files can be specified using their file path.' },
    appendHashFlag,
  ],
  what: 'secret',
  generate: (name, flags, session) => {
    if (flags.list('from-file').length > 0) {
      const entries = dataEntries(flags, 'Secret', session.terminal.env);
      if (!entries.has(dockerKey)) throw new CommandError(`the provided file has no key ${JSON.stringify(dockerKey)}`);
      return secretOf(name, entries, 'kubernetes.io/dockerconfigjson', flags.bool('append-hash'));
    }
    if (flags.string('docker-username') === '' || flags.string('docker-password') === '') {
      throw new CommandError(
        'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
      );
    }
    const entries = new Map([[dockerKey, Buffer.from(dockerConfig(flags))]]);
    return secretOf(name, entries, 'kubernetes.io/dockerconfigjson', flags.bool('append-hash'));
  },
});

export const createSecret: KubectlCommand = {
  name: 'secret',
  summary: 'Create a secret using a specified subcommand',
  usage: '(docker-registry | generic | tls) [options]',
  subcommands: [dockerRegistry, generic, tls],
};
