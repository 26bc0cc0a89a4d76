/** `kubectl cluster-info dump`. Source: kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StatusError } from '../../../../api/status-error.ts';
import { makeFoldersSync } from '../../../../client/make-folders.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { objectPrinter, outputFlags, writtenFormats } from '../../output/output.ts';
import { apiVersionOf, resourcePath } from '../../resources/discovery.ts';
import { listObjects } from '../../resources/list.ts';
import { findResource } from '../../resources/resource-args.ts';
import { chunksOf } from '../../streams/answer-body.ts';
import { podTimeoutMs } from '../../streams/pod-streams.ts';
import { asPod, podName } from '../../streams/pods.ts';
import { allNamespacesFlag } from '../../writing/write-flags.ts';

/** The collections that are dumped for each namespace, by file name. */
const collections: readonly (readonly [file: string, type: string])[] = [
  ['events', 'events.v1.'],
  ['replication-controllers', 'replicationcontrollers'],
  ['services', 'services'],
  ['daemonsets', 'daemonsets.apps'],
  ['deployments', 'deployments.apps'],
  ['replicasets', 'replicasets.apps'],
  ['pods', 'pods'],
];

class Dump {
  readonly #session: Session;
  readonly #folder: string;
  readonly #extension: string;
  readonly #print: (object: ApiObject) => string;

  constructor(session: Session) {
    this.#session = session;
    const { flags } = session;
    this.#folder = flags.string('output-directory');
    const format = flags.string('output');
    this.#extension = format === 'json' || format === 'yaml' ? `.${format}` : '.txt';
    const printer = objectPrinter(flags, () => ({ group: '', kind: '' }), writtenFormats);
    if (printer === undefined) throw new CommandError('no output format');
    this.#print = printer;
  }

  get intoFolder(): boolean {
    return this.#folder !== '' && this.#folder !== '-';
  }

  write(name: string, extension: string, text: string): void {
    if (!this.intoFolder) {
      this.#session.out(text);
      return;
    }
    const path = join(this.#folder, `${name}${extension}`);
    makeFoldersSync(dirname(path));
    writeFileSync(path, text);
  }

  /** Dumps a collection; undefined when the server does not serve it. */
  async collection(type: string, namespace: string, name: string): Promise<readonly ApiObject[]> {
    const resource = (await this.#session.discovery).find(type);
    // Differs: upstream fails when the server does not serve a resource; here the resource is skipped.
    if (resource === undefined) return [];
    const items: ApiObject[] = [];
    for await (const item of listObjects(this.#session, resourcePath(resource, namespace), {})) {
      const { apiVersion: _version, kind: _kind, ...object } = item;
      items.push(object);
    }
    const list: ApiObject = { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata: {}, items };
    this.write(name, this.#extension, this.#print(list));
    return items;
  }

  async logs(namespace: string, object: ApiObject): Promise<void> {
    const pod = asPod(object);
    const path = resourcePath(await findResource(this.#session, 'pods'), namespace, podName(pod), 'log');
    const texts: string[] = [];
    for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const what = `logs for container ${name} of pod ${namespace}/${podName(pod)} ====\n`;
      texts.push(`==== START ${what}`, await this.#log(`${path}?${new URLSearchParams({ container: name })}`), `==== END ${what}`);
    }
    this.write(join(namespace, podName(pod), 'logs'), '.txt', texts.join(''));
  }

  async #log(path: string): Promise<string> {
    try {
      const body = await this.#session.transport.stream({ method: 'GET', path, signal: this.#session.signal });
      const chunks: Buffer[] = [];
      for await (const chunk of chunksOf(body)) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return `Request log error: ${error.message}\n`;
    }
  }
}

async function namespacesOf(session: Session): Promise<readonly string[]> {
  const { flags } = session;
  if (flags.bool('all-namespaces')) {
    const names: string[] = [];
    const path = resourcePath(await findResource(session, 'namespaces'), '');
    for await (const { metadata } of listObjects(session, path, {})) names.push(metadata?.name ?? '');
    return names;
  }
  return flags.list('namespaces').length > 0 ? flags.list('namespaces') : ['kube-system', session.namespace];
}

export const clusterInfoDump: KubectlCommand = {
  name: 'dump',
  summary: 'Dump relevant information for debugging and diagnosis',
  usage: '[flags] [options]',
  flags: [
    ...outputFlags.map((flag) => (flag.name === 'output' ? { ...flag, fallback: 'json' } : flag)),
    allNamespacesFlag,
    { name: 'namespaces', type: 'list', help: 'A comma separated list of namespaces to dump.' },
    {
      name: 'output-directory',
      type: 'string',
      help: "Where to output the files.  If empty or '-' uses stdout, otherwise creates a directory hierarchy in that directory",
    },
    {
      name: 'pod-running-timeout',
      type: 'duration',
      fallback: '20s',
      help: 'The length of time to wait until at least one pod is running',
    },
  ],
  run: async (session, flags) => {
    podTimeoutMs(flags);
    const dump = new Dump(session);
    await dump.collection('nodes', '', 'nodes');
    for (const namespace of await namespacesOf(session)) {
      for (const [file, type] of collections) {
        const objects = await dump.collection(type, namespace, join(namespace, file));
        if (type === 'pods') for (const pod of objects) await dump.logs(namespace, pod);
      }
    }
    if (dump.intoFolder) session.out(`Cluster info dumped to ${flags.string('output-directory')}\n`);
    return 0;
  },
};
