import type { Duplex } from 'node:stream';
import { type Behaviour, refusesPort } from '../../../api/simulated/behaviour.ts';
import { RuntimeError, type Sandbox, type SandboxConfig, type Sandboxes } from '../container-runtime.ts';
import { unknownHandler } from '../unknown-handler.ts';
import type { DeclaredBehaviours } from './declared-behaviours.ts';
import { type SandboxRecord, type SimulatedEngine, sandboxName } from './simulated-engine.ts';

/** Pod sandboxes of one cluster on a simulated engine. */
export class SimulatedSandboxes implements Sandboxes {
  readonly #engine: SimulatedEngine;
  readonly #cluster: string;
  readonly #declared: DeclaredBehaviours;

  constructor(engine: SimulatedEngine, cluster: string, declared: DeclaredBehaviours) {
    this.#declared = declared;
    this.#engine = engine;
    this.#cluster = cluster;
  }

  async run(config: SandboxConfig): Promise<Sandbox> {
    const engine = this.#engine;
    engine.check();
    const name = sandboxName(this.#cluster, config.pod.uid, config.attempt);
    const existing = engine.sandboxes.get(engine.names.get(name) ?? '');
    if (existing?.view.state === 'ready') return existing.view;
    if (existing !== undefined) await this.remove(existing.view.id);
    const failure = engine.script.sandbox?.(config.pod, config.attempt);
    if (failure !== undefined) throw new RuntimeError(failure.code ?? 'StartFailed', failure.message);
    const { handlers } = engine.script;
    if (config.runtimeHandler !== '' && handlers?.includes(config.runtimeHandler) === false) throw unknownHandler(config.runtimeHandler);
    this.#checkHostPorts(config);
    const id = engine.nextId();
    const view: Sandbox = Object.freeze({
      id,
      pod: config.pod,
      attempt: config.attempt,
      state: 'ready',
      ip: config.hostNetwork ? '' : engine.ips.take(config.podCidr),
      createdAtMs: engine.clock.now(),
      labels: config.labels,
      annotations: config.annotations,
    });
    engine.names.set(name, id);
    engine.sandboxes.set(id, { cluster: this.#cluster, config, view });
    engine.emit(this.#cluster, config.pod.node, { type: 'sandboxStarted', podUid: config.pod.uid, id });
    return view;
  }

  async inspect(id: string): Promise<Sandbox | undefined> {
    this.#engine.check();
    return this.#find(id)?.view;
  }

  async list(node?: string): Promise<readonly Sandbox[]> {
    this.#engine.check();
    const views: Sandbox[] = [];
    for (const { cluster, view } of this.#engine.sandboxes.values()) {
      if (cluster === this.#cluster && (node === undefined || view.pod.node === node)) views.push(view);
    }
    return views;
  }

  async stop(id: string): Promise<void> {
    this.#engine.check();
    const record = this.#find(id);
    if (record !== undefined) this.#stopNow(record);
  }

  async remove(id: string): Promise<void> {
    this.#engine.check();
    const record = this.#find(id);
    if (record === undefined) return;
    this.#stopNow(record);
    this.#engine.sandboxes.delete(id);
    this.#engine.names.delete(sandboxName(this.#cluster, record.config.pod.uid, record.config.attempt));
    this.#engine.emit(this.#cluster, record.config.pod.node, { type: 'sandboxRemoved', podUid: record.config.pod.uid, id });
  }

  async dial(id: string, port: number): Promise<Duplex> {
    this.#engine.check();
    const { view } = this.#engine.sandbox(this.#cluster, id);
    const scripted = view.state === 'ready' ? this.#engine.script.dial?.(view, port) : 'refuse';
    if (scripted !== undefined && scripted !== 'refuse') return scripted;
    const behaviours = (): readonly Behaviour[] => this.#declared.ofPort(id, port);
    const own = scripted === 'refuse' ? [] : behaviours();
    if (own.length === 0 || own.some((each) => refusesPort(each, port)))
      throw new RuntimeError('Other', `dial tcp4 127.0.0.1:${port}: connect: connection refused`);
    return this.#engine.http.connect({ port, behaviours, body: `simulated pod ${view.pod.namespace}/${view.pod.name}\n` });
  }

  #find(id: string): SandboxRecord | undefined {
    const record = this.#engine.sandboxes.get(id);
    return record?.cluster === this.#cluster ? record : undefined;
  }

  #stopNow(record: SandboxRecord): void {
    const { view } = record;
    if (view.state === 'notReady') return;
    this.#engine.ips.giveBack(view.ip);
    record.view = Object.freeze({ ...view, state: 'notReady', ip: '' });
    this.#engine.emit(this.#cluster, view.pod.node, { type: 'sandboxStopped', podUid: view.pod.uid, id: view.id });
  }

  #checkHostPorts(config: SandboxConfig): void {
    for (const wanted of config.portMappings) {
      if (wanted.hostPort === 0) continue;
      for (const other of this.#engine.sandboxes.values()) {
        if (other.view.state === 'notReady') continue;
        for (const taken of other.config.portMappings) {
          const sameIp = taken.hostIp === wanted.hostIp || isAnyIp(taken.hostIp) || isAnyIp(wanted.hostIp);
          if (taken.hostPort !== wanted.hostPort || taken.protocol !== wanted.protocol || !sameIp) continue;
          throw new RuntimeError(
            'PortInUse',
            `Bind for ${wanted.hostIp || '0.0.0.0'}:${wanted.hostPort} failed: port is already allocated`,
          );
        }
      }
    }
  }
}

function isAnyIp(ip: string): boolean {
  return ip === '' || ip === '0.0.0.0' || ip === '::';
}
