/** `kubectl debug`. Source: kubectl pkg/cmd/debug/debug.go. */
import { errorText } from '../../../../api/error-text.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { type FlagSpec, type Flags, UsageError } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { type Info, infoPath, infosOf } from '../../resources/infos.ts';
import { findResource } from '../../resources/resource-args.ts';
import { chunksOf } from '../../streams/answer-body.ts';
import { asPod } from '../../streams/pods.ts';
import { watchUntil } from '../../waiting/watch-until.ts';
import { isImageName } from '../../writing/image-name.ts';
import { attachTo } from '../attach.ts';
import { containersOf, type DebugPod } from './debug-pod.ts';
import { customContainer, debugCopy, type Made, type Making, nodeDebugger, withDebugger } from './make-pods.ts';
import { checkProfile, legacyWarning } from './profiles.ts';

/** The pairs of a flag, `a=b` or `a=b,c=d`. Throws UsageError. Source: spf13/pflag string_to_string.go. */
function pairsOf(flags: Flags, name: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const text of flags.all(name)) {
    for (const pair of text.split('=').length === 2 ? [text] : text.split(',')) {
      const at = pair.indexOf('=');
      if (at === -1)
        throw new UsageError(`invalid argument ${JSON.stringify(text)} for "--${name}" flag: ${pair} must be formatted as key=value`);
      pairs[pair.slice(0, at)] = pair.slice(at + 1);
    }
  }
  return pairs;
}

const invalidImage = (image: string, where = ''): CommandError =>
  new CommandError(`invalid image name ${JSON.stringify(image)}${where}: invalid reference format`);

/** The flags that only a copy can have, with what they are called in the error. */
function checkCopy(flags: Flags, images: Making['images'], command: readonly string[]): void {
  const image = flags.string('image');
  const alone = (flag: string): CommandError => new CommandError(`--${flag} may only be used with --copy-to.`);
  if (flags.string('copy-to') === '') {
    for (const flag of ['replace', 'same-node']) if (flags.bool(flag)) throw alone(flag);
    if (Object.keys(images).length > 0) throw alone('set-image');
    if (image === '') throw new CommandError('you must specify --image when not using --copy-to.');
    return;
  }
  if (image === '' && Object.keys(images).length === 0 && command.length === 0)
    throw new CommandError('you must specify --image, --set-image or command arguments.');
  if (command.length > 0 && flags.string('container') === '' && image === '')
    throw new CommandError('you must specify an existing container or a new image when specifying args.');
}

const pullPolicies = ['', 'Always', 'IfNotPresent', 'Never'];

