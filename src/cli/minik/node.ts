/** `minik node`: adds, lists, stops, starts and deletes the virtual nodes of a cluster, while it runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterSettings, isUserError, UserError } from '../cluster-port.ts';
import { type NodeSettings, nextIndex, nextZone, nodeAddress, nodeName } from '../nodes.ts';
import { Progress } from '../terminal.ts';
import type { Profile } from './profile.ts';
import { suggestion } from './suggestion.ts';
import { type CommonOptions, openProfile, printJson, type VerbContext } from './verb.ts';

export interface NodeOptions extends CommonOptions {
  readonly node: string;
}

export interface NodeAddOptions extends CommonOptions {
  readonly zone?: string | undefined;
}

/** Long enough for a node with many containers to be removed. */
const limitMs = 180_000;
const lookMs = 20;

type State = 'Running' | 'Stopped' | 'Deleted';

const isPresent = ({ wanted }: NodeSettings): boolean => wanted !== 'deleted';

function settingsOf(profile: Profile): ClusterSettings {
  const settings = profile.settings();
  if (settings !== undefined) return settings;
  throw new UserError(`there is no profile ${JSON.stringify(profile.name)}`, [`"minik start -p ${profile.name}" makes one.`]);
}

function refuseStopped(profile: Profile): void {
  if (profile.server() !== undefined) return;
  throw new UserError(`profile ${JSON.stringify(profile.name)} is not running, and its nodes are changed while it runs`, [
    `"minik start -p ${profile.name}" starts it.`,
  ]);
}

/** The node of that name, which is not the control plane's. Throws UserError. */
function namedNode(profile: Profile, settings: ClusterSettings, name: string, verb: 'stop' | 'start' | 'delete'): NodeSettings {
  const present = settings.nodes.filter(isPresent);
  const names = present.map(({ index }) => nodeName(settings, index));
  const found = present.find(({ index }) => nodeName(settings, index) === name);
  if (found === undefined) {
    const meant = suggestion(name, names);
    throw new UserError(`profile ${JSON.stringify(profile.name)} has no node ${JSON.stringify(name)}`, [
      ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
      `Its nodes: ${names.join(', ')}.`,
    ]);
  }
  if (found.index > 0 || verb === 'start') return found;
  throw new UserError(`node ${JSON.stringify(name)} runs the control plane, without which there is no cluster`, [
    verb === 'stop' ? `The whole cluster: "minik stop -p ${profile.name}".` : `The whole cluster: "minik delete -p ${profile.name}".`,
  ]);
}

/**
 * Writes which nodes are wanted and waits until the server has done it; resolves with the error about the node, if
 * any.
 */
async function change(profile: Profile, nodes: readonly NodeSettings[], name: string): Promise<string | undefined> {
  const revision = profile.saveNodes(nodes);
  const deadline = Date.now() + limitMs;
  for (;;) {
    const done = profile.doneNodes();
    if (done !== undefined && done.revision >= revision) return done.failures[name];
    if (profile.server() === undefined && profile.guard() === undefined)
      throw new UserError(`the server of profile ${JSON.stringify(profile.name)} has ended`, [
        `"minik start -p ${profile.name}" starts it, and it then goes on with its nodes.`,
      ]);
    if (Date.now() > deadline)
      throw new UserError(`the server has not changed node ${JSON.stringify(name)} for ${limitMs / 1000} s`, [`See ${profile.logFile}.`]);
    await delay(lookMs);
  }
}

interface Work {
  readonly name: string;
  readonly step: string;
  readonly state: State;
  readonly done: string;
  readonly wanted: readonly NodeSettings[];
  /** What is wanted instead when that fails. */
  readonly otherwise: readonly NodeSettings[];
}

/** Does one change, under the lock of the profile. */
async function work(context: VerbContext, options: CommonOptions, purpose: string, plan: (profile: Profile) => Work): Promise<number> {
  const { terminal } = context;
  const profile = openProfile(context, options.profile);
  settingsOf(profile);
  refuseStopped(profile);
  const progress = new Progress(terminal, options.output === 'json');
  const release = profile.lock(`node ${purpose}`);
  try {
    const { name, step, state, done, wanted, otherwise } = plan(profile);
    progress.step(step);
    const failure = await change(profile, wanted, name);
    if (failure !== undefined) {
      progress.abandon();
      await change(profile, otherwise, name);
      if (!otherwise.every(isPresent)) profile.saveNodes(otherwise.filter(isPresent));
      throw new UserError(`${JSON.stringify(name)}: ${failure}`, [`"minik logs -p ${profile.name}" may say more.`]);
    }
    if (state === 'Deleted') profile.saveNodes(wanted.filter(isPresent));
    progress.done();
    if (options.output === 'json') printJson(terminal, { profile: profile.name, node: name, state });
    else terminal.err(`${done}\n`);
    return 0;
  } catch (error) {
    progress.abandon();
    throw error;
  } finally {
    release();
  }
}

