import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { Container, ContainerConfig, ContainerRuntime, ExecOptions, Sandbox, SandboxConfig } from '../container-runtime.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import { aContainer, aSandbox, collector, readLog, untilExit } from '../runtime-test-support.ts';
import { createDockerRuntime } from './create-docker-runtime.ts';

/** An image with a static busybox; `scripts/images/build` makes it before these tests run. */
export const busyboxImage = 'busybox:1.36';

/** Real time, for tests against a real daemon. */
export const testClock: RuntimeClock = {
  now: () => Date.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** One of 16 small subnets that are reserved for these tests. */
export function testSubnet(index: number): { subnet: string; gateway: string } {
  return { subnet: `10.213.${240 + index}.0/24`, gateway: `10.213.${240 + index}.1` };
}

/** The output of `docker …`. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

export interface TestCluster {
  readonly runtime: ContainerRuntime;
  readonly image: string;
  /** Destroys the cluster. */
  close(): Promise<void>;
  /** A started container (and its new sandbox, when none is given). */
  launch(
    command: readonly string[],
    change?: Partial<ContainerConfig>,
    sandbox?: Partial<SandboxConfig> | Sandbox,
  ): Promise<{ sandbox: Sandbox; id: string }>;
  /** Runs a command to its end; returns its final state and what it wrote; the streams have no order between them. */
  outcome(
    command: readonly string[],
    change?: Partial<ContainerConfig>,
    sandbox?: Partial<SandboxConfig> | Sandbox,
  ): Promise<Container & { stdout: string; stderr: string }>;
  /** Runs a command in a container; fails unless it exits 0. */
  run(id: string, command: readonly string[], change?: Partial<ExecOptions>): Promise<string>;
}

/** A separate cluster on the real daemon; close it after the test. `index` chooses its subnet. */
export async function startDockerCluster(name: string, index: number): Promise<TestCluster> {
  const clusterId = `runtime-test-${name}`;
  const image = busyboxImage;
  const runtime = createDockerRuntime({ clusterId, clock: testClock, networkName: `minik-${clusterId}`, ...testSubnet(index) });
  await runtime.destroy(); // removes what an earlier run left behind when it was killed
  await runtime.prepare();
  const launch: TestCluster['launch'] = async (command, change = {}, sandbox = {}) => {
    const inside = 'id' in sandbox ? sandbox : await runtime.sandboxes.run(aSandbox(sandbox));
    const id = await runtime.containers.create(aContainer(inside, image, command, change));
    await runtime.containers.start(id);
    return { sandbox: inside, id };
  };
  return {
    runtime,
    image,
    launch,
    async close() {
      await runtime.destroy();
      await runtime.close();
    },
    async outcome(command, change, sandbox) {
      const { id } = await launch(command, change, sandbox);
      const exited = await untilExit(runtime, id);
      const stdout = await readLog(runtime, id, { stream: 'stdout' });
      return { ...exited, stdout, stderr: await readLog(runtime, id, { stream: 'stderr' }) };
    },
    async run(id, command, change = {}) {
      const out = collector();
      const err = collector();
      const code = await runtime.streams.exec(id, { command, tty: false, stdout: out.sink, stderr: err.sink, ...change });
      assert.equal(code, 0, err.text());
      return out.text();
    },
  };
}
