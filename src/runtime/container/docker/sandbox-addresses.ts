/**
 * Which addresses of the network sandboxes have, so that those of a node get addresses of the node's range. The engine
 * has the last word: it refuses an address that another container has.
 */
import type { Sandbox } from '../container-runtime.ts';
import type { IpPool } from '../ip-pool.ts';

export class SandboxAddresses {
  readonly #pool: IpPool;
  readonly #list: () => Promise<readonly Sandbox[]>;
  /** By sandbox. */
  readonly #assigned = new Map<string, string>();
  #read: Promise<this> | undefined;

  /** `list` reads the sandboxes that there are. */
  constructor(pool: IpPool, list: () => Promise<readonly Sandbox[]>) {
    this.#pool = pool;
    this.#list = list;
  }

  /** Resolves when the sandboxes that there are have been taken note of. */
  known(): Promise<this> {
    this.#read ??= this.#readAll().catch((error: unknown) => {
      this.#read = undefined;
      throw error;
    });
    return this.#read;
  }

  /** A free address of the range, which is taken note of; undefined when there is none. */
  takeIn(range: string): string | undefined {
    return this.#pool.takeIn(range);
  }

  giveBack(ip: string): void {
    this.#pool.giveBack(ip);
  }

  assign(id: string, ip: string): void {
    this.#assigned.set(id, ip);
  }

  release(id: string): void {
    const ip = this.#assigned.get(id);
    if (ip === undefined) return;
    this.#assigned.delete(id);
    this.#pool.giveBack(ip);
  }

  async #readAll(): Promise<this> {
    for (const { id, ip } of await this.#list()) {
      if (ip === '') continue;
      this.#pool.claim(ip);
      this.#assigned.set(id, ip);
    }
    return this;
  }
}
