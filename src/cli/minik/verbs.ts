/** The verbs of `minik` and their flags, with the texts of their help. Parsing, help and completion all read this. */
import { shells } from '../completion-scripts.ts';
import { faults } from './fault-verbs.ts';
import { common, type FlagSpec, type VerbSpec } from './verb-spec.ts';

/** What a cluster can be made with. */
const clusterFlags: readonly FlagSpec[] = [
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
    ...{ name: 'kubelet-config', value: 'FILE', fallback: 'none' },
    text: 'When nodes evict pods, remove images, allow sysctls …: a KubeletConfiguration of kubelet.config.k8s.io/v1beta1',
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
    ...{ name: 'scheduler-config', value: 'FILE', fallback: 'one profile with the default plugins' },
    text: 'Profiles and plugins of the scheduler: a KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1',
  },
  {
    ...{ name: 'behaviours', value: 'FILE', fallback: 'none' },
    text: 'What simulated containers do, by image, labels, namespace: see docs/simulated.md. "minik behaviours" changes that later',
  },
  {
    ...{ name: 'scheduler', value: 'true|false', choices: ['true', 'false'], fallback: 'true' },
    text: "Whether minik's scheduler binds pods; without it, run a kube-scheduler of your own",
  },
];

const start: VerbSpec = {
  name: 'start',
  summary: 'Start a cluster, making it when it does not exist',
  description: [
    'Makes the cluster of a profile, or starts it again with everything that it held; containers that run are taken over, not restarted.',
    'Afterwards kubectl uses it: its context is added to the kubeconfig and made the current one. Entries of other clusters are left alone.',
    'A start that is interrupted (Ctrl-C) is undone.',
  ],
  flags: [...common, ...clusterFlags],
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
    { name: 'all', text: 'Delete every cluster, except those of a "minik run" that is still going' },
    { name: 'ephemeral', text: 'Delete what a "minik run" that was killed has left, and nothing else' },
    { name: 'force', text: 'Go on where something cannot be reached or removed, and say so' },
  ],
  examples: [['Every cluster', 'minik delete --all']],
};