/** Throws CommandError. */
function check(session: Session, { flags, command, images }: Making, names: readonly string[]): void {
  checkProfile(flags.string('profile'));
  const [image, container, target] = [flags.string('image'), flags.string('container'), flags.string('target')];
  if (flags.given('attach') && flags.bool('attach') && image === '' && container === '')
    throw new CommandError('you must specify --container or create a new container using --image in order to attach.');
  checkCopy(flags, images, command);
  if (image !== '' && !isImageName(image)) throw invalidImage(image);
  if (names.length === 0 && !flags.given('filename')) throw new CommandError('NAME or filename is required for debug');
  const policy = flags.string('image-pull-policy');
  if (!pullPolicies.includes(policy)) throw new CommandError(`invalid image pull policy: ${policy}`);
  for (const [name, other] of Object.entries(images))
    if (!isImageName(other)) throw invalidImage(other, ` for container ${JSON.stringify(name)}`);
  if (target !== '') {
    if (flags.string('copy-to') !== '') throw new CommandError('--target is incompatible with --copy-to. Use --share-processes instead.');
    if (!flags.bool('quiet'))
      session.out(
        `Targeting container ${JSON.stringify(target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
      );
  }
  if (flags.bool('tty') && !flags.bool('stdin')) throw new CommandError('-i/--stdin is required for containers with -t/--tty=true');
  customContainer(flags);
  session.err(legacyWarning(flags.string('profile')));
}

const nonRootWarning =
  'Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using "--custom" with a custom profile that specifies "securityContext.runAsUser: 0".\n';

/** Capabilities of a process that is not root have no effect. */
function warnOfUser(session: Session, { pod, container }: Made): void {
  const context = containersOf(pod).find(({ name }) => name === container)?.securityContext;
  const asUser = pod.spec.securityContext?.runAsUser ?? 0;
  if (asUser === 0 || context === undefined || context.runAsUser === 0) return;
  if (context.privileged === true || (context.capabilities?.add ?? []).length > 0) session.err(nonRootWarning);
}

/** Makes what debugs an object; resolves with its Pod as it was made. */
async function debugObject(session: Session, { resource, namespace, name, object }: Info, making: Making): Promise<Made> {
  const { flags } = making;
  const pods = await findResource(session, 'pods');
  const create = async (made: Made, where: string): Promise<Made> => {
    const pod = await session.object({ method: 'POST', path: resourcePath(pods, where), body: made.pod });
    return { pod: pod as DebugPod, container: made.container }; // the answer to a Pod is a Pod
  };
  if (resource.group === '' && resource.kind === 'Node') return create(nodeDebugger(object, making), session.namespace);
  if (resource.group !== '' || resource.kind !== 'Pod')
    throw new CommandError(`"${resource.group}/${resource.version}, Kind=${resource.kind}" not supported by debug`);
  const target = object as DebugPod; // its kind says so
  if (flags.string('copy-to') !== '') {
    const made = debugCopy(target, making);
    warnOfUser(session, made);
    const created = await create(made, namespace);
    if (flags.bool('replace'))
      await session.object({ method: 'DELETE', path: infoPath({ resource, namespace, name }), body: { gracePeriodSeconds: 0 } });
    return created;
  }
  const made = withDebugger(target, making);
  warnOfUser(session, made);
  const added = made.pod.spec.ephemeralContainers?.filter((each) => each.name === made.container).slice(-1);
  const pod = await session.object({
    method: 'PATCH',
    path: infoPath({ resource, namespace, name }, 'ephemeralcontainers'),
    contentType: 'application/strategic-merge-patch+json',
    body: { spec: { ephemeralContainers: added } },
  });
  return { pod: pod as DebugPod, container: made.container };
}

type ContainerState = Readonly<Partial<Record<'running' | 'terminated' | 'waiting', { readonly message?: string }>>>;

interface Statuses {
  readonly status?: Readonly<Record<string, readonly { readonly name: string; readonly state?: ContainerState }[] | undefined>>;
}

function stateOf(pod: ApiObject, container: string): ContainerState | undefined {
  const { status = {} } = pod as Statuses; // a Pod's
  const lists = [status.initContainerStatuses, status.containerStatuses, status.ephemeralContainerStatuses];
  return lists.flatMap((list = []) => list).find(({ name }) => name === container)?.state;
}

/** Waits until the container has started, and attaches to it; one that has ended by then is shown by its log. */
async function attachWhenStarted(session: Session, { pod, container }: Made): Promise<void> {
  const { flags } = session;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const pods = await findResource(session, 'pods');
  const quiet = flags.bool('quiet');
  let last: ApiObject = pod;
  await watchUntil(
    session,
    { resource: pods, namespace, name },
    (object) => {
      if (object === undefined) throw new CommandError('pods "" not found');
      last = object;
      const state = stateOf(object, container);
      const message = state?.waiting?.message ?? '';
      if (!quiet && message !== '') session.err(`Warning: container ${container}: ${message}\n`);
      return state?.running !== undefined || state?.terminated !== undefined;
    },
    Number.POSITIVE_INFINITY,
  );
  const showLog = async (): Promise<void> => {
    const path = `${resourcePath(pods, namespace, name, 'log')}?${new URLSearchParams({ container })}`;
    const body = await session.transport.stream({ method: 'GET', path, signal: session.signal });
    for await (const chunk of chunksOf(body)) session.terminal.stdout.write(chunk);
  };
  if (stateOf(last, container)?.terminated !== undefined) return showLog();
  try {
    await attachTo(session, asPod(last), { container, stdin: flags.bool('stdin'), tty: flags.bool('tty'), quiet });
  } catch (error) {
    if (session.signal.aborted) throw error;
    session.err(`warning: couldn't attach to pod/${name}, falling back to streaming logs: ${errorText(error)}\n`);
    await showLog();
  }
}

async function runDebug(session: Session, flags: Flags): Promise<number> {
  const names = flags.dashAt === -1 ? flags.args : flags.args.slice(0, flags.dashAt);
  const command = flags.dashAt === -1 ? [] : flags.args.slice(flags.dashAt);
  const tell = (text: string): void => {
    if (!flags.bool('quiet')) session.out(text);
  };
  const making: Making = { flags, command, env: pairsOf(flags, 'env'), images: pairsOf(flags, 'set-image'), tell };
  check(session, making, names);
  const attaches = flags.given('attach') ? flags.bool('attach') : flags.bool('stdin');
  const objects = names.map((name) => (name.includes('/') ? name : `pods/${name}`));
  for await (const info of infosOf(session, objects)) {
    if (info instanceof Error) throw info;
    const made = await debugObject(session, info, making);
    if (attaches && made.container !== '') await attachWhenStarted(session, made);
  }
  return 0;
}

const ofCopies = "(This flag only works when used with '--copy-to')";

const keepFlags: readonly FlagSpec[] = [
  { name: 'keep-labels', type: 'bool', help: `If true, keep the original pod labels.${ofCopies}` },
  { name: 'keep-annotations', type: 'bool', help: `If true, keep the original pod annotations.${ofCopies}` },
  { name: 'keep-liveness', type: 'bool', help: `If true, keep the original pod liveness probes.${ofCopies}` },
  { name: 'keep-readiness', type: 'bool', help: `If true, keep the original pod readiness probes.${ofCopies}` },
  { name: 'keep-startup', type: 'bool', help: `If true, keep the original startup probes.${ofCopies}` },
  {
    name: 'keep-init-containers',
    type: 'bool',
    fallback: 'true',
    help: `Run the init containers for the pod. Defaults to true.${ofCopies}`,
  },
];

export const debug: KubectlCommand = {
  name: 'debug',
  summary: 'Create debugging sessions for troubleshooting workloads and nodes',
  usage: '(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]',
  flags: [
    { name: 'filename', short: 'f', type: 'list', help: 'identifying the resource to debug' },
    {
      name: 'arguments-only',
      type: 'bool',
      help: 'If specified, everything after -- will be passed to the new container as Args instead of Command.',
    },
    {
      name: 'attach',
      type: 'bool',
      help: "If true, wait for the container to start running, and then attach as if 'kubectl attach ...' were called.  Default false, unless '-i/--stdin' is set, in which case the default is true.",
    },
    { name: 'container', short: 'c', type: 'string', help: 'Container name to use for debug container.' },
    { name: 'copy-to', type: 'string', help: 'Create a copy of the target Pod with this name.' },
    { name: 'replace', type: 'bool', help: "When used with '--copy-to', delete the original Pod." },
    { name: 'env', type: 'array', help: 'Environment variables to set in the container.' },
    { name: 'image', type: 'string', help: 'Container image to use for debug container.' },
    ...keepFlags,
    {
      name: 'set-image',
      type: 'array',
      help: "When used with '--copy-to', a list of name=image pairs for changing container images, similar to how 'kubectl set image' works.",
    },
    {
      name: 'image-pull-policy',
      type: 'string',
      help: 'The image pull policy for the container. If left empty, this value will not be specified by the client and defaulted by the server.',
    },
    { name: 'stdin', short: 'i', type: 'bool', help: 'Keep stdin open on the container(s) in the pod, even if nothing is attached.' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'If true, suppress informational messages.' },
    { name: 'same-node', type: 'bool', help: "When used with '--copy-to', schedule the copy of target Pod on the same node." },
    {
      name: 'share-processes',
      type: 'bool',
      fallback: 'true',
      help: "When used with '--copy-to', enable process namespace sharing in the copy.",
    },
    { name: 'target', type: 'string', help: 'When using an ephemeral container, target processes in this container name.' },
    { name: 'tty', short: 't', type: 'bool', help: 'Allocate a TTY for the debugging container.' },
    {
      name: 'profile',
      type: 'string',
      fallback: 'general',
      help: 'Options are "general", "baseline", "restricted", "netadmin" or "sysadmin". Defaults to "general"',
    },
    {
      name: 'custom',
      type: 'string',
      help: 'Path to a JSON or YAML file containing a partial container spec to customize built-in debug profiles.',
    },
  ],
  run: runDebug,
};
