/** The verbs of `minik` and their flags, with the texts of their help. Parsing, help and completion all read this. */

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  /** Name of the flag's value; absent: the flag is on or off. */
  readonly value?: string;
  /** The allowed values; `profiles`: the names of the clusters. */
  readonly choices?: readonly string[] | 'profiles';
  readonly text: string;
  /** The value when the flag is not given. */
  readonly fallback?: string;
}

export interface VerbSpec {
  readonly name: string;
  readonly summary: string;
  /** The lines of the description. */
  readonly description: readonly string[];
  /** After the name in the usage line; default: `[flags]`. */
  readonly args?: string;
  /** Its one argument, which must be given; absent: it takes none. */
  readonly operand?: { readonly name: string; readonly choices: 'nodes' };
  /** The verbs that follow it, whose names begin with its own. */
  readonly verbs?: readonly VerbSpec[];
  readonly flags: readonly FlagSpec[];
  /** What the example does, and its command. */
  readonly examples: readonly (readonly [string, string])[];
}

const profile: FlagSpec = {
  ...{ name: 'profile', short: 'p', value: 'NAME', choices: 'profiles', text: 'Name of the cluster' },
  fallback: 'MINIK_PROFILE, or minik',
};
const output: FlagSpec = { name: 'output', short: 'o', value: 'FORMAT', choices: ['text', 'json'], text: 'How to print', fallback: 'text' };
const common = [profile, output] as const;

const start: VerbSpec = {
  name: 'start',
  summary: 'Start a cluster, making it when it does not exist',
  description: [
    'Makes the cluster of a profile, or starts it again with everything that it held; containers that run are taken over, not restarted.',
    'Afterwards kubectl uses it: its context is added to the kubeconfig and made the current one. Entries of other clusters are left alone.',
    'A start that is interrupted (Ctrl-C) is undone.',
  ],
  flags: [
    ...common,
    {
      ...{ name: 'runtime', value: 'NAME', choices: ['docker', 'simulated'], fallback: 'docker' },
      text: 'docker, or simulated: containers exist in memory only. Cannot be changed later',
    },
    { name: 'nodes', value: 'COUNT', text: 'How many (virtual) nodes; "minik node" changes that later', fallback: '1' },
    {
      ...{ name: 'zones', value: 'NAMES', fallback: 'none' },
      text: 'Zones over which the nodes are spread, such as a,b,c: their label topology.kubernetes.io/zone',
    },
    { name: 'api-port', value: 'PORT', text: 'Port of the API server on 127.0.0.1', fallback: '6443, or the next free one' },
    {
      name: 'service-cidr',
      value: 'RANGE',
      text: 'Addresses for Services. Cannot be changed later',
      fallback: 'a free /20 of 10.96.0.0/12',
    },
    { name: 'pod-cidr', value: 'RANGE', text: 'Addresses for Pods. Cannot be changed later', fallback: 'a free /20 of 10.244.0.0/14' },
    {
      ...{ name: 'node-port-addresses', value: 'RANGES', fallback: 'none' },
      text: "Where node ports listen besides 127.0.0.1 and the nodes' addresses, e.g. 0.0.0.0/0",
    },
    { name: 'audit-log-path', value: 'FILE', text: 'Record the API requests of clients in a file, as JSON lines', fallback: 'none' },
    {
      ...{ name: 'audit-policy-file', value: 'FILE', fallback: 'the metadata of all requests' },
      text: 'What is recorded: a Policy of audit.k8s.io/v1',
    },
    {
      ...{ name: 'audit-log-maxsize', value: 'MB', fallback: '100' },
      text: 'When that file is renamed after the time and begun anew; 0: never',
    },
    { name: 'audit-log-maxbackup', value: 'N', text: 'How many renamed files are kept; 0: all', fallback: '100' },
    { name: 'audit-log-maxage', value: 'DAYS', text: 'For how long renamed files are kept; 0: for ever', fallback: '366' },
    {
      ...{ name: 'token-auth-file', value: 'FILE', fallback: 'none' },
      text: 'Tokens of users, a line each: token,user,uid,"group1,group2"',
    },
    {
      ...{ name: 'admission-control-config-file', value: 'FILE', fallback: 'none' },
      text: 'Defaults and exemptions of Pod Security: an AdmissionConfiguration of apiserver.config.k8s.io/v1',
    },
    {
      ...{ name: 'legacy-apis', value: 'true|false', choices: ['true', 'false'], fallback: 'true' },
      text: 'Whether versions that Kubernetes has removed (extensions/v1beta1, apps/v1beta1 …) are served, with a warning',
    },
    {
      ...{ name: 'controller-manager', value: 'true|false', choices: ['true', 'false'], fallback: 'true' },
      text: "Whether minik's controllers run; without them, run a kube-controller-manager of your own",
    },
    {
      ...{ name: 'scheduler', value: 'true|false', choices: ['true', 'false'], fallback: 'true' },
      text: "Whether minik's scheduler binds pods; without it, run a kube-scheduler of your own",
    },
  ],
  examples: [
    ['A cluster', 'minik start'],
    ['A second one beside it, with three nodes', 'minik start -p second --nodes 3'],
    ['Three nodes, each in a zone of its own', 'minik start --nodes 3 --zones a,b,c'],
    ['Real API, simulated containers: no Docker needed', 'minik start -p dry --runtime simulated'],
  ],
};