const run: VerbSpec = {
  name: 'run',
  args: '[flags] -- COMMAND [ARGUMENT...]',
  summary: 'Run a command with a cluster of its own, of which nothing is left',
  description: [
    'Makes a cluster, runs the command with it (KUBECONFIG and MINIK_PROFILE in its environment say where it is), and removes everything of it: containers,',
    'networks, routes, files. The command has the standard streams and gets the signals; its exit code is that of run. Any number of runs may go on at once.',
    'A run that is killed is cleaned up after by its own server or, if that is killed too, by the next minik command.',
    'Exit code 125: run itself failed (the cluster did not start, the manifests did not become ready); 126 and 127: the command cannot be run, or is not there.',
  ],
  command: true,
  flags: [
    {
      ...{ name: 'manifests', value: 'PATH...', repeatable: true, fallback: 'none' },
      text: 'Files, folders or URLs to apply and wait for before the command starts',
    },
    { name: 'timeout', value: 'DURATION', text: 'How long the manifests may take to become ready', fallback: '5m' },
    {
      ...{ name: 'artifacts', value: 'DIR', fallback: 'none' },
      text: 'Collect objects, events, logs, descriptions and an audit of writes in a folder',
    },
    {
      ...{ name: 'artifacts-on', value: 'always|failure', choices: ['always', 'failure'], fallback: 'always' },
      text: 'When to collect them',
    },
    { name: 'keep', text: 'Leave the cluster, and say how to reach it' },
    { name: 'quiet', short: 'q', text: 'Print nothing but what fails' },
    ...clusterFlags,
  ],
  examples: [
    ['A test-suite', 'minik run -- go test ./...'],
    ['No Docker needed', 'minik run --runtime simulated -- pytest'],
    [
      'An application, and what a CI log lacks when its test fails',
      'minik run --manifests deploy/ --artifacts out --artifacts-on failure -- ./test.sh',
    ],
  ],
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

const oneNode = { name: 'NAME', choices: 'nodes', text: 'the name of one of the nodes' } as const;

const nodeVerbs: readonly VerbSpec[] = [
  {
    name: 'node add',
    summary: 'Add a node',
    description: ['The node has the next number and is ready for pods at once, without a restart.'],
    flags: [
      ...common,
      { name: 'zone', value: 'NAME', text: 'Its zone: its label topology.kubernetes.io/zone', fallback: 'that of the fewest nodes' },
    ],
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

const clockVerbs: readonly VerbSpec[] = [
  {
    name: 'clock show',
    summary: 'Print the time of a cluster',
    description: ["And how far it is ahead of the host's, and whether it stands still."],
    flags: common,
    examples: [['For a program', 'minik clock show -o json']],
  },
  {
    name: 'clock freeze',
    summary: 'Stop time',
    description: [
      'Nothing happens any more that waits for time to pass: no retry, no probe, no schedule. The API answers, and what is asked is done.',
    ],
    flags: common,
    examples: [['Before a test', 'minik clock freeze']],
  },
  { name: 'clock resume', summary: 'Let time run again', description: ['From where it stands.'], flags: common, examples: [] },
  {
    name: 'clock advance',
    summary: 'Move time forward',
    description: [
      'From event to event, in their order, as fast as the work allows: all that would have happened by then has happened when the command ends.',
      'DURATION is such as 90s, 24h, 30d or 1w2d12h. Ctrl-C leaves the clock where it is.',
    ],
    operand: { name: 'DURATION', text: 'a length of time, such as 90s, 24h or 30d' },
    flags: common,
    examples: [['A month of CronJobs', 'minik clock advance 30d']],
  },
  {
    name: 'clock set',
    summary: 'Move time forward to a certain time',
    description: ['As advance does. TIME is such as 2027-02-28T23:59:00Z; it cannot be in the past.'],
    operand: { name: 'TIME', text: 'a time, such as 2027-02-28T23:59:00Z' },
    flags: common,
    examples: [['The end of a year', 'minik clock set 2026-12-31T23:59:50Z']],
  },
];

const behaviourVerbs: readonly VerbSpec[] = [
  {
    name: 'behaviours list',
    summary: 'Print the rules that hold',
    description: [
      'In their order: of those that are for a container, the last one that says something counts. As JSON they can be applied again.',
    ],
    flags: common,
    examples: [['For a file', 'minik behaviours list -o json > behaviours.json']],
  },
  {
    name: 'behaviours apply',
    summary: 'Add and change rules',
    description: [
      'A rule takes the place of the one of its name; new ones come last. Containers that run follow at once in what they use, whether they are ready and',
      'what they answer; the rest counts for containers that are made from now on.',
    ],
    flags: [...common, { name: 'filename', short: 'f', value: 'FILE', text: 'The file of rules; - for standard input' }],
    examples: [['A database that fails', 'minik behaviours apply -f broken-db.yaml']],
  },
  {
    name: 'behaviours remove',
    summary: 'Remove a rule, or all',
    description: ['One that the file of the start has comes back at the next start.'],
    operand: { name: 'NAME', text: 'the name of a rule, or --all', unless: 'all' },
    flags: [...common, { name: 'all', text: 'Remove all rules' }],
    examples: [['One of them', 'minik behaviours remove broken-db']],
  },
];

const envtest: VerbSpec = {
  ...{ name: 'envtest', args: 'COMMAND [flags]', summary: "Programs for controller-runtime's envtest", flags: [] },
  description: ['Go test-suites that use envtest run unchanged on minik, without etcd and kube-apiserver; see docs/ci.md.'],
  verbs: [
    {
      name: 'envtest assets',
      summary: 'Make a folder for KUBEBUILDER_ASSETS',
      description: [
        'The programs etcd, kube-apiserver and kubectl in it are minik. Prints what sets the variable in a shell.',
        'With MINIK_ENVTEST_CONTROLLERS in the environment of the suite, controllers run: all, or names such as gc,namespace. Default: none, as in envtest.',
      ],
      flags: [{ name: 'dir', value: 'DIR', text: 'The folder', fallback: 'envtest-assets' }],
      examples: [['For a suite', 'eval "$(minik envtest assets --dir bin/envtest)" && go test ./...']],
    },
  ],
  examples: [['For a suite', 'eval "$(minik envtest assets --dir bin/envtest)" && go test ./...']],
};

export const verbs: readonly VerbSpec[] = [
  start,
  {
    ...{
      name: 'stop',
      summary: 'Stop a cluster; its containers and data stay',
      flags: [
        ...common,
        { name: 'graceful', text: "End the pods first, as a node that is shut down: within the kubelet's shutdownGracePeriod, or 30 s" },
        { name: 'pause', text: 'Let the containers run on, whatever the kubelet is configured to do' },
      ],
      examples: [
        ['A cluster', 'minik stop -p second'],
        ['A cluster and what runs in it', 'minik stop --graceful'],
      ],
    },
    description: [
      'Ends the server. Containers run on, and the next start takes them over, unless --kubelet-config sets shutdownGracePeriod:',
      'then the nodes shut down gracefully, critical pods last. Pods that were ended stay as failed, and their controllers replace them at the next start.',
    ],
  },
  status,
  run,
  remove,
  {
    ...{ name: 'node', args: 'COMMAND [flags]', summary: 'Add, list, stop, start and delete virtual nodes', flags: [], verbs: nodeVerbs },
    description: ['Nodes share the Docker daemon, and have addresses, heartbeats and zones of their own.'],
    examples: [
      ['Another node', 'minik node add'],
      ['One that fails', 'minik node stop minik-m02'],
    ],
  },
  {
    ...{ name: 'clock', args: '[COMMAND] [flags]', summary: 'Show, freeze and move the time of a simulated cluster', flags: [] },
    ...{ verbs: clockVerbs, usual: 'show' },
    description: [
      'Controllers, leases, tokens, TTLs, CronJobs, back-offs, probes and timestamps of a simulated cluster follow its own clock. That of a cluster on',
      "Docker is the host's.",
    ],
    examples: [
      ['What time it is', 'minik clock'],
      ['A day later', 'minik clock advance 24h'],
    ],
  },
  faults,
  {
    ...{ name: 'behaviours', args: '[COMMAND] [flags]', summary: 'List and change what simulated containers do', flags: [] },
    ...{ verbs: behaviourVerbs, usual: 'list' },
    description: ['Rules by image, labels, namespace and name; see docs/simulated.md. Annotations of a pod count more than rules.'],
    examples: [
      ['The rules that hold', 'minik behaviours'],
      ['Others', 'minik behaviours apply -f behaviours.yaml'],
    ],
  },
  logs,
  envtest,
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
