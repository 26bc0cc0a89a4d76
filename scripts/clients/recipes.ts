/**
 * Other people's clients, each with a program of a few lines in a folder of its own: what it needs, how it is installed
 * and run, what it tries.
 */
import { join } from 'node:path';

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
}

const streams: readonly Check[] = ['pod', 'exec', 'attach', 'logs', 'port-forward'];
const java = { mvn: 'Maven', java: 'a JDK of 17 or newer' };
const copyJars: readonly string[] = ['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
/** A JDK runs a program of one file from its source. */
const runJava: readonly string[] = ['java', '-cp', join('lib', '*'), 'Client.java'];

export const recipes: readonly Recipe[] = [
  {
    name: 'python',
    client: 'kubernetes 36.0.3 (PyPI)',
    needs: { python3: 'Python 3.10 or newer with its venv module' },
    checks: ['objects', 'watch', 'websocket-watch', ...streams, 'long-token'],
    install: [
      ['python3', '-m', 'venv', 'venv'],
      ['venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', 'requirements.txt'],
    ],
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
    needs: { go: 'Go 1.26 or newer' },
    checks: ['objects', 'watch', 'informer', 'protobuf', ...streams, 'long-token'],
    install: [['go', 'build', '-o', 'client', '.']],
    run: ['./client'],
  },
];
