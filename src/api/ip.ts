/**
 * IP addresses and networks: parsing, canonical text, checks with upstream's messages. Source: apimachinery
 * pkg/util/validation/ip.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from './field-error.ts';

/** A parsed address: 4 or 16 bytes. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bytes: readonly number[];
  /** An octet was written with leading zeros. */
  readonly leadingZeros: boolean;
  /** An IPv4 address written as IPv6 (`::ffff:1.2.3.4`). */
  readonly mapped: boolean;
}

function parseIp4(text: string): { readonly bytes: readonly number[]; readonly leadingZeros: boolean } | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^[0-9]{1,}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return { bytes, leadingZeros: parts.some((part) => part.length > 1 && part.startsWith('0')) };
}

/** The 16-bit groups of one side of `::`; undefined when malformed. */
function groups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const list: number[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    list.push(Number.parseInt(part, 16));
  }
  return list;
}

function parseIp6(text: string): readonly number[] | undefined {
  let head = text;
  const tail: number[] = [];
  const lastColon = text.lastIndexOf(':');
  if (text.includes('.')) {
    const ip4 = parseIp4(text.slice(lastColon + 1));
    if (ip4 === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = ip4.bytes;
    tail.push(a * 256 + b, c * 256 + d);
    head = text.slice(0, lastColon);
    if (head.endsWith(':')) head += ':';
    if (head === '') return undefined;
    if (head.endsWith(':::')) return undefined;
  }
  const sides = head.split('::');
  if (sides.length > 2) return undefined;
  const left = groups(sides[0] ?? '');
  const right = sides.length === 2 ? groups(sides[1] ?? '') : [];
  if (left === undefined || right === undefined) return undefined;
  const given = left.length + right.length + tail.length;
  if (sides.length === 1 ? given !== 8 : given > 7) return undefined;
  return [...left, ...new Array<number>(8 - given).fill(0), ...right, ...tail];
}

const toBytes = (words: readonly number[]): readonly number[] => words.flatMap((word) => [word >> 8, word & 0xff]);

/** Parses an address, leniently about leading zeros as upstream's legacy fields are; undefined when it is none. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const ip4 = parseIp4(text);
    return ip4 === undefined ? undefined : { family: 4, bytes: ip4.bytes, leadingZeros: ip4.leadingZeros, mapped: false };
  }
  const words = parseIp6(text);
  if (words === undefined) return undefined;
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  const bytes = toBytes(words);
  return { family: mapped ? 4 : 6, bytes: mapped ? bytes.slice(12) : bytes, leadingZeros: false, mapped };
}

/** The longest run of at least two zero words, the first of equals. */
function zeroRun(words: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 1 };
  for (let i = 0; i < words.length; ) {
    let end = i;
    while (end < words.length && words[end] === 0) end++;
    if (end - i > best.length) best = { start: i, length: end - i };
    i = Math.max(end, i + 1);
  }
  return best;
}

