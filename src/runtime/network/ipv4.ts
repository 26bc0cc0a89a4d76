/** IPv4 addresses and ranges as unsigned 32-bit numbers. Pure. */

/** A range: first address and prefix length. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The number of a dotted address; undefined when it is not one. Octets with leading zeros are refused, as Go does. */
export function parseIpv4(text: string): number | undefined {
  const match = dotted.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (const octet of match.slice(1)) {
    if (Number(octet) > 255 || (octet.length > 1 && octet.startsWith('0'))) return undefined;
    value = value * 256 + Number(octet);
  }
  return value;
}

/** The dotted form of an address. */
export const formatIpv4 = (value: number): string => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0);

/** How many addresses a range has. */
export const sizeOf = (cidr: Cidr): number => 2 ** (32 - cidr.prefix);

/** `10.0.0.0/8` with host bits cleared; undefined when malformed or not IPv4. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefixText = '', ...rest] = text.trim().split('/');
  const base = parseIpv4(address);
  const prefix = Number(prefixText);
  if (base === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefixText) || prefix > 32) return undefined;
  return { base: (base & maskOf(prefix)) >>> 0, prefix };
}

/** `10.0.0.0/8`. */
export const formatCidr = (cidr: Cidr): string => `${formatIpv4(cidr.base)}/${cidr.prefix}`;

/** Whether an address lies in a range. */
export const contains = (cidr: Cidr, address: number): boolean => (address & maskOf(cidr.prefix)) >>> 0 === cidr.base;

/** Whether two ranges share an address. */
export const overlaps = (a: Cidr, b: Cidr): boolean => contains(a, b.base) || contains(b, a.base);

/** The n-th address of a range, counted from its base. */
export const addressAt = (cidr: Cidr, index: number): string => formatIpv4(cidr.base + index);
