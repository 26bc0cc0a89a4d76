/** `kubectl logs`. Source: kubectl pkg/cmd/logs/logs.go, pkg/polymorphichelpers/logsforobject.go. */
import { isNotFound, StatusError } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError, type Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { resourcePath } from '../resources/discovery.ts';
import { findResource } from '../resources/resource-args.ts';
import { chunksOf } from '../streams/answer-body.ts';
import { podTimeoutMs } from '../streams/pod-streams.ts';
import {
  allContainerNames,
  chooseContainer,
  findContainer,
  goType,
  listPods,
  type PodObject,
  podName,
  podsOfObject,
  readOne,
} from '../streams/pods.ts';
import { selectorFlag } from '../writing/write-flags.ts';

const usage = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";
const defaultTailOfSelector = 10;
const retryPauseMs = 1000;

interface LogSource {
  readonly pod: PodObject;
  readonly container: string;
}

/** The query parameters that the flags set for every container's log. Throws CommandError. */
export function logQuery(flags: Flags): Readonly<Record<string, string>> {
  if (flags.given('since-time') && flags.durationMs('since') !== 0)
    throw new CommandError('at most one of `sinceTime` or `sinceSeconds` may be specified');
  if (flags.int('limit-bytes') < 0) throw new CommandError('--limit-bytes must be greater than 0');
  if (flags.durationMs('since') < 0) throw new CommandError('--since must be greater than 0');
  if (flags.int('tail') < -1) throw new CommandError('--tail must be greater than or equal to -1');
  const sinceTime = flags.string('since-time');
  if (sinceTime !== '' && !/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(sinceTime)) {
    throw new CommandError(
      `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`,
    );
  }
  const tail = flags.given('selector') && !flags.given('tail') ? defaultTailOfSelector : flags.int('tail');
  const since = Math.round(flags.durationMs('since') / 1000);
  return {
    ...(flags.bool('follow') ? { follow: 'true' } : {}),
    ...(flags.bool('previous') ? { previous: 'true' } : {}),
    ...(flags.bool('timestamps') ? { timestamps: 'true' } : {}),
    ...(sinceTime === '' ? {} : { sinceTime }),
    ...(since === 0 ? {} : { sinceSeconds: String(since) }),
    ...(flags.int('limit-bytes') === 0 ? {} : { limitBytes: flags.string('limit-bytes') }),
    ...(tail === -1 ? {} : { tailLines: String(tail) }),
  };
}

function containersOf(
  session: Session,
  pod: PodObject,
  asked: string,
  options: { readonly all: boolean; readonly quiet: boolean },
): readonly LogSource[] {
  if (options.all) {
    const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
    return [...initContainers, ...containers, ...ephemeralContainers].map((c) => ({ pod, container: c.name }));
  }
  const annotated = pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container'] ?? '';
  if (asked === '' && annotated !== '' && findContainer(pod, annotated) === undefined) {
    session.err(`Default container name ${JSON.stringify(annotated)} not found in pod ${podName(pod)}\n`);
    const [first] = pod.spec.containers;
    if (first !== undefined) session.err(`Defaulted container ${JSON.stringify(first.name)} out of: ${allContainerNames(pod)}\n`);
    return first === undefined ? [] : [{ pod, container: first.name }];
  }
  const container = chooseContainer(pod, asked, (text) => {
    if (!options.quiet) session.err(text);
  });
  return [{ pod, container: container.name }];
}

async function podsToRead(session: Session, flags: Flags): Promise<readonly PodObject[]> {
  if (flags.given('selector')) {
    const pods = await listPods(session, flags.string('selector'), true);
    if (pods.length === 0) session.err(`No resources found in ${session.namespace} namespace.\n`);
    return pods.toSorted((a, b) => (podName(a) < podName(b) ? -1 : 1));
  }
  const { resource, object } = await readOne(session, flags.args[0] ?? '').catch((error: unknown) => {
    if (isNotFound(error) && error instanceof StatusError)
      throw new CommandError(`error from server (NotFound): ${error.message} in namespace ${JSON.stringify(session.namespace)}`);
    throw error;
  });
  const pods = await podsOfObject(session, resource, object, { forLogs: true, timeoutMs: podTimeoutMs(flags) }).catch((error: unknown) => {
    if (error instanceof CommandError && error.message.startsWith('selector for '))
      throw new CommandError(`cannot get the logs from ${goType(resource)}: ${error.message}`);
    throw error;
  });
  const [first] = pods;
  if (first === undefined || flags.bool('all-pods')) return pods;
  if (pods.length > 1) session.err(`Found ${pods.length} pods, using pod/${podName(first)}\n`);
  return [first];
}

/** Copies a log to standard output, each line behind a prefix. */
async function copyLog(session: Session, path: string, prefix: string): Promise<void> {
  const body = await session.transport.stream({ method: 'GET', path, signal: session.signal, accept: '*/*' });
  const { stdout } = session.terminal;
  const write = async (chunk: Buffer): Promise<void> => {
    if (!stdout.write(chunk)) await new Promise<void>((resolve) => stdout.once('drain', resolve));
  };
  if (prefix === '') {
    for await (const chunk of chunksOf(body)) await write(chunk);
    return;
  }
  const head = Buffer.from(prefix);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunksOf(body)) {
    rest = Buffer.concat([rest, chunk]);
    const end = rest.lastIndexOf(0x0a);
    if (end === -1) continue;
    const lines = rest.subarray(0, end).toString('latin1').split('\n');
    await write(Buffer.from(lines.map((line) => `${head.toString('latin1')}${line}\n`).join(''), 'latin1'));
    rest = rest.subarray(end + 1);
  }
  if (rest.length > 0) await write(Buffer.concat([head, rest]));
}

