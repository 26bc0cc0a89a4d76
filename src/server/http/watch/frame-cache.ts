/** Encodes watch events as bytes: once per representation, however many clients watch. */
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { Target, WatchOutput } from '../../registry/registry.ts';
import { servedApiVersion } from '../../registry/served-version.ts';
import type { Entry } from '../../store/store.ts';
import { partialJson, partialObject } from '../encode/partial-metadata.ts';
import type { ServedEntries } from '../encode/served-entries.ts';
import { bookmarkTableJson, type IncludeObject, tableJson } from '../encode/table.ts';
import type { TableColumns } from '../encode/table-columns.ts';
import type { Representation } from '../negotiation.ts';
import type { ProtobufCodec } from '../ports.ts';

type ObjectEvent = Extract<WatchOutput, { entry: Entry }>;

/** The representation in which one watch wants its events. */
export interface FrameForm {
  readonly target: Pick<Target, 'kind' | 'served'>;
  readonly representation: Representation;
  readonly includeObject: IncludeObject;
}

const formKey = ({ target, representation, includeObject }: FrameForm): string => {
  const { mediaType, transform, transformVersion } = representation;
  return `${servedApiVersion(target)} ${mediaType} ${transform ?? ''} ${transformVersion} ${includeObject}`;
};

/**
 * Length-prefixed WatchEvent of protobuf streams. Source: apimachinery pkg/util/framer,
 * pkg/apis/meta/v1/generated.proto (WatchEvent).
 */
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

/**
 * A batch of at most this many events is encoded once for all watches of a form. Each watch encodes longer batches
 * itself, in pieces.
 */
export const maxSharedEvents = 64;

/** What the encoding of frames needs. */
export interface FrameContext {
  readonly codec: ProtobufCodec;
  readonly columns: TableColumns;
  readonly served: ServedEntries;
  /** Milliseconds since the epoch, for rendering ages. */
  now(): number;
}

/** Serves all watches of a server. Watches of the same form share frames. */
export class FrameCache {
  readonly #encoder: FrameEncoder;
  readonly #forms = new WeakMap<AnyKind, Map<string, FormFrames>>();
  /**
   * The forms that hold frames at the moment. They are emptied at the end of the event-loop turn, because all watchers
   * of a commit are served within one turn.
   */
  readonly #filled: FormFrames[] = [];

  constructor(context: FrameContext) {
    this.#encoder = new FrameEncoder(context);
  }

  /** The frames of a form; one instance for all watches of that form. */
  of(form: FrameForm): FormFrames {
    const { kind } = form.target;
    let forms = this.#forms.get(kind);
    if (forms === undefined) {
      forms = new Map();
      this.#forms.set(kind, forms);
    }
    const key = formKey(form);
    let frames = forms.get(key);
    if (frames === undefined) {
      frames = new FormFrames(form, this.#encoder, (filled) => this.#clearSoon(filled));
      forms.set(key, frames);
    }
    return frames;
  }

  #clearSoon(filled: FormFrames): void {
    if (this.#filled.length === 0) {
      setImmediate(() => {
        for (const frames of this.#filled.splice(0)) frames.clear();
      });
    }
    this.#filled.push(filled);
  }

  /** An ERROR event with a Status. */
  error(status: JsonObject, representation: Representation): Buffer {
    return this.#encoder.error(status, representation);
  }
}

/** One entry's frames in one form, indexed by `slotOf`. */
type Slots = (Buffer | undefined)[];

const slotOf = (type: ObjectEvent['type'], headers: boolean): number =>
  (type === 'ADDED' ? 0 : type === 'MODIFIED' ? 2 : 4) + (headers ? 1 : 0);

/** Frames in one form. */
export class FormFrames {
  readonly #form: FrameForm;
  readonly #encoder: FrameEncoder;
  readonly #onFilled: (frames: FormFrames) => void;
  readonly #byEntry = new Map<Entry, Slots>();
  #filled = false;
  /** The last batch that was encoded: the watchers of a collection receive the same array one after another. */
  #batch: readonly WatchOutput[] | undefined;
  #batchFrame: Buffer | undefined;
  #batchSizes: readonly number[] = [];

  constructor(form: FrameForm, encoder: FrameEncoder, onFilled: (frames: FormFrames) => void) {
    this.#form = form;
    this.#encoder = encoder;
    this.#onFilled = onFilled;
  }