const status: VerbSpec = {
  name: 'status',
  summary: 'Show whether a cluster runs and kubectl reaches it',
  description: [
    'The exit code is the sum of what is not well: 1 the host (no server), 2 the cluster (it does not answer, or is not healthy),',
    '4 kubectl (it does not reach this cluster when typed as it is).',
  ],
  flags: common,
  examples: [['For a program', 'minik status -o json']],
};

const remove: VerbSpec = {
  name: 'delete',
  summary: 'Stop a cluster and remove everything of it',
  description: [
    "Removes containers, networks, routes, files and the kubeconfig's entries, by whatever name they have now. What cannot be reached is found out",
    'before anything is removed.',
  ],
  flags: [
    ...common,
    { name: 'all', text: 'Delete every cluster' },
    { name: 'force', text: 'Go on where something cannot be reached or removed, and say so' },
  ],
  examples: [['Every cluster', 'minik delete --all']],
};

const logs: VerbSpec = {
  name: 'logs',
  summary: "Print the server's log",
  description: ['What the server says of itself: starts, stops, crashes, what fails. For the log of a pod: kubectl logs.'],
  flags: [
    ...common,
    { name: 'follow', short: 'f', text: 'Go on printing as the log grows' },
    { name: 'lines', short: 'n', value: 'COUNT', text: 'Only this many lines from the end', fallback: '0, which is all' },
  ],
  examples: [['As it happens', 'minik logs -f']],
};

const oneNode = { name: 'NAME', choices: 'nodes' } as const;

const nodeVerbs: readonly VerbSpec[] = [
  {
    name: 'node add',
    summary: 'Add a node',
    description: ['The node has the next number and is ready for pods at once, without a restart.'],
    flags: [...common, { name: 'zone', value: 'NAME', text: 'Its zone: its label topology.kubernetes.io/zone', fallback: 'none' }],
    examples: [['In another zone', 'minik node add --zone b']],
  },
  {
    name: 'node list',
    summary: 'List the nodes, with their addresses and zones',
    description: ['What minik knows of them. What the cluster thinks of them: kubectl get nodes.'],
    flags: common,
    examples: [['For a program', 'minik node list -o json']],
  },
  {
    name: 'node stop',
    summary: 'Switch a node off, as if its machine had lost its power',
    description: [
      'Its containers are killed and its heartbeat ends; nobody is told. After its grace period (50 s) the cluster finds that it is NotReady, and when',
      'its pods no longer tolerate that (after 5 minutes, unless they say otherwise), they are replaced on other nodes. It stays off until it is started.',
    ],
    operand: oneNode,
    flags: common,
    examples: [['A dead node', 'minik node stop minik-m02']],
  },
  {
    name: 'node start',
    summary: 'Switch a node on again',
    description: ['Pods that were deleted meanwhile are gone; the others are run again.'],
    operand: oneNode,
    flags: common,
    examples: [['The dead one', 'minik node start minik-m02']],
  },
  {
    name: 'node delete',
    summary: 'Remove a node with its containers and files',
    description: ['Its pods are not ended gracefully; "kubectl drain" empties it before.'],
    operand: oneNode,
    flags: common,
    examples: [['One of them', 'minik node delete minik-m03']],
  },
];

/** The shells for which there is completion. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export const verbs: readonly VerbSpec[] = [
  start,
  {
    ...{
      name: 'stop',
      summary: 'Stop a cluster; its containers and data stay',
      flags: common,
      examples: [['A cluster', 'minik stop -p second']],
    },
    description: ['Ends the server. Containers run on, and the next start takes them over.'],
  },
  status,
  remove,
  {
    ...{ name: 'node', args: 'COMMAND [flags]', summary: 'Add, list, stop, start and delete virtual nodes', flags: [], verbs: nodeVerbs },
    description: ['Nodes share the Docker daemon, and have addresses, heartbeats and zones of their own.'],
    examples: [
      ['Another node', 'minik node add'],
      ['One that fails', 'minik node stop minik-m02'],
    ],
  },
  logs,
  {
    ...{ name: 'kubectl', args: '...', summary: 'The bundled kubectl, against this or any other cluster', flags: [] },
    ...{ description: ['Understands what kubectl does: "minik kubectl --help".'], examples: [['Pods', 'minik kubectl get pods']] },
  },
  {
    ...{ name: 'completion', args: shells.join('|'), summary: 'Print what teaches a shell to complete minik', flags: [] },
    description: ['Prints a script for the shell, to be read at its start.'],
    examples: [
      ['bash, now and here', 'source <(minik completion bash)'],
      ['zsh, now and here', 'source <(minik completion zsh)'],
      ['fish, for good', 'minik completion fish > ~/.config/fish/completions/minik.fish'],
    ],
  },
  {
    name: 'version',
    summary: 'Print the version',
    description: ['Of minik, and of the Kubernetes whose API it serves.'],
    flags: common,
    examples: [],
  },
  {
    ...{ name: 'help', args: '[COMMAND]', summary: 'Tell about minik, or one of its commands', flags: [] },
    ...{ description: ['The same as --help after the command.'], examples: [['About start', 'minik help start']] },
  },
];

/** A verb by its name, or by its name and that of a verb that follows it. */
export function verbNamed(name: string, following?: string): VerbSpec | undefined {
  const verb = verbs.find((each) => each.name === name);
  return following === undefined ? verb : verb?.verbs?.find((each) => each.name === `${name} ${following}`);
}

/** The words that may follow a verb to name another. */
export const followingWords = ({ name, verbs: following = [] }: VerbSpec): readonly string[] =>
  following.map((each) => each.name.slice(name.length + 1));
