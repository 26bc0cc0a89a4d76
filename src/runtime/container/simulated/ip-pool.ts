import { RuntimeError } from '../container-runtime.ts';

/**
 * Allocates the addresses of an IPv4 range in ascending order, starting with the second host address. Released
 * addresses are reused only after a full round.
 */
export class IpPool {
  readonly #first: number;
  readonly #size: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** `cidr` like '10.244.0.0/16'; `reserved` addresses are never handed out. */
  constructor(cidr: string, reserved: readonly string[] = []) {
    const [address = '', bits = '16'] = cidr.split('/');
    this.#first = toNumber(address) + 2;
    this.#size = Math.max(2 ** (32 - Number(bits)) - 3, 0);
    for (const ip of reserved) this.#used.add(toNumber(ip) - this.#first);
  }

  /** Throws RuntimeError 'Other' when no address is left. */
  take(): string {
    if (this.#used.size >= this.#size) throw new RuntimeError('Other', "no available IPv4 addresses on this network's address pools");
    while (this.#used.has(this.#next)) this.#next = (this.#next + 1) % this.#size;
    const offset = this.#next;
    this.#used.add(offset);
    this.#next = (offset + 1) % this.#size;
    const value = this.#first + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  }

  giveBack(ip: string): void {
    if (ip !== '') this.#used.delete(toNumber(ip) - this.#first);
  }
}

function toNumber(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