  /** All events of a batch as bytes for one write. None of them may be the first event of its watch. */
  ofBatch(batch: readonly WatchOutput[]): Buffer {
    if (this.#batch === batch && this.#batchFrame !== undefined) return this.#batchFrame;
    const frames = batch.map((event) => this.ofOutput(event, false));
    const [only] = frames;
    const frame = frames.length === 1 && only !== undefined ? only : Buffer.concat(frames);
    this.#batch = batch;
    this.#batchFrame = frame;
    this.#batchSizes = frames.map(({ length }) => length);
    this.#noteFilled();
    return frame;
  }

  /** How many bytes each event has of the batch that was encoded last. */
  sizesOf(batch: readonly WatchOutput[]): readonly number[] {
    return this.#batch === batch ? this.#batchSizes : [];
  }

  /**
   * Encodes one event. `headers`: whether a Table carries its column definitions, as the first event of a watch does.
   */
  ofOutput(event: WatchOutput, headers: boolean): Buffer {
    if (event.type === 'BOOKMARK') return this.#encoder.bookmark(event.revision, event.initialEventsEnd, this.#form, headers);
    let slots = this.#byEntry.get(event.entry);
    if (slots === undefined) {
      slots = new Array<Buffer | undefined>(6);
      this.#byEntry.set(event.entry, slots);
      this.#noteFilled();
    }
    const slot = slotOf(event.type, headers);
    const frame = slots[slot] ?? this.#encoder.event(event, this.#form, headers);
    slots[slot] = frame;
    return frame;
  }

  clear(): void {
    this.#filled = false;
    this.#byEntry.clear();
    this.#batch = undefined;
    this.#batchFrame = undefined;
    this.#batchSizes = [];
  }

  #noteFilled(): void {
    if (this.#filled) return;
    this.#filled = true;
    this.#onFilled(this);
  }
}

class FrameEncoder {
  readonly #context: FrameContext;

  constructor(context: FrameContext) {
    this.#context = context;
  }

  event(event: ObjectEvent, form: FrameForm, headers: boolean): Buffer {
    const { entry, type } = event;
    const { target, representation, includeObject } = form;
    const { transform, transformVersion: version, mediaType } = representation;
    if (transform === 'Table') {
      const meta = { resourceVersion: entry.object.metadata.resourceVersion };
      const { columns, served } = this.#context;
      const options = { columns, served, version, includeObject, now: this.#context.now(), headers };
      return jsonFrame(type, tableJson(target, [entry], meta, options));
    }
    const partial = transform === 'PartialObjectMetadata' || transform === 'PartialObjectMetadataList';
    if (mediaType === 'application/vnd.kubernetes.protobuf') {
      return protobufFrame(
        type,
        this.#context.codec.encode(partial ? partialObject(entry, version) : this.#context.served.object(target, entry)),
      );
    }
    if (partial) return jsonFrame(type, partialJson(entry, version));
    return Buffer.concat([opening[type], this.#context.served.bytes(target, entry), close]);
  }

  /** Encodes a bookmark. Source: apiserver pkg/storage/cacher (bookmarks carry nothing but the version). */
  bookmark(revision: number, initialEventsEnd: boolean, form: FrameForm, headers: boolean): Buffer {
    const { target, representation } = form;
    const { transform, transformVersion: version, mediaType } = representation;
    const metadata: JsonObject = {
      resourceVersion: String(revision),
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const partial = transform === 'PartialObjectMetadata' || transform === 'PartialObjectMetadataList';
    const object: JsonObject = partial
      ? { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
      : { kind: target.kind.kind, apiVersion: servedApiVersion(target), metadata };
    if (transform === 'Table')
      return jsonFrame('BOOKMARK', bookmarkTableJson(target.kind, object, version, headers ? this.#context.columns : undefined));
    if (mediaType === 'application/vnd.kubernetes.protobuf') return protobufFrame('BOOKMARK', this.#context.codec.encode(object));
    return jsonFrame('BOOKMARK', JSON.stringify(object));
  }

  /** An ERROR event with a Status. */
  error(status: JsonObject, representation: Representation): Buffer {
    if (representation.mediaType === 'application/vnd.kubernetes.protobuf')
      return protobufFrame('ERROR', this.#context.codec.encode(status));
    return jsonFrame('ERROR', JSON.stringify(status));
  }
}
