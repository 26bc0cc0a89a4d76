/** IPv4 ranges and their addresses. */

/** A CIDR range, e.g. `10.96.0.0/16`. */
export interface IpRange {
  /** The network address as a number. */
  readonly first: number;
  /** The number of addresses, including network and broadcast address. */
  readonly size: number;
  readonly text: string;
}

const ipv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** An IPv4 address as a number; undefined when the text is not one. */
export function parseIp(text: string): number | undefined {
  const parts = ipv4.exec(text)?.slice(1);
  if (parts === undefined || parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The dotted form of an address. */
export const formatIp = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

/** Parses a CIDR. Throws an Error (a mistake in the configuration) when it is malformed. */
export function parseRange(text: string): IpRange {
  const [address = '', prefix = ''] = text.split('/');
  const base = parseIp(address);
  const bits = /^\d{1,2}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (base === undefined || !(bits >= 8 && bits <= 30))
    throw new Error(`${JSON.stringify(text)} is not an IPv4 range such as 10.96.0.0/16`);
  const size = 2 ** (32 - bits);
  return { first: Math.floor(base / size) * size, size, text };
}

/** True when an address can be given to a Service: the network and the broadcast address cannot. */
export const isUsable = ({ first, size }: IpRange, address: number): boolean => address > first && address < first + size - 1;

/** The address at an offset in the range: 1 is the API server's, 10 that of DNS. */
export const addressAt = ({ first }: IpRange, offset: number): string => formatIp(first + offset);
