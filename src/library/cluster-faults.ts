/** What fails in a cluster, for tests of what clients do then. */
import type { FaultOrder, FaultReport, FaultReports, Injection } from '../api/faults/fault-order.ts';
import type { JsonValue } from '../api/json.ts';
import type { Backend } from './backend.ts';

/**
 * The faults of a cluster; see docs/faults.md. They strike whoever comes with the cluster's kubeconfig, but neither
 * minik's own parts nor `cluster.client`, by which a test looks on. Rejects with StatusError, which says what is wrong
 * with an order.
 */
export class ClusterFaults {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** From now on, this happens: `{ fault: 'conflict', resources: ['deployments'], share: '20%' }`. */
  async add(order: FaultOrder): Promise<FaultReport> {
    // Orders and reports are JSON.
    return (await this.#backend.askFaults({ method: 'POST', body: order as unknown as JsonValue })) as unknown as FaultReport;
  }

  /** The rules, each with how many requests it has selected and struck. */
  async list(): Promise<readonly FaultReport[]> {
    return (await this.#show()).rules;
  }

  /** The last thousand strikes, oldest first. */
  async injections(): Promise<readonly Injection[]> {
    return (await this.#show()).injections;
  }

  /** Removes a rule by its name; resolves with it as it was. Rejects with TypeError when the name is empty. */
  async remove(name: string): Promise<FaultReport> {
    if (name === '') throw new TypeError('the name of a fault cannot be empty: removeAll() removes every one');
    return (await this.#backend.askFaults({ method: 'DELETE', name })) as unknown as FaultReport;
  }

  async removeAll(): Promise<void> {
    await this.#backend.askFaults({ method: 'DELETE' });
  }

  async #show(): Promise<FaultReports> {
    return (await this.#backend.askFaults({ method: 'GET' })) as unknown as FaultReports;
  }
}
