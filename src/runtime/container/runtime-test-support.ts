/** Configs and readers for tests of container runtimes. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import type {
  Container,
  ContainerConfig,
  ContainerRuntime,
  ContainerSecurity,
  LogOptions,
  Sandbox,
  SandboxConfig,
} from './container-runtime.ts';

let lastPod = 0;

/** A sandbox config of a new pod, whose uid no other test process uses. */
export function aSandbox(change: Partial<SandboxConfig> = {}): SandboxConfig {
  lastPod++;
  return {
    pod: {
      namespace: 'default',
      name: `pod-${lastPod}`,
      uid: `${String(process.pid).padStart(8, '0')}-0000-4000-8000-${String(lastPod).padStart(12, '0')}`,
      node: 'minik',
    },
    attempt: 0,
    hostname: `pod-${lastPod}`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    hostUsers: true,
    runtimeHandler: '',
    portMappings: [],
    sysctls: {},
    labels: { app: 'contract' },
    annotations: { 'example.com/note': 'kept' },
    cgroupParent: '',
    ...change,
  };
}

export const PLAIN_SECURITY: ContainerSecurity = {
  supplementalGroups: [],
  privileged: false,
  readOnlyRootFilesystem: false,
  addCapabilities: [],
  dropCapabilities: [],
  noNewPrivileges: false,
  unmaskedProc: false,
  imageGroups: true,
};

/** A container config in this sandbox. */
export function aContainer(
  sandbox: Sandbox,
  image: string,
  command: readonly string[],
  change: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    pod: sandbox.pod,
    sandboxId: sandbox.id,
    name: 'main',
    attempt: 0,
    image,
    command,
    args: [],
    workingDir: '',
    env: [],
    mounts: [],
    devices: [],
    gpus: [],
    resources: {},
    security: PLAIN_SECURITY,
    pidMode: 'container',
    hostNetwork: false,
    stdin: false,
    stdinOnce: false,
    tty: false,
    tmpfs: {},
    labels: { role: 'test' },
    annotations: { 'io.kubernetes.container.hash': 'abc' },
    ...change,
  };
}

/** Resolves with the container once it has exited. */
export async function untilExit(runtime: ContainerRuntime, id: string): Promise<Container> {
  const abort = new AbortController();
  try {
    for await (const event of runtime.events(abort.signal)) {
      if (event.type !== 'resync' && (event.type !== 'containerExited' || event.id !== id)) continue;
      const container = await runtime.containers.inspect(id);
      assert.ok(container);
      if (container.state === 'exited') return container;
    }
  } finally {
    abort.abort();
  }
  throw new Error('the event stream ended');
}

export function collector(): { sink: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { sink, text: () => Buffer.concat(chunks).toString() };
}

/** The log as text. */
export async function readLog(runtime: ContainerRuntime, id: string, change: Partial<LogOptions> = {}): Promise<string> {
  const { sink, text: read } = collector();
  await runtime.streams.logs(id, { follow: false, timestamps: false, signal: new AbortController().signal, ...change }, sink);
  return read();
}

/** Resolves when the log has this text. */
export async function untilLogged(runtime: ContainerRuntime, id: string, text: string): Promise<void> {
  const found = new AbortController();
  let log = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log += chunk.toString();
      if (log.includes(text)) found.abort();
      done();
    },
  });
  await runtime.streams.logs(id, { follow: true, timestamps: false, signal: found.signal }, sink).catch((error: unknown) => {
    if (!found.signal.aborted) throw error;
  });
  assert.ok(log.includes(text), `the log ended without ${text}: ${log}`);
}
