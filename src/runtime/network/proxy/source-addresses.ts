/**
 * Local addresses to connect from. Each pair of source address and backend has some 28,000 ports, and each closed
 * connection holds one for a minute. When the ports run out, the proxy connects from another address of the service
 * range: all of these addresses are local to the host, and pods route answers to them back.
 */
import { addressAt, type Cidr, contains, parseIpv4, sizeOf } from '../ipv4.ts';

/**
 * How long another source address is used, in milliseconds: as long as the kernel keeps closed connections (TIME_WAIT).
 */
const borrowMs = 60_000;

export class SourceAddresses {
  readonly #services: Cidr | undefined;
  readonly #pods: Cidr | undefined;
  #index = 0;
  #borrowedUntilMs = 0;

  /** Without both ranges, no other source addresses are used. */
  constructor(services: Cidr | undefined, pods: Cidr | undefined) {
    this.#services = services;
    this.#pods = pods;
  }

  /** The address to connect from, or undefined to let the kernel choose. */
  sourceFor(backendIp: string, nowMs: number): string | undefined {
    if (this.#borrowedUntilMs === 0) return undefined;
    if (nowMs >= this.#borrowedUntilMs) {
      this.#borrowedUntilMs = 0;
      return undefined;
    }
    return this.#services === undefined || !this.#isPod(backendIp) ? undefined : addressAt(this.#services, this.#index);
  }

  /** Called when ports have run out: moves on to the next address. Returns whether another attempt makes sense. */
  rotate(backendIp: string, nowMs: number): boolean {
    if (this.#services === undefined || !this.#isPod(backendIp)) return false;
    this.#index = (this.#index % Math.max(1, sizeOf(this.#services) - 2)) + 1;
    this.#borrowedUntilMs = nowMs + borrowMs;
    return true;
  }

  #isPod(ip: string): boolean {
    const address = parseIpv4(ip);
    return this.#pods !== undefined && address !== undefined && contains(this.#pods, address);
  }
}
