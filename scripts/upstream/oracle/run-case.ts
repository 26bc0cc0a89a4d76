/** Sends one case to one server and returns the answers in a form that can be compared or recorded. */
import { parse } from 'yaml';
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';
import type { ProtobufCodec } from '../../../src/server/http/ports.ts';
import type { ApiClient, Call, RawAnswer } from './api-client.ts';
import { type OracleCase, withChanges } from './corpus.ts';
import { normalise } from './normalise.ts';
import { type OracleRequest, requestsOf } from './requests.ts';
import { views } from './views.ts';

/** An answer without the parts that may differ. */
export interface Answer {
  readonly code: number;
  /** The media type. */
  readonly type: string;
  readonly warnings: readonly string[];
  readonly body: JsonValue;
}

export type Answers = ReadonlyMap<string, Answer>;

export type Codec = Pick<ProtobufCodec, 'decode'>;

/**
 * Every answer, by the request's name. Rejects when the server does not answer, or when two requests have the same
 * name.
 */
export async function runCase(oracleCase: OracleCase, client: ApiClient, codec: Codec): Promise<Answers> {
  const run = new CaseRun(`oracle-${oracleCase.name.replaceAll('.', '-')}`, client, codec);
  await run.prepare();
  const answers = new Map<string, Answer>();
  for (const request of requestsOf(oracleCase)) {
    if (answers.has(request.name)) throw new Error(`${oracleCase.name}: two requests are named "${request.name}"`);
    answers.set(request.name, await run.answerTo(request));
  }
  return answers;
}

class CaseRun {
  readonly #namespace: string;
  readonly #client: ApiClient;
  readonly #codec: Codec;
  #current: JsonObject = {};
  #start = '';

  constructor(namespace: string, client: ApiClient, codec: Codec) {
    this.#namespace = namespace;
    this.#client = client;
    this.#codec = codec;
  }

  /** Creates the case's own namespace, with the service account that a controller would create. */
  async prepare(): Promise<void> {
    const post = (path: string, body: JsonObject): Promise<RawAnswer> =>
      this.#client.send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    await post('/api/v1/namespaces', { metadata: { name: this.#namespace } });
    await post(`/api/v1/namespaces/${this.#namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  }

  async answerTo(request: OracleRequest): Promise<Answer> {
    const raw = await this.#client.send(this.#callOf(request));
    const type = (raw.headers['content-type'] ?? '').replace(/;\s*charset=utf-8$/i, '');
    const body = this.#bodyOf(raw.body, type, request.until !== undefined);
    if (isObject(body)) this.#remember(request, body, raw.code);
    // Views work on normalised answers, because a digest would include what may differ.
    const seen = normalise(body, { managedFields: request.managedFields === true });
    const view = request.view === undefined ? undefined : views[request.view];
    if (request.view !== undefined && view === undefined) throw new Error(`no view "${request.view}"`);
    return { code: raw.code, type, warnings: raw.warnings, body: view === undefined || raw.code >= 400 ? seen : view(seen) };
  }

  #callOf({ method, path, headers, body, currentWith, until }: OracleRequest): Call {
    const sent = currentWith === undefined ? body : withChanges(this.#current, currentWith);
    return {
      method,
      path: this.#filled(path),
      headers,
      ...(sent === undefined ? {} : { body: this.#filled(typeof sent === 'string' ? sent : JSON.stringify(sent)) }),
      ...(until === undefined ? {} : { isLast: (line) => line.includes(until) || line.includes('"type":"ERROR"') }),
    };
  }

  #filled(text: string): string {
    const { resourceVersion = '', uid = '' } = isObject(this.#current.metadata) ? this.#current.metadata : {};
    return text
      .replaceAll('$ns', this.#namespace)
      .replaceAll('$rv', String(resourceVersion))
      .replaceAll('$uid', String(uid))
      .replaceAll('$start', this.#start);
  }

  #remember(request: OracleRequest, body: JsonObject, code: number): void {
    if (code >= 300) return;
    if (request.remember === true) this.#current = body;
    if (request.marksStart === true && isObject(body.metadata)) this.#start = String(body.metadata.resourceVersion ?? '');
  }

  #bodyOf(bytes: Buffer, type: string, lines: boolean): JsonValue {
    if (type.includes('protobuf')) return bytes.length === 0 ? '' : withoutZeros(this.#codec.decode(bytes, { apiVersion: '', kind: '' }));
    const text = bytes.toString();
    try {
      // JSON.parse returns JSON.
      if (lines && type.includes('json'))
        return text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as JsonValue);
      if (type.includes('json')) return JSON.parse(text) as JsonValue;
      if (type.includes('yaml')) return parse(text) as JsonValue;
    } catch {
      return text; // an answer that does not have its declared type is kept as text
    }
    return text;
  }
}

/** In protobuf, absent and zero values are the same; Go writes the zeros. */
function withoutZeros(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).map(([key, inner]) => [key, withoutZeros(inner ?? null)] as const);
  return Object.fromEntries(kept.filter(([, inner]) => inner !== '' && inner !== 0 && inner !== false && inner !== null));
}
