/**
 * Other people's clients, each with a program of a few lines in a folder of its own: what it needs, how it is installed
 * and run, what it tries.
 */
import { join } from 'node:path';
import type { Program } from '../upstream/programs.ts';
import type { ClusterKind } from './cluster.ts';

/** What can be tried, as the page says it. The programs report by these names. */
export const checks = {
  objects: 'create, list in pages, patch, delete',
  watch: 'watch',
  'websocket-watch': 'watch over WebSocket with a token as sub-protocol',
  informer: 'informer',
  protobuf: 'the same in protobuf',
  pod: 'a pod awaited by a watch',
  exec: 'exec with input, both outputs and exit code',
  attach: 'attach until the container ends',
  logs: 'logs -f to the end',
  'port-forward': "port-forward that the pod's side closes",
  cp: 'cp both ways',
  'long-token': 'a token of 40 KB',
  handlers: 'handlers of create, update and single fields',
  timers: 'timers',
  events: 'events',
  finalizers: 'finalizers',
  leading: 'both lead, and their informers are in sync',
  deployments: 'Deployments with roll-out, undo and disruption budget',
  'stateful-sets': 'StatefulSets',
  jobs: 'Jobs and CronJobs',
  'daemon-sets': 'DaemonSets',
  services: 'EndpointSlices',
  garbage: 'garbage collection: background, foreground, orphans; namespaces',
  quotas: 'quotas',
  scheduling: 'a pod that fits nowhere, and preemption',
  certificates: 'certificate requests',
  accounts: 'ServiceAccounts and their token Secrets',
} as const;

export type Check = keyof typeof checks;

export interface Recipe {
  /** Also the folder of its program, and its namespace in the cluster. */
  readonly name: string;
  /** As its registry names it, with the version that its lock file pins. */
  readonly client: string;
  /** Programs without which it is not run, with what to say instead. */
  readonly needs: Readonly<Record<string, string>>;
  readonly checks: readonly Check[];
  /** Command lines that install and build it in the current folder, which starts as a copy of its program's. */
  readonly install: readonly (readonly string[])[];
  /** The command line that runs it, in that folder. */
  readonly run: readonly string[];
  /** The cluster that it is tried on; default: one with Docker. */
  readonly cluster?: ClusterKind;
  /** A folder of files that it shares with other recipes. */
  readonly shared?: string;
  /** Upstream's programs that it runs; their paths are its variable CLIENT_PROGRAMS, a JSON object. */
  readonly programs?: readonly Program[];
}

const streams: readonly Check[] = ['pod', 'exec', 'attach', 'logs', 'port-forward'];
const go = { go: 'Go 1.26 or newer' };
const python: readonly (readonly string[])[] = [
  ['python3', '-m', 'venv', 'venv'],
  ['venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', 'requirements.txt'],
];
const needsPython = { python3: 'Python 3.10 or newer with its venv module' };
const java = { mvn: 'Maven', java: 'a JDK of 17 or newer' };
const copyJars: readonly string[] = ['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
/** A JDK runs a program of one file from its source. */
const runJava: readonly string[] = ['java', '-cp', join('lib', '*'), 'Client.java'];

export const recipes: readonly Recipe[] = [
  {
    name: 'python',
    client: 'kubernetes 36.0.3 (PyPI)',
    needs: needsPython,
    checks: ['objects', 'watch', 'websocket-watch', ...streams, 'long-token'],
    install: python,
    run: ['venv/bin/python', 'client.py'],
  },
  {
    name: 'javascript',
    client: '@kubernetes/client-node 2.0.1 (npm)',
    needs: { npm: 'npm' },
    checks: ['objects', 'watch', 'websocket-watch', ...streams, 'cp', 'long-token'],
    install: [['npm', 'ci', '--loglevel=error', '--no-progress']],
    run: [process.execPath, 'client.js'],
  },
  {
    name: 'java',
    client: 'io.kubernetes:client-java 26.0.0 (Maven)',
    needs: java,
    checks: ['objects', 'watch', ...streams, 'cp', 'long-token'],
    install: [copyJars],
    run: runJava,
  },
  {
    name: 'fabric8',
    client: 'io.fabric8:kubernetes-client 7.6.1 (Maven)',
    needs: java,
    checks: ['objects', 'watch', 'informer', ...streams, 'cp', 'long-token'],
    install: [copyJars],
    run: runJava,
  },
  {
    name: 'kube-rs',
    client: 'kube 5.0.0',
    needs: { cargo: 'Rust 1.89 or newer with cargo' },
    checks: ['objects', 'watch', 'informer', ...streams, 'long-token'],
    install: [['cargo', 'build', '--release', '--quiet']],
    run: ['target/release/minik-client'],
  },
  {
    name: 'client-go',
    client: 'k8s.io/client-go 0.36.3 (Go)',
    needs: go,
    checks: ['objects', 'watch', 'informer', 'protobuf', ...streams, 'long-token'],
    install: [['go', 'build', '-o', 'client', '.']],
    run: ['./client'],
  },
  {
    name: 'kopf',
    client: 'kopf 1.45.2 (PyPI)',
    needs: needsPython,
    checks: ['handlers', 'timers', 'events', 'finalizers'],
    install: python,
    run: ['venv/bin/python', 'client.py'],
    cluster: 'simulated',
  },
  {
    name: 'control-plane',
    client: 'kube-controller-manager and kube-scheduler v1.36.3 (Go)',
    needs: go,
    checks: [
      ...(['leading', 'deployments', 'stateful-sets', 'jobs', 'daemon-sets', 'services', 'garbage', 'quotas', 'scheduling'] as const),
      ...(['certificates', 'accounts'] as const),
    ],
    install: [],
    run: [process.execPath, 'client.js'],
    cluster: 'api-only',
    programs: ['kube-controller-manager', 'kube-scheduler'],
  },
];
