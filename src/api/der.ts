/** The parts of DER that are needed to write certificates and to read their elements. Source: ITU-T X.690. */

const lengthOf = (length: number): Buffer => {
  if (length < 128) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
};

/** An element: a tag with its content. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => tlv(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => tlv(0x31, ...items);
export const octetString = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
export const utf8String = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.from([value ? 0xff : 0]));
/** `unused`: how many bits at the end are padding. */
export const bitString = (bytes: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), bytes);
/** A positive integer from big-endian bytes; the first bit must be 0. */
export const integer = (bytes: Uint8Array): Buffer => tlv(0x02, bytes);

export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

/** UTCTime up to 2049, GeneralizedTime after. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  return date.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

/** The elements inside a constructed element, each with its tag and length. */
export function children(element: Buffer): readonly Buffer[] {
  const inside = contentOf(element);
  const found: Buffer[] = [];
  for (let at = 0; at < inside.length; ) {
    const size = sizeOf(inside.subarray(at));
    found.push(inside.subarray(at, at + size.total));
    at += size.total;
  }
  return found;
}

/** The content of an element, without tag and length. */
export function contentOf(element: Buffer): Buffer {
  const { head, total } = sizeOf(element);
  return element.subarray(head, total);
}

function sizeOf(bytes: Buffer): { readonly head: number; readonly total: number } {
  const first = bytes[1] ?? 0;
  if (first < 128) return { head: 2, total: 2 + first };
  const count = first & 0x7f;
  return { head: 2 + count, total: 2 + count + bytes.readUIntBE(2, count) };
}

/** The dotted form of an object identifier. */
export function objectIdOf(element: Buffer): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of contentOf(element)) {
    part = part * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    parts.push(part);
    part = 0;
  }
  const [first = 0, ...rest] = parts;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}
