/** Which representation a client gets. Source: apiserver pkg/endpoints/handlers/negotiation/negotiate.go. */
import { statusErrors } from '../../api/status-error.ts';

export type MediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf';

export const protobufType = 'application/vnd.kubernetes.protobuf';

/** The form in which an object is sent instead of its own type. */
export type Transform = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'APIGroupDiscoveryList';

export interface Representation {
  readonly mediaType: MediaType;
  readonly transform: Transform | undefined;
  /** Version of the transform's group: v1, v1beta1 of meta.k8s.io; v2, v2beta1 of apidiscovery.k8s.io. */
  readonly transformVersion: string;
  readonly pretty: boolean;
}

/** Which transforms an endpoint offers. */
export type Offers = 'none' | 'meta' | 'discovery';

const plainJson: Representation = { mediaType: 'application/json', transform: undefined, transformVersion: '', pretty: false };
const prettyJson: Representation = { ...plainJson, pretty: true };

interface Clause {
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
  readonly q: number;
}

/** Parses an Accept header, best first; clauses of equal weight keep their order. */
export function parseAccept(header: string): readonly Clause[] {
  const clauses = header.split(',').map((text) => {
    const [type = '', ...rest] = text.split(';');
    const params = new Map<string, string>();
    let q = 1;
    for (const part of rest) {
      const at = part.indexOf('=');
      const key = (at < 0 ? part : part.slice(0, at)).trim();
      const value =
        at < 0
          ? ''
          : part
              .slice(at + 1)
              .trim()
              .replace(/^"(.*)"$/, '$1');
      if (key === 'q') q = Number(value);
      else if (key !== '') params.set(key, value);
    }
    return { type: type.trim().toLowerCase(), params, q: Number.isNaN(q) ? 1 : q };
  });
  return clauses.filter((clause) => clause.type !== '' && clause.q > 0).toSorted((a, b) => b.q - a.q);
}

/** Media types that match a clause, in upstream's order for wildcards. */
function mediaTypeFor(type: string, protobuf: boolean): MediaType | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'application/json';
  if (type === 'application/yaml') return 'application/yaml';
  if (type === protobufType && protobuf) return protobufType;
  return undefined;
}

/** The transform of a clause; `undefined` when the clause must be skipped. */
function transformOf(
  params: ReadonlyMap<string, string>,
  mediaType: MediaType,
  offers: Offers,
): { kind: Transform | undefined; version: string } | undefined {
  const kind = params.get('as');
  const group = params.get('g');
  const version = params.get('v') ?? '';
  if (kind === undefined && group === undefined && !params.has('v')) return { kind: undefined, version: '' };
  if (offers === 'discovery') {
    const good = kind === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1');
    return good ? { kind, version } : undefined;
  }
  if (offers === 'none' || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (kind === 'PartialObjectMetadata' || kind === 'PartialObjectMetadataList') return { kind, version };
  return kind === 'Table' && mediaType !== protobufType ? { kind, version } : undefined;
}

const isHuman = (userAgent: string): boolean =>
  userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0');

const parsedBool = (text: string): boolean => ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text);

export interface NegotiationInput {
  readonly accept: string;
  readonly userAgent: string;
  /** Value of `?pretty=`, undefined when absent. */
  readonly pretty: string | undefined;
  readonly offers: Offers;
  /**
   * Called only when the client asks for protobuf. Returns false for custom resources and virtual answers, which have
   * no protobuf form.
   */
  readonly protobuf: () => boolean;
}

/** Upstream also names protobuf where there is none. */
const acceptedTypes = ['application/json', 'application/yaml', protobufType].join(', ');

/** Chooses the representation of an answer. Throws 406. */
export function negotiate(input: NegotiationInput): Representation {
  const pretty = input.pretty === undefined || input.pretty === '' ? isHuman(input.userAgent) : parsedBool(input.pretty);
  const { accept } = input;
  if (accept === '' || accept === 'application/json' || accept === '*/*') return pretty ? prettyJson : plainJson;
  for (const { type, params } of parseAccept(accept)) {
    const mediaType = mediaTypeFor(type, type === protobufType && input.protobuf());
    if (mediaType === undefined) continue;
    const stream = params.get('stream') ?? '';
    if (stream !== '' && stream !== 'watch') continue;
    if ((params.get('sv') ?? '') !== '') continue;
    const transform = transformOf(params, mediaType, input.offers);
    if (transform === undefined) continue;
    return { mediaType, transform: transform.kind, transformVersion: transform.version, pretty: pretty || params.get('pretty') === '1' };
  }
  throw statusErrors.notAcceptable(`only the following media types are accepted: ${acceptedTypes}`);
}

/**
 * The same as `negotiate`, for an error. Undefined when the error has no form that the client accepts; it must be sent
 * all the same, see `rawJson`.
 */
export function negotiateError(input: Omit<NegotiationInput, 'offers' | 'protobuf'>): Representation | undefined {
  try {
    return negotiate({ ...input, offers: 'none', protobuf: () => true });
  } catch {
    return undefined;
  }
}