const withNode = (nodes: readonly NodeSettings[], node: NodeSettings): readonly NodeSettings[] =>
  [...nodes.filter(({ index }) => index !== node.index), node].sort((a, b) => a.index - b.index);

export const addNode = (context: VerbContext, options: NodeAddOptions): Promise<number> =>
  work(context, options, 'add', (profile) => {
    const settings = settingsOf(profile);
    const { nodes, nodeAddresses = nodes.length } = settings;
    const index = nextIndex(nodes, nodeAddresses);
    if (index === undefined)
      throw new UserError(`profile ${JSON.stringify(profile.name)} has addresses for ${nodeAddresses} nodes, and they are taken`, [
        'A new cluster has more of them with a larger --pod-cidr, or with --nodes.',
      ]);
    const zone = options.zone ?? nextZone(nodes.filter(isPresent));
    const node = { index, ...(zone === undefined ? {} : { zone }) };
    const name = nodeName(settings, index);
    return {
      name,
      step: `Starting node "${name}"`,
      state: 'Running',
      done: `Done: node "${name}" is ready for pods.`,
      wanted: withNode(nodes, node),
      otherwise: withNode(nodes, { ...node, wanted: 'deleted' }),
    };
  });

export const stopNode = (context: VerbContext, options: NodeOptions): Promise<number> =>
  work(context, options, 'stop', (profile) => {
    const settings = settingsOf(profile);
    const { wanted: _before, ...node } = namedNode(profile, settings, options.node, 'stop');
    return {
      name: options.node,
      step: `Switching node "${options.node}" off`,
      state: 'Stopped',
      done: `Done: node "${options.node}" is dead; in about 50 s the cluster knows, and 5 minutes later it replaces its pods.`,
      wanted: withNode(settings.nodes, { ...node, wanted: 'stopped' }),
      otherwise: withNode(settings.nodes, { ...node, wanted: 'stopped' }),
    };
  });

export const startNode = (context: VerbContext, options: NodeOptions): Promise<number> =>
  work(context, options, 'start', (profile) => {
    const settings = settingsOf(profile);
    const found = namedNode(profile, settings, options.node, 'start');
    const { wanted: _before, ...node } = found;
    return {
      name: options.node,
      step: `Starting node "${options.node}"`,
      state: 'Running',
      done: `Done: node "${options.node}" is ready for pods.`,
      wanted: withNode(settings.nodes, node),
      otherwise: withNode(settings.nodes, found),
    };
  });

export const deleteNode = (context: VerbContext, options: NodeOptions): Promise<number> =>
  work(context, options, 'delete', (profile) => {
    const settings = settingsOf(profile);
    const { wanted: _before, ...node } = namedNode(profile, settings, options.node, 'delete');
    const nodes = withNode(settings.nodes, { ...node, wanted: 'deleted' });
    return {
      name: options.node,
      step: `Removing node "${options.node}" and its containers`,
      state: 'Deleted',
      done: `Done: node "${options.node}" is gone, and its pods with it; what has made them replaces them.`,
      wanted: nodes,
      otherwise: nodes,
    };
  });

const columns = ['name', 'role', 'address', 'zone', 'state'] as const;

/** Lists the nodes as minik has them; what the cluster thinks of them, kubectl says. */
export function listNodes(context: VerbContext, options: CommonOptions): number {
  const { terminal } = context;
  const profile = openProfile(context, options.profile);
  const settings = settingsOf(profile);
  const isRunning = profile.server() !== undefined;
  const rows = settings.nodes.filter(isPresent).map(({ index, zone, wanted }) => ({
    name: nodeName(settings, index),
    role: index === 0 ? 'control-plane' : 'worker',
    address: nodeAddress(settings.podCidr, index),
    zone: zone ?? null,
    state: isRunning && wanted === undefined ? ('Running' satisfies State) : ('Stopped' satisfies State),
  }));
  if (options.output === 'json') {
    printJson(terminal, { profile: profile.name, nodes: rows });
    return 0;
  }
  const lines = [columns.map((column) => column.toUpperCase()), ...rows.map((row) => columns.map((column) => row[column] ?? '<none>'))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  for (const line of lines)
    terminal.out(
      `${line
        .map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3))
        .join('')
        .trimEnd()}\n`,
    );
  return 0;
}

/** The names of the nodes of a profile, for completion; none when its files cannot be read. */
export function nodeNames(profile: Profile): readonly string[] {
  try {
    const settings = profile.settings();
    return settings?.nodes.filter(isPresent).map(({ index }) => nodeName(settings, index)) ?? [];
  } catch (error) {
    if (isUserError(error)) return [];
    throw error;
  }
}
