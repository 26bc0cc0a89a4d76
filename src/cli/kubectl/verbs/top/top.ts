/** `kubectl top`. Source: kubectl pkg/cmd/top/{top,top_node,top_pod}.go. */
import type { Node, Pod } from '../../../../api/generated/core/v1.ts';
import type { NodeMetrics, PodMetrics } from '../../../../api/generated/metrics/v1beta1.ts';
import { goDurationText } from '../../../../api/go-duration.ts';
import { parseTime } from '../../../../api/time.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError, type FlagSpec, type Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { itemsOf, queryText } from '../../resources/list.ts';
import { allNamespacesFlag, fieldSelectorFlag, selectorFlag } from '../../writing/write-flags.ts';
import { type Amounts, nodeTable, podTable, type SortKey } from './usage-table.ts';

const metrics = '/apis/metrics.k8s.io/v1beta1';
/** For so long a pod may be without metrics. */
const metricsDelayMs = 120_000;

const sharedFlags = (what: string): readonly FlagSpec[] => [
  selectorFlag,
  {
    name: 'sort-by',
    type: 'string',
    help: `If non-empty, sort ${what} list using specified field. The field can be either 'cpu' or 'memory'.`,
  },
  { name: 'no-headers', type: 'bool', help: 'If present, print output without headers' },
  { name: 'use-protocol-buffers', type: 'bool', fallback: 'true', help: 'Enables using protocol-buffers to access Metrics API.' },
  { name: 'show-swap', type: 'bool', help: `Print ${what === 'pods' ? 'pod' : 'node'} resources related to swap memory.` },
];

function sortKey(flags: Flags): SortKey {
  const key = flags.string('sort-by');
  if (key === '' || key === 'cpu' || key === 'memory') return key;
  throw new CommandError('--sort-by accepts only cpu or memory');
}

/** The one name that may be given. */
function nameOf(flags: Flags, usage: string): string {
  if (flags.args.length > 1) throw new ArgumentError(usage);
  return flags.args[0] ?? '';
}

async function requireMetrics(session: Session): Promise<void> {
  const { resources } = await session.discovery;
  if (!resources.some(({ group, version }) => group === 'metrics.k8s.io' && version === 'v1beta1'))
    throw new CommandError('Metrics API not available');
}

/** One object by its name, or those that a query selects. */
async function read<T>(session: Session, path: string, name: string, query: Readonly<Record<string, string>>): Promise<readonly T[]> {
  if (name === '') return itemsOf<T>(await session.object({ method: 'GET', path: `${path}${queryText(query)}` }));
  const object = await session.object({ method: 'GET', path: `${path}/${encodeURIComponent(name)}` });
  return [object as unknown as T]; // the API's answer for this resource
}

const available = ({ status }: Node, wholeCapacity: boolean): Amounts => {
  const swap = status.nodeInfo?.swap?.capacity;
  const amounts = (wholeCapacity ? status.capacity : status.allocatable) ?? {};
  return swap === undefined ? amounts : { ...amounts, swap: String(swap) };
};

const nodeUsage = 'node [NAME | -l label]';
const topNode: KubectlCommand = {
  name: 'node',
  aliases: ['nodes', 'no'],
  summary: 'Display resource (CPU/memory) usage of nodes',
  usage: '[NAME | -l label] [options]',
  flags: [
    ...sharedFlags('nodes'),
    {
      name: 'show-capacity',
      type: 'bool',
      help: 'Print node resources based on Capacity instead of Allocatable(default) of the nodes.',
    },
  ],
  run: async (session, flags) => {
    const name = nameOf(flags, nodeUsage);
    const sortBy = sortKey(flags);
    const labelSelector = flags.string('selector');
    if (name !== '' && labelSelector !== '') throw new CommandError('only one of NAME or --selector can be provided');
    await requireMetrics(session);
    const found = await read<NodeMetrics>(session, `${metrics}/nodes`, name, { labelSelector });
    if (found.length === 0) throw new CommandError('metrics not available yet');
    const nodes = await read<Node>(session, '/api/v1/nodes', name, { labelSelector });
    const byName = new Map(nodes.map((node) => [node.metadata.name, available(node, flags.bool('show-capacity'))]));
    session.out(nodeTable(found, { available: byName, headers: !flags.bool('no-headers'), sortBy, swap: flags.bool('show-swap') }));
    return 0;
  },
};

/** Says why there are no metrics. Rejects unless there are no pods either. Source: verifyEmptyMetrics. */
async function explainNothing(session: Session, selection: Readonly<Record<string, string>>): Promise<void> {
  const namespace = encodeURIComponent(session.namespace);
  const pods = await read<Pod>(session, `/api/v1/namespaces/${namespace}/pods`, '', selection);
  if (pods.length === 0) return;
  for (const { metadata } of pods) {
    const ageMs = Date.now() - (parseTime(metadata.creationTimestamp ?? '') ?? 0);
    if (ageMs > metricsDelayMs)
      throw new CommandError(`Metrics not available for pod ${metadata.namespace}/${metadata.name}, age: ${goDurationText(ageMs)}`);
  }
  throw new CommandError('metrics not available yet');
}

const podUsage = 'pod [NAME | -l label]';
const topPod: KubectlCommand = {
  name: 'pod',
  aliases: ['pods', 'po'],
  summary: 'Display resource (CPU/memory) usage of pods',
  usage: '[NAME | -l label] [options]',
  flags: [
    ...sharedFlags('pods'),
    fieldSelectorFlag,
    allNamespacesFlag,
    { name: 'containers', type: 'bool', help: 'If present, print usage of containers within a pod.' },
    { name: 'sum', type: 'bool', help: 'Print the sum of the resource usage' },
  ],
  run: async (session, flags) => {
    const name = nameOf(flags, podUsage);
    const sortBy = sortKey(flags);
    const selection = { labelSelector: flags.string('selector'), fieldSelector: flags.string('field-selector') };
    if (name !== '' && `${selection.labelSelector}${selection.fieldSelector}` !== '')
      throw new CommandError('only one of NAME or selector can be provided');
    await requireMetrics(session);
    const namespaces = flags.bool('all-namespaces');
    const scope = namespaces ? '' : `/namespaces/${encodeURIComponent(session.namespace)}`;
    const found = await read<PodMetrics>(session, `${metrics}${scope}/pods`, name, selection);
    if (found.length === 0) {
      await explainNothing(session, selection);
      session.err(namespaces ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`);
      return 0;
    }
    const headers = !flags.bool('no-headers');
    const [containers, sum, swap] = [flags.bool('containers'), flags.bool('sum'), flags.bool('show-swap')];
    session.out(podTable(found, { containers, namespaces, headers, sortBy, sum, swap }));
    return 0;
  },
};

export const top: KubectlCommand = {
  name: 'top',
  summary: 'Display resource (CPU/memory) usage',
  usage: 'SUBCOMMAND',
  subcommands: [topNode, topPod],
};
