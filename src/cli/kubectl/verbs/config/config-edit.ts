/**
 * The verbs of `kubectl config` that change a kubeconfig. Source: kubectl pkg/cmd/config; client-go
 * tools/clientcmd/config.go (ModifyConfig).
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defaultKubeconfigFile, loadKubeconfig } from '../../../../client/kubeconfig.ts';
import { editKubeconfig, type KubeconfigEditor, type KubeconfigList } from '../../../../client/kubeconfig-file.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { type Flags, UsageError } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';

/** The file to change: the one that has the entry, else the one that new entries are written to. */
function fileOf(session: Session, list?: KubeconfigList, name = ''): string {
  const files = session.kubeconfigFiles();
  const holder = list === undefined ? undefined : files.find((file) => loadKubeconfig([file])[list].has(name));
  return holder ?? defaultKubeconfigFile(files);
}

/** The file from which the current context is removed: the first one that sets it. */
const fileOfCurrent = (session: Session): string => {
  const files = session.kubeconfigFiles();
  return files.find((file) => loadKubeconfig([file]).currentContext !== '') ?? defaultKubeconfigFile(files);
};

const config = (session: Session) => loadKubeconfig(session.kubeconfigFiles());

function oneName(flags: Flags): string {
  if (flags.args.length !== 1) throw new UsageError(`Unexpected args: [${flags.args.join(' ')}]`);
  return flags.args[0] ?? '';
}

const useContext: KubectlCommand = {
  name: 'use-context',
  aliases: ['use'],
  summary: 'Set the current-context in a kubeconfig file',
  usage: 'CONTEXT_NAME [options]',
  run: async (session, flags) => {
    const name = oneName(flags);
    if (!config(session).contexts.has(name)) throw new CommandError(`no context exists with the name: ${JSON.stringify(name)}`);
    editKubeconfig(fileOf(session), (editor) => editor.useContext(name));
    session.out(`Switched to context ${JSON.stringify(name)}.\n`);
    return 0;
  },
};

/** The values of flags that were given, by the field they set; '' removes the field. */
function givenValues(flags: Flags, fields: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const given = Object.entries(fields).filter(([flag]) => flags.given(flag));
  return Object.fromEntries(given.map(([flag, field]) => [field, flags.string(flag) === '' ? undefined : flags.string(flag)]));
}

const setContext: KubectlCommand = {
  name: 'set-context',
  summary: 'Set a context entry in kubeconfig',
  usage: '[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]',
  flags: [{ name: 'current', type: 'bool', help: 'Modify the current context' }],
  run: async (session, flags) => {
    const [given, ...more] = flags.args;
    if (more.length > 0) throw new UsageError(`Unexpected args: [${flags.args.join(' ')}]`);
    if (given === undefined && !flags.bool('current')) throw new CommandError('you must specify a non-empty context name or --current');
    if (given !== undefined && flags.bool('current')) throw new CommandError('you cannot specify both a context name and --current');
    const name = given ?? config(session).currentContext;
    if (name === '') throw new CommandError('no current context is set');
    const exists = config(session).contexts.has(name);
    const values = {
      ...(exists ? {} : { cluster: '', user: '' }),
      ...givenValues(flags, { cluster: 'cluster', user: 'user', namespace: 'namespace' }),
    };
    editKubeconfig(fileOf(session, 'contexts', name), (editor) => editor.mergeEntry('contexts', name, values));
    session.out(`Context ${JSON.stringify(name)} ${exists ? 'modified' : 'created'}.\n`);
    return 0;
  },
};

function remover(list: KubeconfigList, noun: string, after?: (session: Session, name: string) => void): KubectlCommand {
  return {
    name: `delete-${noun}`,
    summary: `Delete the specified ${noun} from the kubeconfig`,
    usage: 'NAME [options]',
    run: async (session, flags) => {
      const name = oneName(flags);
      const file = fileOf(session, list, name);
      if (!config(session)[list].has(name)) throw new CommandError(`cannot delete ${noun} ${name}, not in ${file}`);
      after?.(session, name);
      editKubeconfig(file, (editor) => editor.removeEntry(list, name));
      session.out(`deleted ${noun} ${name} from ${file}\n`);
      return 0;
    },
  };
}