async function consume(session: Session, path: string, prefix: string): Promise<void> {
  const { flags } = session;
  const deadline = Date.now() + podTimeoutMs(flags);
  for (;;) {
    try {
      return await copyLog(session, path, prefix);
    } catch (error) {
      if (session.signal.aborted) return;
      if (!(error instanceof Error)) throw error;
      if (flags.bool('ignore-errors')) {
        session.out(`error: ${error.message}\n`);
        return;
      }
      if (!flags.bool('follow')) throw error;
      session.err(`${error.message}\n`);
      if (!(error instanceof StatusError) || Date.now() > deadline) throw new CommandError('timed out waiting for the condition');
    }
    await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
  }
}

async function readLogs(session: Session, sources: readonly LogSource[], query: Readonly<Record<string, string>>): Promise<void> {
  const { flags } = session;
  const prefixed = flags.bool('prefix') || flags.bool('all-pods');
  const pods = await findResource(session, 'pods');
  const one = ({ pod, container }: LogSource): Promise<void> => {
    const path = resourcePath(pods, pod.metadata?.namespace ?? session.namespace, podName(pod), 'log');
    return consume(
      session,
      `${path}?${new URLSearchParams({ container, ...query })}`,
      prefixed ? `[pod/${podName(pod)}/${container}] ` : '',
    );
  };
  if (flags.bool('follow') && sources.length > 1) {
    const most = flags.int('max-log-requests');
    if (sources.length > most) {
      throw new CommandError(
        `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${most}, use --max-log-requests to increase the limit`,
      );
    }
    await Promise.all(sources.map(one));
    return;
  }
  for (const source of sources) await one(source);
}

function checkArguments(flags: Flags): string {
  const { args } = flags;
  if (args.length === 0 && !flags.given('selector')) throw new ArgumentError(usage);
  if (args.length === 1 && flags.given('selector')) throw new ArgumentError('only a selector (-l) or a POD name is allowed');
  if (args.length > 2) throw new ArgumentError(usage);
  if (flags.given('container') && args.length === 2) throw new CommandError('only one of -c or an inline [CONTAINER] arg is allowed');
  const container = args.length === 2 ? (args[1] ?? '') : flags.string('container');
  if (flags.bool('all-containers') && container !== '')
    throw new CommandError(`--all-containers=true should not be specified with container name ${container}`);
  return container;
}

export const logs: KubectlCommand = {
  name: 'logs',
  summary: 'Print the logs for a container in a pod',
  usage: '[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]',
  flags: [
    { name: 'all-pods', type: 'bool', help: 'Get logs from all pod(s). Sets prefix to true.' },
    { name: 'all-containers', type: 'bool', help: "Get all containers' logs in the pod(s)." },
    { name: 'follow', short: 'f', type: 'bool', help: 'Specify if the logs should be streamed.' },
    { name: 'timestamps', type: 'bool', help: 'Include timestamps on each line in the log output' },
    { name: 'limit-bytes', type: 'int', fallback: '0', help: 'Maximum bytes of logs to return. Defaults to no limit.' },
    {
      name: 'previous',
      short: 'p',
      type: 'bool',
      help: 'If true, print the logs for the previous instance of the container in a pod if it exists.',
    },
    {
      name: 'tail',
      type: 'int',
      fallback: '-1',
      help: 'Lines of recent log file to display. Defaults to -1 with no selector, showing all log lines otherwise 10, if a selector is provided.',
    },
    { name: 'ignore-errors', type: 'bool', help: 'If watching / following pod logs, allow for any errors that occur to be non-fatal' },
    { name: 'since-time', type: 'string', help: 'Only return logs after a specific date (RFC3339).' },
    { name: 'since', type: 'duration', fallback: '0s', help: 'Only return logs newer than a relative duration like 5s, 2m, or 3h.' },
    { name: 'container', short: 'c', type: 'string', help: 'Print the logs of this container' },
    {
      name: 'insecure-skip-tls-verify-backend',
      type: 'bool',
      help: 'Skip verifying the identity of the kubelet that logs are requested from.',
    },
    {
      name: 'pod-running-timeout',
      type: 'duration',
      fallback: '20s',
      help: 'The length of time to wait until at least one pod is running',
    },
    selectorFlag,
    {
      name: 'max-log-requests',
      type: 'int',
      fallback: '5',
      help: 'Specify maximum number of concurrent logs to follow when using by a selector.',
    },
    { name: 'prefix', type: 'bool', help: 'Prefix each log line with the log source (pod name and container name)' },
  ],
  run: async (session, flags) => {
    const asked = checkArguments(flags);
    const query = logQuery(flags);
    const pods = await podsToRead(session, flags);
    const quiet = flags.bool('all-pods');
    const sources = pods.flatMap((pod) => containersOf(session, pod, asked, { all: flags.bool('all-containers'), quiet }));
    await readLogs(session, sources, query);
    return 0;
  },
};
