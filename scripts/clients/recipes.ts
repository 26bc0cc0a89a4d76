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
  'watch-list': 'the first list as a stream of events (WatchList) in every form, which informers ask for',
  metadata: 'objects as their metadata alone: read, patched, watched, deleted',
  dynamic: 'a new kind found by discovery, its objects written, scaled, watched without types',
  apply: 'server-side apply by two owners',
  discovery: 'everything found in two requests, listed, and described by OpenAPI',
  'leader-election': 'one of two leads, then the other',
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
  install: 'install and wait, with hooks, a CRD and its objects, and what charts ask of a cluster',
  upgrade: 'upgrade: to the same, to other values, with lookup; what was changed by hand or is to be kept stays',
  rollback: 'rollback',
  undone: 'failed upgrades and installs undone (atomic); objects of others left alone',
  'chart-test': 'chart tests with logs',
  uninstall: 'uninstall and wait',
  conversion: 'a conversion webhook for reads, lists, writes and patches, and its errors',
  defaulting: 'a defaulting webhook, also in a dry run and for converted objects',
  validating: 'a validating webhook: causes, refused changes and deletions, warnings',
  reconciling: 'a controller with owned objects, status, conditions, events and an index',
  stop: 'managers end by themselves',
  staged: 'definitions first, then the rest; kstatus waits; nothing is written twice',
  drift: 'changes of others found by dry runs and put right; what others add stays',
  takeover: "fields of kubectl's client-side apply taken over, and removed when no longer wanted",
  immutable: 'objects made anew for the sake of immutable fields, on request only',
  deleting: 'deletion in reverse order',
  'cert-manager': 'installed and waited for, upgraded to the same, which changes nothing, uninstalled, which leaves nothing: cert-manager',
  descheduler: 'descheduler',
  'external-dns': 'external-dns',
  'ingress-nginx': 'ingress-nginx',
  kwok: 'kwok',
  'metrics-server': 'metrics-server',
  definitions: 'large definitions, applied on the server; what they refuse; explain',
  prometheus: 'a Prometheus becomes a StatefulSet and is available',
  rules: 'monitors and rules become configuration, and go',
  alertmanager: 'an Alertmanager with its configuration; the nodes as endpoints',
  'operator-changes': 'scaled, made anew, paused, deleted with all that was made',
  'api-registered': 'an API of others becomes available, over a certificate of its own',
  'api-discovered': 'its kinds in discovery, OpenAPI and explain',
  'api-objects': 'its objects: written in all ways, listed, watched, refused by its own admission',
  'api-users': 'users and their rights delegated, through the cluster and past it',
  'api-garbage': 'owners and namespaces',
  'api-unavailable': 'what happens while it is down, and when it is back; taken away',
  'metrics-taken-over': "metrics.k8s.io taken over from the cluster's own by the manifests of its module",
  'metrics-read': "the nodes' figures read by it and served: top, selectors, tables",
  'metrics-scaled': 'an autoscaler that goes by them',
  'metrics-given-back': 'what happens when it is gone, and when its registration is',
  'certificates-installed': 'its chart; a webhook whose authority its injector writes down',
  'certificates-refused': 'what its definitions and its webhook refuse',
  'certificates-issued': 'issuers that sign themselves and by an authority; certificates become ready',
  'certificates-renewed': 'renewed on request, when their secret is lost, when they change',
  'certificates-of-ingresses': 'those that ingresses ask for',
  'certificates-gone': 'deleted and uninstalled, with all that was made',
  'kubectl-apply': 'apply, also on the server; diff, edit, replace',
  'kubectl-patch': 'patches of all types; scale, set, rollout, label, annotate, expose, autoscale',
  'kubectl-read': 'get in all forms, describe, explain, events, api-resources, --raw',
  'kubectl-wait': 'wait, and get --watch',
  'kubectl-auth': 'auth can-i and reconcile, create token, certificate approve and deny',
  'kubectl-proxy': 'proxy',
  'kubectl-delete': 'delete with each --cascade, forced, dry; namespaces',
  'terminal-lists': 'lists of pods, deployments and nodes under a terminal, which follow what changes',
  'terminal-details': 'objects as YAML and described',
  'terminal-changes': 'a pod killed; it ends by itself',
  'client-suite': 'its own suite pkg/client, unchanged, ends as on a real etcd and kube-apiserver',
  'cache-suite': 'pkg/cache',
  'controller-suite': 'pkg/controller',
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
  /** Folders of files that it shares with other recipes. */
  readonly shared?: readonly string[];
  /** Upstream's programs that it runs; their paths are its variable CLIENT_PROGRAMS, a JSON object. */
  readonly programs?: readonly Program[];
}