function warnIfCurrent(session: Session, name: string): void {
  if (config(session).currentContext !== name) return;
  session.err('warning: this removed your active context, use "kubectl config use-context" to select a different one\n');
}

const renameContext: KubectlCommand = {
  name: 'rename-context',
  summary: 'Rename a context from the kubeconfig file',
  usage: 'CONTEXT_NAME NEW_NAME [options]',
  run: async (session, flags) => {
    const [from = '', to = ''] = flags.args;
    if (flags.args.length !== 2) throw new UsageError(`Unexpected args: [${flags.args.join(' ')}]`);
    const { contexts, currentContext } = config(session);
    const file = fileOf(session, 'contexts', from);
    if (!contexts.has(from)) throw new CommandError(`cannot rename the context ${JSON.stringify(from)}, it's not in ${file}`);
    if (contexts.has(to))
      throw new CommandError(
        `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${file}`,
      );
    editKubeconfig(file, (editor) => editor.renameEntry('contexts', from, to));
    if (currentContext === from) editKubeconfig(fileOf(session), (editor) => editor.useContext(to));
    session.out(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`);
    return 0;
  },
};

const absolute = (path: string): string => resolve(path);

/** A file by its path, or with `--embed-certs` its content; the alternative field (path or data) is removed. */
function fileFields(flags: Flags, flag: string): Record<string, string | undefined> {
  if (!flags.given(flag)) return {};
  const path = flags.string(flag);
  if (path === '') return { [flag]: undefined, [`${flag}-data`]: undefined };
  if (!flags.bool('embed-certs')) return { [flag]: absolute(path), [`${flag}-data`]: undefined };
  try {
    return { [flag]: undefined, [`${flag}-data`]: readFileSync(path).toString('base64') };
  } catch {
    throw new CommandError(`could not stat ${flag} file ${path}: stat ${path}: no such file or directory`);
  }
}

const setCluster: KubectlCommand = {
  name: 'set-cluster',
  summary: 'Set a cluster entry in kubeconfig',
  usage:
    'NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]',
  flags: [
    { name: 'embed-certs', type: 'bool', help: 'embed-certs for the cluster entry in kubeconfig' },
    { name: 'proxy-url', type: 'string', help: 'proxy-url for the cluster entry in kubeconfig' },
  ],
  run: async (session, flags) => {
    const name = oneName(flags);
    const insecure = flags.bool('insecure-skip-tls-verify');
    if (insecure && flags.string('certificate-authority') !== '')
      throw new CommandError('you cannot specify a certificate authority and insecure mode at the same time');
    const authority = fileFields(flags, 'certificate-authority');
    const values = {
      ...givenValues(flags, { server: 'server', 'tls-server-name': 'tls-server-name', 'proxy-url': 'proxy-url' }),
      ...authority,
      ...(flags.given('certificate-authority') ? { 'insecure-skip-tls-verify': undefined } : {}),
      ...(flags.given('insecure-skip-tls-verify') ? { 'insecure-skip-tls-verify': insecure ? true : undefined } : {}),
      ...(insecure ? { 'certificate-authority': undefined, 'certificate-authority-data': undefined } : {}),
    };
    const exists = config(session).clusters.has(name);
    editKubeconfig(fileOf(session, 'clusters', name), (editor) =>
      editor.mergeEntry('clusters', name, { ...(exists ? {} : { server: '' }), ...values }),
    );
    session.out(`Cluster ${JSON.stringify(name)} set.\n`);
    return 0;
  },
};

const setCredentials: KubectlCommand = {
  name: 'set-credentials',
  summary: 'Set a user entry in kubeconfig',
  usage:
    'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [options]',
  flags: [
    { name: 'embed-certs', type: 'bool', help: 'Embed client cert/key for the user entry in kubeconfig' },
    { name: 'username', type: 'string', help: 'username for the user entry in kubeconfig' },
    { name: 'password', type: 'string', help: 'password for the user entry in kubeconfig' },
  ],
  run: async (session, flags) => {
    const name = oneName(flags);
    if (flags.string('token') !== '' && flags.string('username') !== '') {
      throw new CommandError('you cannot specify more than one authentication method at the same time: --token, --username');
    }
    const values = {
      ...givenValues(flags, { token: 'token', username: 'username', password: 'password' }),
      ...fileFields(flags, 'client-certificate'),
      ...fileFields(flags, 'client-key'),
    };
    editKubeconfig(fileOf(session, 'users', name), (editor) => editor.mergeEntry('users', name, values));
    session.out(`User ${JSON.stringify(name)} set.\n`);
    return 0;
  },
};

const lists: readonly KubeconfigList[] = ['clusters', 'contexts', 'users'];

/**
 * Applies a value to a property such as `clusters.my-cluster.server` or `current-context`; undefined removes it. Names
 * may contain dots.
 */
function applyProperty(session: Session, editor: KubeconfigEditor, property: string, value: string | undefined): void {
  const [list = '', ...rest] = property.split('.');
  const known = lists.find((each) => each === list);
  if (known === undefined) {
    if (property !== 'current-context' && list !== 'preferences')
      throw new CommandError(`unable to parse ${property} after [] at api.Config`);
    editor.setField(property.split('.'), property === 'current-context' ? (value ?? '') : value);
    return;
  }
  const names = [...config(session)[known].keys()];
  const path = rest.join('.');
  const name = names.find((each) => path === each || path.startsWith(`${each}.`)) ?? rest.slice(0, -1).join('.');
  const field = path.slice(name.length + 1);
  if (field === '' && value === undefined && path !== '') editor.removeEntry(known, path);
  else if (field === '') throw new CommandError("can't set a map to a value: map[]");
  else editor.mergeEntry(known, name, { [field]: field === 'insecure-skip-tls-verify' && value !== undefined ? value === 'true' : value });
}

const set: KubectlCommand = {
  name: 'set',
  summary: 'Set an individual value in a kubeconfig file',
  usage: 'PROPERTY_NAME PROPERTY_VALUE [options]',
  flags: [
    {
      name: 'set-raw-bytes',
      type: 'bool',
      help: 'When writing a []byte PROPERTY_VALUE, write the given string directly without base64 decoding.',
    },
  ],
  run: async (session, flags) => {
    const [property = '', text = ''] = flags.args;
    if (flags.args.length !== 2) throw new UsageError(`Unexpected args: [${flags.args.join(' ')}]`);
    if (text === '') throw new CommandError('you cannot use set to unset a property');
    const value = property.endsWith('-data') && flags.bool('set-raw-bytes') ? Buffer.from(text).toString('base64') : text;
    editKubeconfig(fileOf(session), (editor) => applyProperty(session, editor, property, value));
    session.out(`Property ${JSON.stringify(property)} set.\n`);
    return 0;
  },
};

const unset: KubectlCommand = {
  name: 'unset',
  summary: 'Unset an individual value in a kubeconfig file',
  usage: 'PROPERTY_NAME [options]',
  run: async (session, flags) => {
    const property = oneName(flags);
    editKubeconfig(fileOfCurrent(session), (editor) => applyProperty(session, editor, property, undefined));
    session.out(`Property ${JSON.stringify(property)} unset.\n`);
    return 0;
  },
};

export const configEdits: readonly KubectlCommand[] = [
  useContext,
  setContext,
  setCluster,
  setCredentials,
  renameContext,
  remover('contexts', 'context', warnIfCurrent),
  remover('clusters', 'cluster'),
  remover('users', 'user'),
  set,
  unset,
];
