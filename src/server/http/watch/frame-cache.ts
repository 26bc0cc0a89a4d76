/** Watch events as bytes, encoded once per representation however many clients watch. */
import type { JsonObject } from '../../../api/json.ts';
import type { Target, WatchOutput } from '../../registry/registry.ts';
import type { Entry } from '../../store/store.ts';
import { partialJson, partialObject } from '../encode/partial-metadata.ts';
import { servedApiVersion, servedBytes, servedObject } from '../encode/served-object.ts';
import { bookmarkTableJson, type IncludeObject, tableJson } from '../encode/table.ts';
import type { Representation } from '../negotiation.ts';
import type { ProtobufCodec } from '../ports.ts';

type ObjectEvent = Extract<WatchOutput, { entry: Entry }>;

/** How one watch wants its events. */
export interface FrameForm {
  readonly target: Pick<Target, 'kind' | 'served'>;
  readonly representation: Representation;
  readonly includeObject: IncludeObject;
}

const formKey = ({ target, representation, includeObject }: FrameForm): string => {
  const { mediaType, transform, transformVersion } = representation;
  return `${servedApiVersion(target)} ${mediaType} ${transform ?? ''} ${transformVersion} ${includeObject}`;
};

/** Length-prefixed WatchEvent of protobuf streams. Source: apimachinery pkg/util/framer, pkg/apis/meta/v1/generated.proto (WatchEvent). */
function protobufFrame(type: string, object: Uint8Array): Buffer {
  const raw = Buffer.concat([tagged(0x0a, object.length), object]);
  const name = Buffer.from(type);
  const message = Buffer.concat([tagged(0x0a, name.length), name, tagged(0x12, raw.length), raw]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function tagged(tag: number, length: number): Buffer {
  const bytes = [tag];
  let rest = length;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

const jsonFrame = (type: string, object: string): Buffer => Buffer.from(`{"type":"${type}","object":${object}}\n`);

const close = Buffer.from('}\n');
const opening = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;

export class FrameCache {
  readonly #codec: ProtobufCodec;
  readonly #now: () => number;
  /** Entry → frame by event type and form. Emptied at the end of the turn: all watchers of a commit are served within it. */
  readonly #frames = new Map<Entry, Map<string, Buffer>>();
  #clearing = false;

  constructor(codec: ProtobufCodec, now: () => number) {
    this.#codec = codec;
    this.#now = now;
  }

  /** The frame of an event. `headers`: whether a Table carries its column definitions (the first event of a watch does). */
  frame(event: ObjectEvent, form: FrameForm, key: string, headers: boolean): Buffer {
    let byForm = this.#frames.get(event.entry);
    const full = `${event.type}${headers ? '+' : ' '}${key}`;
    const known = byForm?.get(full);
    if (known !== undefined) return known;
    const frame = this.#encode(event, form, headers);
    if (byForm === undefined) {
      byForm = new Map();
      this.#frames.set(event.entry, byForm);
    }
    byForm.set(full, frame);
    this.#clearSoon();
    return frame;
  }

  static key(form: FrameForm): string {
    return formKey(form);
  }

  #clearSoon(): void {
    if (this.#clearing) return;
    this.#clearing = true;
    setImmediate(() => {
      this.#clearing = false;
      this.#frames.clear();
    });
  }

  #encode(event: ObjectEvent, form: FrameForm, headers: boolean): Buffer {
    const { entry, type } = event;
    const { target, representation, includeObject } = form;
    const { transform, transformVersion: version, mediaType } = representation;
    if (transform === 'Table') {
      const meta = { resourceVersion: entry.object.metadata.resourceVersion };
      return jsonFrame(type, tableJson(target, [entry], meta, { version, includeObject, now: this.#now(), headers }));
    }
    const partial = transform === 'PartialObjectMetadata' || transform === 'PartialObjectMetadataList';
    if (mediaType === 'application/vnd.kubernetes.protobuf') {
      return protobufFrame(type, this.#codec.encode(partial ? partialObject(entry, version) : servedObject(target, entry)));
    }
    if (partial) return jsonFrame(type, partialJson(entry, version));
    return Buffer.concat([opening[type], servedBytes(target, entry), close]);
  }

  /** A bookmark. Source: apiserver pkg/storage/cacher (bookmarks carry nothing but the version). */
  bookmark(revision: number, initialEventsEnd: boolean, form: FrameForm, headers: boolean): Buffer {
    const { target, representation } = form;
    const { transform, transformVersion: version, mediaType } = representation;
    const metadata: JsonObject = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const partial = transform === 'PartialObjectMetadata' || transform === 'PartialObjectMetadataList';
    const object: JsonObject = partial
      ? { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
      : { kind: target.kind.kind, apiVersion: servedApiVersion(target), metadata };
    if (transform === 'Table') return jsonFrame('BOOKMARK', bookmarkTableJson(target.kind, object, version, headers));
    if (mediaType === 'application/vnd.kubernetes.protobuf') return protobufFrame('BOOKMARK', this.#codec.encode(object));
    return jsonFrame('BOOKMARK', JSON.stringify(object));
  }

  /** An ERROR event with a Status. */
  error(status: JsonObject, representation: Representation): Buffer {
    if (representation.mediaType === 'application/vnd.kubernetes.protobuf') return protobufFrame('ERROR', this.#codec.encode(status));
    return jsonFrame('ERROR', JSON.stringify(status));
  }
}
