/**
 * DNS messages: decodes questions and encodes answers within the size limit. Malformed input is an error value, never
 * an exception.
 */
import dnsPacket, { type Answer, type Packet, type Question, type SoaAnswer } from 'dns-packet';
import { clusterTtlSeconds, type ZoneRecord } from './cluster-zone.ts';

/** The largest UDP answer in bytes, even if a client accepts more. */
const maxUdpBytes = 4096;
/** The limit without EDNS0. Source: RFC 1035 4.2.1. */
const plainUdpBytes = 512;

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
/** BADVERS is 16: the OPT record holds its upper bits, which are 1. Source: RFC 6891 9. */
const badVersion = 1;
const flagAuthoritative = 1 << 10;
const flagTruncated = 1 << 9;
const flagRecursionDesired = 1 << 8;
const flagRecursionAvailable = 1 << 7;

export type Rcode = keyof typeof rcodes;

/** A decoded question. */
export interface Query {
  readonly id: number;
  /** The question as received; answers repeat it exactly. */
  readonly question: Question;
  /** Lower case. */
  readonly name: string;
  readonly recursionDesired: boolean;
  /** Largest UDP answer that the client accepts, in bytes. */
  readonly udpBytes: number;
  readonly edns: boolean;
  readonly ednsVersion: number;
}

/** The contents of an answer. */
export interface Response {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

export type Decoded =
  | { readonly kind: 'query'; readonly query: Query }
  /** Answer with a bare header and this code. */
  | { readonly kind: 'refuse'; readonly id: number; readonly rcode: Rcode; readonly opcode: number }
  /** Not a query at all: no answer is sent. */
  | { readonly kind: 'ignore' };

interface OptRecord {
  readonly udpPayloadSize: number;
  readonly ednsVersion: number;
}

const optOf = (packet: Packet): OptRecord | undefined => {
  for (const record of packet.additionals ?? []) if (record.type === 'OPT') return record;
  return undefined;
};

/** Decodes a message of a client. */
export function decodeQuery(message: Buffer): Decoded {
  if (message.length < 12) return { kind: 'ignore' };
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return { kind: 'ignore' };
  const id = message.readUInt16BE(0);
  const opcode = (flags >> 11) & 15;
  if (opcode !== 0) return { kind: 'refuse', id, rcode: 'NOTIMP', opcode };
  let packet: Packet;
  try {
    packet = dnsPacket.decode(message);
  } catch {
    return { kind: 'refuse', id, rcode: 'FORMERR', opcode };
  }
  const [question, ...more] = packet.questions ?? [];
  if (question === undefined || more.length > 0) return { kind: 'refuse', id, rcode: 'FORMERR', opcode };
  if (question.class !== undefined && question.class !== 'IN') return { kind: 'refuse', id, rcode: 'REFUSED', opcode };
  const opt = optOf(packet);
  const udpBytes = opt === undefined ? plainUdpBytes : Math.min(Math.max(opt.udpPayloadSize, plainUdpBytes), maxUdpBytes);
  return {
    kind: 'query',
    query: {
      id,
      question,
      name: question.name.toLowerCase(),
      recursionDesired: (flags & flagRecursionDesired) !== 0,
      udpBytes,
      edns: opt !== undefined,
      ednsVersion: opt?.ednsVersion ?? 0,
    },
  };
}

/** A header without question: the answer to a message that could not be decoded. */
export function encodeRefusal(id: number, rcode: Rcode, opcode: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x8000 | (opcode << 11) | rcodes[rcode], 2);
  return header;
}

/** Encodes an answer. Records that do not fit into `maxBytes` are left out, and TC is set. */
export function encodeResponse(query: Query, response: Response, maxBytes: number): Buffer {
  const whole = encode(query, response, false);
  if (whole.length <= maxBytes) return whole;
  const bare = { ...response, additionals: [] };
  const withoutAdditionals = encode(query, bare, false);
  if (withoutAdditionals.length <= maxBytes) return withoutAdditionals;
  let fits = 0;
  let tooMany = response.answers.length;
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    const answers = response.answers.slice(0, middle);
    if (encode(query, { ...bare, answers, authorities: [] }, true).length <= maxBytes) fits = middle;
    else tooMany = middle;
  }
  const answers = response.answers.slice(0, fits);
  return encode(query, { ...bare, answers, authorities: [] }, true);
}

function encode(query: Query, response: Response, truncated: boolean): Buffer {
  const { rcode, authoritative } = response;
  const opt: Answer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: query.udpBytes,
    extendedRcode: query.ednsVersion === 0 ? 0 : badVersion,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return dnsPacket.encode({
    type: 'response',
    id: query.id,
    flags:
      rcodes[rcode] |
      (authoritative ? flagAuthoritative : 0) |
      (truncated ? flagTruncated : 0) |
      (query.recursionDesired ? flagRecursionDesired : 0) |
      flagRecursionAvailable,
    questions: [query.question],
    answers: [...response.answers],
    authorities: [...(response.authorities ?? [])],
    additionals: [...(response.additionals ?? []), ...(query.edns ? [opt] : [])],
  });
}

/** A record of the zone in the form of dns-packet. */
export function wireRecord(record: ZoneRecord, domain: string): Answer {
  const { name } = record;
  const ttl = clusterTtlSeconds;
  switch (record.type) {
    case 'A':
      return { type: 'A', name, ttl, data: record.address };
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return { type: record.type, name, ttl, data: record.target };
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.text };
    case 'SRV':
      return { type: 'SRV', name, ttl, data: { priority: 0, weight: record.weight, port: record.port, target: record.target } };
    case 'SOA':
      return soaRecord(domain, 0);
  }
}

/**
 * The zone's SOA record. In the authority section it tells how long a negative answer may be cached. Values as
 * CoreDNS's.
 */
export function soaRecord(domain: string, serial: number): Answer & SoaAnswer {
  return {
    type: 'SOA',
    name: domain,
    ttl: clusterTtlSeconds,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: clusterTtlSeconds,
    },
  };
}
