/**
 * Answers DNS messages from the cluster's zone or through the host's resolvers. Encoded answers are cached: those of
 * the zone until it changes, forwarded ones for their TTL, at most 30 s (as `cache 30` in kubeadm's Corefile). Answers
 * with several records rotate their order.
 */
import dnsPacket, { type Answer, type RecordType } from 'dns-packet';
import type { Clock } from '../../../client/clock.ts';
import type { ClusterZone, ZoneRecord } from './cluster-zone.ts';
import { decodeQuery, encodeRefusal, encodeResponse, type Query, type Response, soaRecord, wireRecord } from './dns-message.ts';
import { aged, findTtls, type Ttls } from './raw-answer.ts';
import type { UpstreamResolver } from './upstream-resolver.ts';

const maxTcpBytes = 65_535;
const maxCached = 10_000;
const maxForwardedMs = 30_000;
const maxRotations = 8;
/** The longest chain of CNAMEs that is followed. Source: CoreDNS plugin/pkg/upstream. */
const maxChase = 8;

export type Transport = 'udp' | 'tcp';

/** An answer from the zone in each rotation; a rotation is encoded when first needed. */
interface ZoneEntry {
  readonly rotations: (Buffer | undefined)[];
  next: number;
  encode(rotation: number): Buffer;
}

interface ForwardedEntry {
  readonly answer: Buffer;
  readonly ttls: Ttls;
  readonly storedMs: number;
  readonly lifeMs: number;
}

export interface DnsResolverOptions {
  readonly zone: ClusterZone;
  readonly upstream: UpstreamResolver;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Answers the DNS messages of one cluster. */
export class DnsResolver {
  readonly #options: DnsResolverOptions;
  readonly #fromZone = new Map<string, ZoneEntry>();
  readonly #forwarded = new Map<string, ForwardedEntry>();
  #serial: number;

  constructor(options: DnsResolverOptions) {
    this.#options = options;
    this.#serial = Math.floor(options.clock.now() / 1000);
  }

  /** Called when the zone has changed: drops cached answers of the zone. */
  zoneChanged(): void {
    this.#fromZone.clear();
    this.#serial++;
  }

  /** The answer to a message; undefined: no answer is sent. A promise only when other resolvers must be asked. */
  answer(message: Buffer, transport: Transport): Buffer | undefined | Promise<Buffer | undefined> {
    if (message.length < 12) return undefined;
    const key = `${transport}${message.toString('latin1', 2)}`;
    const id = message.readUInt16BE(0);
    const entry = this.#fromZone.get(key);
    if (entry !== undefined) return this.#rotated(entry, id);
    const forwarded = this.#fresh(key, id);
    return forwarded ?? this.#compute(message, key, transport);
  }

  #rotated(entry: ZoneEntry, id: number): Buffer {
    const rotation = entry.next;
    entry.next = (rotation + 1) % entry.rotations.length;
    let encoded = entry.rotations[rotation];
    if (encoded === undefined) {
      encoded = entry.encode(rotation);
      entry.rotations[rotation] = encoded;
    }
    const own = Buffer.from(encoded);
    own.writeUInt16BE(id, 0);
    return own;
  }

