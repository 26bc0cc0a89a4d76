/**
 * Reads and decodes request bodies: JSON, YAML and protobuf, up to a size limit. Source: apiserver
 * pkg/endpoints/handlers/rest.go.
 */
import { errorText } from '../../api/error-text.ts';
import { goJsonError } from '../../api/go-json-error.ts';
import type { JsonValue } from '../../api/json.ts';
import { mayNestTooDeep, nestsTooDeep } from '../../api/nesting.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { wellFormedJson } from '../../api/well-formed.ts';
import { duplicateKeysError, YamlError } from '../../api/yaml/yaml-error.ts';
import type { Body } from '../registry/registry.ts';
import type { Exchange, NodeBindings } from './exchange.ts';
import { askForBody } from './http1.ts';
import { protobufType } from './negotiation.ts';
import type { ProtobufCodec } from './ports.ts';
import type { YamlBodies } from './yaml/yaml-bodies.ts';

/** Upstream's default of MaxRequestBodyBytes. */
export const maxBodyBytes = 3 * 1024 * 1024;

const tooLarge = (): Error => statusErrors.requestEntityTooLarge(`Request entity too large: limit is ${maxBodyBytes}`);

/**
 * Reads the whole body. Throws 413 once the limit is exceeded, so no more than that is ever in memory, and 400 when the
 * client disconnects halfway.
 */
export async function readBody(exchange: Exchange): Promise<Buffer> {
  try {
    return await readAll(exchange);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw statusErrors.badRequest('unexpected EOF');
  }
}

/**
 * Reads directly from the connection. The web stream of a `Request` would cost as much as the rest of a small write.
 */
function readIncoming(node: NodeBindings): Promise<Buffer> {
  const { incoming } = node;
  askForBody(node);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBodyBytes) return;
      incoming.off('data', take);
      reject(tooLarge());
    };
    incoming.on('data', take);
    incoming.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    incoming.on('error', reject);
    incoming.on('close', () => reject(new Error('the client went away')));
  });
}

async function readAll(exchange: Exchange): Promise<Buffer> {
  const declared = exchange.header('content-length');
  if (declared !== '' && Number(declared) > maxBodyBytes) throw tooLarge();
  if (declared === '0') return Buffer.alloc(0);
  if (exchange.node !== undefined) return readIncoming(exchange.node);
  const stream = exchange.request.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Throwing out of the loop cancels the stream.
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export type InputType = 'json' | 'yaml' | 'protobuf';

/** The declared media type of a body; JSON when none is declared. Throws 415. */
export function inputType(contentType: string, protobuf: () => boolean): InputType {
  if (contentType === 'application/json') return 'json';
  const [bare = ''] = contentType.split(';', 1);
  const type = bare.trim().toLowerCase();
  if (type === '' || type === 'application/json') return 'json';
  if (type === 'application/yaml') return 'yaml';
  if (type === protobufType && protobuf()) return 'protobuf';
  const accepted = ['application/json', 'application/yaml', ...(protobuf() ? [protobufType] : [])].join(', ');
  throw statusErrors.unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted}`);
}

/** The start of a body, for error messages. Source: rest.go, summarizeData. */
function summarize(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, 30);
  const text = bytes[0] === 0x7b ? head.toString('utf8') : head.toString('hex');
  return bytes.length > 30 ? `${text} ...` : text;
}

const unrecognized = ({ kind, bare = false }: DecodeOptions, cause: string, bytes: Buffer): Error =>
  statusErrors.badRequest(bare ? cause : `the object provided is unrecognized (must be of type ${kind}): ${cause} (${summarize(bytes)})`);

const typeMeta = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

export interface DecodeOptions {
  readonly type: InputType;
  readonly codec: ProtobufCodec;
  readonly yaml: YamlBodies;
  /** The type that the endpoint accepts. */
  readonly apiVersion: string;
  readonly kind: string;
  /** True: errors only say what is wrong. Default: they name the type and the body's start, too. */
  readonly bare?: boolean;
}

/** Parses YAML. Of keys given twice the last value is used, and they are reported as one strict error, as upstream. */
async function parseYaml(text: string, bytes: Buffer, options: DecodeOptions): Promise<Pick<Body, 'json' | 'strictErrors'>> {
  try {
    const document = await options.yaml.read(text);
    return { json: document.json, strictErrors: duplicateKeysError(document) };
  } catch (error) {
    if (error instanceof YamlError) throw unrecognized(options, `yaml: ${error.message}`, bytes);
    throw error;
  }
}

/** Decodes a body into JSON; throws upstream's 400 when it is malformed. */
export async function decodeBody(bytes: Buffer, options: DecodeOptions): Promise<Body> {
  if (options.type === 'protobuf') {
    try {
      return { json: options.codec.decode(bytes, options), text: undefined };
    } catch (error) {
      throw unrecognized(options, errorText(error), bytes);
    }
  }
  const text = options.type === 'json' ? wellFormedJson(bytes.toString('utf8')) : bytes.toString('utf8');
  let json: JsonValue;
  let strictErrors: readonly string[] = [];
  if (options.type === 'yaml') {
    ({ json, strictErrors = [] } = await parseYaml(text, bytes, options));
  } else {
    try {
      // JSON.parse returns only JSON values.
      json = JSON.parse(text) as JsonValue;
    } catch (error) {
      throw unrecognized(options, `couldn't get version/kind; json parse error: ${goJsonError(text, error)}`, bytes);
    }
  }
  if (mayNestTooDeep(bytes.length) && nestsTooDeep(json))
    throw unrecognized(options, "couldn't get version/kind; json parse error: exceeded max depth", bytes);
  // Go decodes null as an object without fields.
  json ??= {};
  if (typeof json !== 'object' || Array.isArray(json)) {
    const found = Array.isArray(json) ? 'array' : typeof json === 'boolean' ? 'bool' : typeof json;
    throw unrecognized(
      options,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type ${typeMeta}`,
      bytes,
    );
  }
  return { json, text: options.type === 'json' ? text : undefined, ...(strictErrors.length === 0 ? {} : { strictErrors }) };
}