/** The canonical text (RFC 5952). */
export function formatIp({ family, bytes }: IpAddress): string {
  if (family === 4) return bytes.join('.');
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0));
  const { start, length } = zeroRun(words);
  const hex = (list: readonly number[]): string => list.map((word) => word.toString(16)).join(':');
  return start === -1 ? hex(words) : `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

export const isIp = (text: string): boolean => parseIp(text) !== undefined;
export const isIp6 = (text: string): boolean => parseIp(text)?.family === 6;

const notAnIp = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** The rule for fields that are older than strict checking: any address that parses is valid. */
export const legacyIpErrors = (text: string, at: FieldPath): readonly FieldError[] =>
  isIp(text) ? [] : [fieldErrors.invalid(at, text, notAnIp)];

/** The rule for newer fields: canonical text only. */
export function ipErrors(text: string, at: FieldPath): readonly FieldError[] {
  const ip = parseIp(text);
  if (ip === undefined) return [fieldErrors.invalid(at, text, notAnIp)];
  if (ip.leadingZeros) return [fieldErrors.invalid(at, text, 'must not have leading 0s')];
  if (ip.mapped) return [fieldErrors.invalid(at, text, 'must not be an IPv4-mapped IPv6 address')];
  const canonical = formatIp(ip);
  return text === canonical ? [] : [fieldErrors.invalid(at, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** The rule for networks in older fields: an address, a slash and a prefix length. */
export function legacyCidrErrors(text: string, at: FieldPath): readonly FieldError[] {
  const [address = '', length = '', ...rest] = text.split('/');
  const ip = parseIp(address);
  const bits = ip?.family === 4 && !ip.mapped ? 32 : 128;
  const good = ip !== undefined && rest.length === 0 && /^[0-9]+$/.test(length) && Number(length) <= bits;
  return good ? [] : [fieldErrors.invalid(at, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}

/**
 * The extra rule for new values in older fields: the text must be one that all parsers read alike. Source: ip.go,
 * parseIP (strictValidation).
 */
export function strictIpErrors(text: string, at: FieldPath): readonly FieldError[] {
  const ip = parseIp(text);
  if (ip?.leadingZeros === true) return [fieldErrors.invalid(at, text, 'must not have leading 0s')];
  return ip?.mapped === true ? [fieldErrors.invalid(at, text, 'must not be an IPv4-mapped IPv6 address')] : [];
}

/** The same as `strictIpErrors` for a network that parses. Source: ip.go, parseCIDR (strictValidation). */
export function strictCidrErrors(text: string, at: FieldPath): readonly FieldError[] {
  const [address = '', length = ''] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || legacyCidrErrors(text, at).length > 0) return [];
  if (ip.leadingZeros || String(Number(length)) !== length) {
    return [fieldErrors.invalid(at, text, 'must not have leading 0s in IP or prefix length')];
  }
  if (ip.mapped) return [fieldErrors.invalid(at, text, 'must not have an IPv4-mapped IPv6 address')];
  const network = maskedBytes(ip.bytes, Number(length));
  return network.some((byte, i) => byte !== ip.bytes[i])
    ? [fieldErrors.invalid(at, text, 'must not have bits set beyond the prefix length')]
    : [];
}

/** The bytes of an address without those beyond a prefix. */
export const maskedBytes = (bytes: readonly number[], bits: number): readonly number[] =>
  bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff);

/** Refuses addresses that make no sense as endpoints: unspecified, loopback, link-local. */
export function nonSpecialIpErrors(text: string, at: FieldPath): readonly FieldError[] {
  const ip = parseIp(text);
  if (ip === undefined) return [fieldErrors.invalid(at, text, 'must be a valid IP address')];
  const { family, bytes } = ip;
  const [a = 0, b = 0, c = 0] = bytes;
  const zeros = bytes.slice(0, -1).every((byte) => byte === 0);
  const errors: FieldError[] = [];
  if (zeros && bytes.at(-1) === 0) errors.push(fieldErrors.invalid(at, text, `may not be unspecified (${text})`));
  if (family === 4 ? a === 127 : zeros && bytes.at(-1) === 1) {
    errors.push(fieldErrors.invalid(at, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  }
  if (family === 4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) {
    errors.push(fieldErrors.invalid(at, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  }
  if (family === 4 ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02) {
    errors.push(fieldErrors.invalid(at, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  }
  return errors;
}

/** The rule for networks in newer fields: canonical text only. */
export function cidrErrors(text: string, at: FieldPath): readonly FieldError[] {
  const errors = [...legacyCidrErrors(text, at), ...strictCidrErrors(text, at)];
  if (errors.length > 0) return errors;
  const [address = '', length = ''] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined) return errors;
  const canonical = `${formatIp(ip)}/${Number(length)}`;
  return text === canonical ? [] : [fieldErrors.invalid(at, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** Whether a network contains the whole of another; false when either cannot be parsed. */
export function cidrContains(outer: string, inner: string): boolean {
  const [outerText = '', outerLength = ''] = outer.split('/');
  const [innerText = '', innerLength = ''] = inner.split('/');
  const [a, b] = [parseIp(outerText), parseIp(innerText)];
  if (a === undefined || b === undefined || a.family !== b.family || Number(outerLength) > Number(innerLength)) return false;
  const bits = Number(outerLength);
  const masked = maskedBytes(b.bytes, bits);
  return maskedBytes(a.bytes, bits).every((byte, i) => byte === masked[i]);
}
