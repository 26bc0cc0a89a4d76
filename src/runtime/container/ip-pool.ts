import { RuntimeError } from './container-runtime.ts';

/**
 * Allocates the addresses of an IPv4 range in ascending order, starting with the second host address. Released
 * addresses are reused only after a full round. Parts of the range have rounds of their own.
 */
export class IpPool {
  readonly #first: number;
  readonly #size: number;
  readonly #used = new Set<number>();
  /** Where the search goes on, by part; `''`: the whole. */
  readonly #next = new Map<string, number>();

  /** `cidr` like '10.244.0.0/16'; `reserved` addresses are never handed out. */
  constructor(cidr: string, reserved: readonly string[] = []) {
    const { first, size } = rangeOf(cidr);
    this.#first = first + 2;
    this.#size = Math.max(size - 3, 0);
    for (const ip of reserved) this.#used.add(toNumber(ip) - this.#first);
  }

  /**
   * An address of the part, or any when none is left there or no part is given. As for CNI's host-local, the first and
   * the last address of a part are not handed out. Throws RuntimeError 'Other' when no address is left.
   */
  take(part?: string): string {
    const ip = (part === undefined ? undefined : this.takeIn(part)) ?? this.#taken('', { from: 0, count: this.#size });
    if (ip === undefined) throw new RuntimeError('Other', "no available IPv4 addresses on this network's address pools");
    return ip;
  }

  /** An address of the part; undefined when none is left there. */
  takeIn(part: string): string | undefined {
    const { first, size } = rangeOf(part);
    return this.#taken(part, { from: first + 1 - this.#first, count: Math.max(0, size - 2) });
  }

  /** Takes note that an address is in use. */
  claim(ip: string): void {
    if (ip !== '') this.#used.add(toNumber(ip) - this.#first);
  }

  giveBack(ip: string): void {
    if (ip !== '') this.#used.delete(toNumber(ip) - this.#first);
  }

  /** The next free address of a part; undefined when there is none. */
  #taken(part: string, { from, count }: { readonly from: number; readonly count: number }): string | undefined {
    const start = this.#next.get(part) ?? 0;
    for (let tried = 0; tried < count; tried++) {
      const at = (start + tried) % count;
      const offset = from + at;
      if (offset < 0 || offset >= this.#size || this.#used.has(offset)) continue;
      this.#next.set(part, (at + 1) % count);
      this.#used.add(offset);
      return toText(this.#first + offset);
    }
    return undefined;
  }
}

const toNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** No addresses for what is no range. */
function rangeOf(cidr: string): { readonly first: number; readonly size: number } {
  const [address = '', bits] = cidr.split('/');
  return bits === undefined ? { first: 0, size: 0 } : { first: toNumber(address), size: 2 ** (32 - Number(bits)) };
}