  #fresh(key: string, id: number): Buffer | undefined {
    const entry = this.#forwarded.get(key);
    if (entry === undefined) return undefined;
    const elapsedMs = this.#options.clock.now() - entry.storedMs;
    if (elapsedMs < entry.lifeMs) return aged(entry.answer, entry.ttls, Math.floor(elapsedMs / 1000), id);
    this.#forwarded.delete(key);
    return undefined;
  }

  #compute(message: Buffer, key: string, transport: Transport): Buffer | undefined | Promise<Buffer | undefined> {
    const decoded = decodeQuery(message);
    if (decoded.kind === 'ignore') return undefined;
    if (decoded.kind === 'refuse') return encodeRefusal(decoded.id, decoded.rcode, decoded.opcode);
    const { query } = decoded;
    if (query.ednsVersion !== 0) return encodeResponse(query, { rcode: 'NOERROR', authoritative: false, answers: [] }, query.udpBytes);
    const answer = this.#options.zone.lookup(query.name, query.question.type);
    if (answer.kind === 'foreign') return this.#forward(message, key, query, transport);
    if (answer.kind === 'absent') return this.#keep(key, query, transport, [], () => this.#negative('NXDOMAIN'));
    const [first] = answer.answers;
    if (first?.type === 'CNAME' && query.question.type !== 'CNAME') return this.#chased(query, transport, first);
    if (answer.answers.length === 0) return this.#keep(key, query, transport, [], () => this.#negative('NOERROR'));
    const additionals = answer.additionals.map((record) => this.#wire(record));
    return this.#keep(
      key,
      query,
      transport,
      answer.answers.map((record) => this.#wire(record)),
      (answers) => ({
        rcode: 'NOERROR',
        authoritative: true,
        answers,
        additionals,
      }),
    );
  }

  #wire(record: ZoneRecord): Answer {
    return record.type === 'SOA' ? this.#soa() : wireRecord(record, this.#options.zone.domain);
  }

  #soa(): Answer {
    return soaRecord(this.#options.zone.domain, this.#serial);
  }

  #negative(rcode: 'NXDOMAIN' | 'NOERROR'): Response {
    return { rcode, authoritative: true, answers: [], authorities: [this.#soa()] };
  }

  #keep(
    key: string,
    query: Query,
    transport: Transport,
    records: readonly Answer[],
    respond: (answers: readonly Answer[]) => Response,
  ): Buffer {
    const count = Math.max(1, Math.min(records.length, maxRotations));
    const limit = limitOf(query, transport);
    const entry: ZoneEntry = {
      rotations: new Array<Buffer | undefined>(count).fill(undefined),
      next: Math.floor(this.#options.random() * count),
      encode: (rotation) => {
        const start = Math.floor((rotation * records.length) / count);
        return encodeResponse(query, respond([...records.slice(start), ...records.slice(0, start)]), limit);
      },
    };
    if (this.#fromZone.size >= maxCached) this.#fromZone.clear();
    this.#fromZone.set(key, entry);
    return this.#rotated(entry, query.id);
  }

  /** An ExternalName: the alias together with the records of its target. */
  async #chased(query: Query, transport: Transport, alias: ZoneRecord & { readonly type: 'CNAME' }): Promise<Buffer> {
    const answers: Answer[] = [this.#wire(alias)];
    let target = alias.target;
    for (let step = 0; step < maxChase; step++) {
      const next = this.#options.zone.lookup(target.toLowerCase(), query.question.type);
      if (next.kind === 'foreign') {
        answers.push(...(await this.#resolveAbroad(target, query.question.type)));
        break;
      }
      if (next.kind === 'absent') break;
      answers.push(...next.answers.map((record) => this.#wire(record)));
      const [link] = next.answers;
      if (link?.type !== 'CNAME') break;
      target = link.target;
    }
    return encodeResponse(query, { rcode: 'NOERROR', authoritative: true, answers }, limitOf(query, transport));
  }

  async #resolveAbroad(name: string, type: RecordType): Promise<readonly Answer[]> {
    const question = dnsPacket.encode({
      type: 'query',
      id: 0,
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [{ type, name, class: 'IN' }],
    });
    const answer = this.#fresh(`abroad ${type} ${name}`, 0) ?? (await this.#options.upstream.resolve(question, false));
    if (answer === undefined) return [];
    this.#store(`abroad ${type} ${name}`, answer);
    try {
      return dnsPacket.decode(answer).answers ?? [];
    } catch {
      // A malformed answer of a resolver counts as no answer.
      return [];
    }
  }

  async #forward(message: Buffer, key: string, query: Query, transport: Transport): Promise<Buffer> {
    const answer = await this.#options.upstream.resolve(message, transport === 'tcp');
    if (answer === undefined)
      return encodeResponse(query, { rcode: 'SERVFAIL', authoritative: false, answers: [] }, limitOf(query, transport));
    this.#store(key, answer);
    return answer;
  }

  /** Caches answers and negative answers. Failures and truncated answers are not cached. */
  #store(key: string, answer: Buffer): void {
    const rcode = (answer[3] ?? 0) & 15;
    const truncated = ((answer[2] ?? 0) & 2) !== 0;
    const ttls = findTtls(answer);
    if ((rcode !== 0 && rcode !== 3) || truncated || ttls === undefined || ttls.offsets.length === 0 || this.#forwarded.has(key)) return;
    const lifeMs = Math.min(ttls.minSeconds * 1000, maxForwardedMs);
    if (lifeMs === 0) return;
    if (this.#forwarded.size >= maxCached) this.#forwarded.clear();
    this.#forwarded.set(key, { answer: Buffer.from(answer), ttls, storedMs: this.#options.clock.now(), lifeMs });
  }
}

const limitOf = (query: Query, transport: Transport): number => (transport === 'tcp' ? maxTcpBytes : query.udpBytes);
