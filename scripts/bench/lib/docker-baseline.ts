/** Makes the containers of pods by plain Engine API calls: the lower bound with which pods are compared. */
import { Agent, request as send } from 'node:http';
import { dockerEndpoint } from '../../../src/runtime/container/docker/docker-endpoint.ts';

const connection = dockerEndpoint();
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function call(method: string, path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const request = send({ ...connection, agent, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8');
        if ((response.statusCode ?? 500) < 400) resolve(answer);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`));
      });
    });
    request.on('error', reject);
    request.end(text);
  });
}

const idOf = (answer: string): string => (JSON.parse(answer) as { readonly Id: string }).Id; // the Engine API's contract

/** A sandbox and a container in its network, as the kubelet makes them. */
export interface PlainPod {
  readonly sandbox: string;
  readonly container: string;
}

export interface PlainPodOptions {
  readonly network: string;
  readonly pauseImage: string;
  readonly image: string;
  readonly command: readonly string[];
}

async function startPod(name: string, { network, pauseImage, image, command }: PlainPodOptions): Promise<PlainPod> {
  const labels = { 'io.minik.bench': 'plain' };
  const sandbox = idOf(
    await call('POST', `/containers/create?name=${name}-sandbox`, {
      Image: pauseImage,
      Labels: labels,
      HostConfig: { NetworkMode: network, IpcMode: 'shareable' },
    }),
  );
  await call('POST', `/containers/${sandbox}/start`);
  const container = idOf(
    await call('POST', `/containers/create?name=${name}`, {
      Image: image,
      Entrypoint: command,
      Labels: labels,
      HostConfig: { NetworkMode: `container:${sandbox}`, IpcMode: `container:${sandbox}` },
    }),
  );
  await call('POST', `/containers/${container}/start`);
  return { sandbox, container };
}

async function stopPod({ sandbox, container }: PlainPod): Promise<void> {
  await call('POST', `/containers/${container}/stop?t=30`);
  await call('DELETE', `/containers/${container}?v=true&force=true`);
  await call('DELETE', `/containers/${sandbox}?v=true&force=true`);
}

async function atOnce<T, R>(limit: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  // Waits for all before it reports a failure, so that nothing is created after the clean-up.
  const ends = await Promise.allSettled(Array.from({ length: limit }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

/** Starts and removes `count` pods, some at a time; returns the milliseconds of each half. */
export async function plainPods(count: number, concurrency: number, options: PlainPodOptions) {
  const names = Array.from({ length: count }, (_, i) => `minik-bench-${process.pid}-${i}`);
  let from = performance.now();
  const pods = await atOnce(concurrency, names, (name) => startPod(name, options));
  const startMs = performance.now() - from;
  from = performance.now();
  await atOnce(concurrency, pods, stopPod);
  return { startMs, removeMs: performance.now() - from };
}

/** The network of a cluster's pods and the pause image of its sandboxes. */
export async function clusterParts(): Promise<{ readonly network: string; readonly pauseImage: string }> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['io.kubernetes.docker.type=podsandbox'] }));
  const [sandbox] = JSON.parse(await call('GET', `/containers/json?filters=${filters}`)) as readonly {
    readonly Image: string;
    readonly HostConfig: { readonly NetworkMode: string };
  }[];
  if (sandbox === undefined) throw new Error('no pod runs');
  return { network: sandbox.HostConfig.NetworkMode, pauseImage: sandbox.Image };
}

/** Removes what an interrupted run has left behind. */
export async function removePlainPods(): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['io.minik.bench=plain'] }));
  const left = JSON.parse(await call('GET', `/containers/json?all=true&filters=${filters}`)) as readonly { readonly Id: string }[]; // as above
  for (const { Id } of left) await call('DELETE', `/containers/${Id}?v=true&force=true`);
}

export const closeDocker = (): void => agent.destroy();