const streams: readonly Check[] = ['pod', 'exec', 'attach', 'logs', 'port-forward'];
const go = { go: 'Go 1.26 or newer' };
const goProgram: readonly (readonly string[])[] = [['go', 'build', '-o', 'client', '.']];
/** For images with nothing else in them. */
const staticProgram = (name: string, from: string): readonly string[] => ['env', 'CGO_ENABLED=0', 'go', 'build', '-o', name, from];
const python: readonly (readonly string[])[] = [
  ['python3', '-m', 'venv', 'venv'],
  ['venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', 'requirements.txt'],
];
const needsPython = { python3: 'Python 3.10 or newer with its venv module' };
const java = { mvn: 'Maven', java: 'a JDK of 17 or newer' };
const copyJars: readonly string[] = ['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
/** A JDK runs a program of one file from its source. */
const runJava: readonly string[] = ['java', '-cp', join('lib', '*'), 'Client.java'];

const helmProgram = (major: number): readonly string[] => ['go', 'build', '-o', 'helm', `helm.sh/helm/v${major}/cmd/helm`];
const helm = (major: number, version: string): Recipe => ({
  name: `helm-${major}`,
  client: `helm.sh/helm/v${major} ${version} (Go)`,
  needs: go,
  checks: ['install', 'upgrade', 'rollback', 'undone', 'chart-test', 'uninstall'],
  install: [helmProgram(major)],
  run: [process.execPath, 'client.js'],
  shared: ['helm', 'shell'],
  cluster: 'simulated',
});

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
    checks: [
      ...([
        'objects',
        'watch',
        'informer',
        'protobuf',
        'watch-list',
        'metadata',
        'dynamic',
        'apply',
        'discovery',
        'leader-election',
      ] as const),
      ...streams,
      'long-token',
    ],
    install: goProgram,
    run: ['./client'],
    shared: ['go'],
  },
  {
    name: 'controller-runtime',
    client: 'sigs.k8s.io/controller-runtime 0.25.2 (Go)',
    needs: go,
    checks: ['conversion', 'defaulting', 'validating', 'reconciling', 'finalizers', 'leader-election', 'stop'],
    install: goProgram,
    run: ['./client'],
    shared: ['go'],
    cluster: 'simulated',
  },
  {
    name: 'envtest',
    client: 'sigs.k8s.io/controller-runtime 0.25.2 (Go)',
    needs: { ...go, bash: 'bash' },
    checks: ['client-suite', 'cache-suite', 'controller-suite'],
    install: [[process.execPath, 'install.js']],
    run: [process.execPath, 'client.js'],
    shared: ['shell'],
    cluster: 'simulated',
    programs: ['etcd', 'kube-apiserver', 'kubectl'],
  },
  {
    name: 'flux-ssa',
    client: 'github.com/fluxcd/pkg/ssa 0.75.0 (Go)',
    needs: go,
    checks: ['staged', 'drift', 'takeover', 'immutable', 'deleting'],
    install: goProgram,
    run: ['./client'],
    shared: ['go'],
    cluster: 'simulated',
  },
  {
    name: 'prometheus-operator',
    client: 'github.com/prometheus-operator/prometheus-operator 0.85.0 (Go)',
    needs: go,
    checks: ['definitions', 'prometheus', 'rules', 'alertmanager', 'operator-changes'],
    install: [
      ['go', 'build', '-o', 'operator', 'github.com/prometheus-operator/prometheus-operator/cmd/operator'],
      [process.execPath, 'install.js'],
    ],
    run: [process.execPath, 'client.js'],
    shared: ['shell'],
    cluster: 'simulated',
  },
  {
    name: 'kubectl',
    client: 'kubectl v1.36.3 (Go), the one on PATH and those beside it',
    needs: { ...go, kubectl: 'kubectl', openssl: 'openssl', diff: 'diff' },
    checks: [
      ...(['kubectl-apply', 'kubectl-patch', 'kubectl-read', 'kubectl-wait', 'kubectl-auth', 'kubectl-proxy', 'kubectl-delete'] as const),
    ],
    install: [],
    run: [process.execPath, 'client.js'],
    shared: ['shell'],
    cluster: 'simulated',
    programs: ['kubectl'],
  },
  {
    name: 'k9s',
    client: 'github.com/derailed/k9s 0.50.16 (Go)',
    needs: { ...go, script: "util-linux's script" },
    checks: ['terminal-lists', 'terminal-details', 'terminal-changes'],
    install: [['go', 'build', '-o', 'k9s', 'github.com/derailed/k9s']],
    run: [process.execPath, 'client.js'],
    shared: ['shell'],
    cluster: 'simulated',
  },
  {
    name: 'cert-manager',
    client: 'github.com/cert-manager/cert-manager 1.21.2 (Go)',
    needs: go,
    checks: [
      ...(['certificates-installed', 'certificates-refused', 'certificates-issued', 'certificates-renewed'] as const),
      ...(['certificates-of-ingresses', 'certificates-gone'] as const),
    ],
    install: [...goProgram, [process.execPath, 'install.js', join(import.meta.dirname, 'helm-4')]],
    run: [process.execPath, 'client.js'],
    shared: ['shell'],
    cluster: 'simulated',
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
  helm(3, '3.22.0'),
  helm(4, '4.3.2'),
  {
    name: 'charts',
    client: 'public charts, with helm.sh/helm/v4 4.3.2 (Go)',
    needs: go,
    checks: ['cert-manager', 'descheduler', 'external-dns', 'ingress-nginx', 'kwok', 'metrics-server'],
    install: [helmProgram(4), [process.execPath, 'install.js']],
    run: [process.execPath, 'client.js'],
    shared: ['helm-4', 'shell'],
    cluster: 'simulated',
  },
  {
    name: 'sample-apiserver',
    client: 'k8s.io/sample-apiserver v0.36.3 (Go)',
    needs: { ...go, docker: 'Docker', openssl: 'openssl', curl: 'curl' },
    checks: ['api-registered', 'api-discovered', 'api-objects', 'api-users', 'api-garbage', 'api-unavailable'],
    install: [],
    run: [process.execPath, 'client.js'],
    shared: ['image', 'shell'],
    programs: ['etcd', 'sample-apiserver'],
  },
  {
    name: 'metrics-server',
    client: 'sigs.k8s.io/metrics-server 0.9.0 (Go)',
    needs: { ...go, docker: 'Docker' },
    checks: ['metrics-taken-over', 'metrics-read', 'metrics-scaled', 'metrics-given-back'],
    install: [staticProgram('metrics-server', 'sigs.k8s.io/metrics-server/cmd/metrics-server'), [process.execPath, 'install.js']],
    run: [process.execPath, 'client.js'],
    shared: ['image', 'shell'],
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
    shared: ['shell'],
    cluster: 'api-only',
    programs: ['kube-controller-manager', 'kube-scheduler'],
  },
];
