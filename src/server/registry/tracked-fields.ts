/** Field management for all Kinds: brings what it needs of a request to the pure functions of `api/apply`. */
import { applied, entriesOf, type ManagedWrite, managedAfterUpdate, managedFieldsProblem } from '../../api/apply/field-manager.ts';
import { type FieldSet, type Path, recursiveDifference, setOf } from '../../api/apply/field-set.ts';
import { FieldSetPool } from '../../api/apply/field-set-pool.ts';
import { deducedType } from '../../api/apply/merge-type.ts';
import { fieldElement } from '../../api/apply/path-element.ts';
import { parentEntries, type StandInField, standInEntries } from '../../api/apply/stand-in-owners.ts';
import type { Versions } from '../../api/apply/versions.ts';
import type { JsonObject } from '../../api/json.ts';
import { apiVersionOf } from '../../api/kind.ts';
import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import { asJson, asObject, withMeta } from '../../api/object-fields.ts';
import type { ObjectFormat, ObjectFormats } from '../../api/object-format.ts';
import { rfc3339 } from '../../api/time.ts';
import { convertStored, convertToStored, toServed } from './codec.ts';
import type { FieldApply, FieldManagement, FieldWrite, StandIn, StandInApply, StandInWrite } from './managed-fields.ts';
import type { KindSet, Target } from './registry.ts';
import { conversionIn, conversionOf, servedApiVersion, servedBy, servedSchema } from './served-version.ts';

type Entries = ReturnType<typeof entriesOf>;

/** Tracks owners of all objects, by the merge types of their formats. */
export class TrackedFields implements FieldManagement {
  readonly #formats: ObjectFormats;
  readonly #kinds: KindSet;
  readonly #now: () => string;
  readonly #pool = new FieldSetPool();
  readonly #empty = new WeakMap<ObjectFormat, JsonObject>();
  /** By Kind and sub-resource. */
  readonly #versions = new WeakMap<Target['kind'], Map<string, Versions>>();

  constructor(formats: ObjectFormats, kinds: KindSet, now: () => number) {
    this.#formats = formats;
    this.#kinds = kinds;
    this.#now = () => rfc3339(now());
  }

  async update({ target, live, object, manager }: FieldWrite): Promise<KubeObject> {
    const write = this.#write(target, live, manager);
    const managedFields = await managedAfterUpdate(write, inRequestVersion(target, object));
    return object.metadata.managedFields === managedFields ? object : withMeta(object, { managedFields });
  }

  async apply({ target, live, manager, config, force }: FieldApply): Promise<JsonObject> {
    return applied(this.#write(target, live, manager), config, force);
  }

  shown(standIn: StandIn, target: Target, object: KubeObject): KubeObject {
    const managedFields = standInEntries(entriesOf(asJson(object)), this.#standInField(standIn, target), this.#pool);
    return withMeta(asObject(standIn.showForChange?.(object) ?? standIn.show(object)), { managedFields });
  }

  async updateStandIn(write: StandInWrite): Promise<KubeObject> {
    const managedFields = await managedAfterUpdate(this.#standInWrite(write), asJson(write.object));
    return withMeta(write.object, { managedFields });
  }

  applyStandIn(write: StandInApply): Promise<JsonObject> {
    return applied(this.#standInWrite(write), write.config, write.force);
  }

  fromStandIn(standIn: StandIn, target: Target, object: KubeObject, written: KubeObject): Entries | undefined {
    const returned = {
      parent: entriesOf(asJson(object)),
      standIn: entriesOf(asJson(written)),
      apiVersion: servedApiVersion(target),
    };
    return parentEntries(returned, this.#standInField(standIn, target), this.#pool);
  }

  problem(object: KubeObject): string | undefined {
    return managedFieldsProblem(entriesOf(asJson(object)), this.#pool);
  }

  #write(target: Target, live: KubeObject | undefined, manager: string): ManagedWrite {
    const type = { ...servedBy(target), kind: target.kind.kind };
    const empty = this.#emptyOf(this.#formats.of(servedSchema(target)), type);
    return {
      type,
      apiVersion: servedApiVersion(target),
      subresource: target.subresource,
      versions: this.#versionsOf(target),
      pool: this.#pool,
      live: live === undefined ? empty : inRequestVersion(target, live),
      creates: live === undefined,
      empty,
      manager,
      now: this.#now,
    };
  }

  #standInWrite({ standIn, target, live, manager }: Omit<StandInWrite, 'object'>): ManagedWrite {
    const { body: type } = standIn;
    const format = this.#formats.ofType(type);
    const apiVersion = apiVersionOf(type.group, type.version);
    return {
      type,
      apiVersion,
      subresource: target.subresource,
      versions: {
        typeOf: (version) => (version === apiVersion ? mergeTypeOf(format) : undefined),
        convert: async (object) => object,
        changeable: (set) => set,
      },
      pool: this.#pool,
      live: asJson(live),
      creates: false,
      empty: this.#emptyOf(format, type),
      manager,
      now: this.#now,
    };
  }

  #emptyOf(format: ObjectFormat, type: GroupVersionKind): JsonObject {
    let empty = this.#empty.get(format);
    if (empty === undefined) {
      empty = format.empty?.(type) ?? { apiVersion: apiVersionOf(type.group, type.version), kind: type.kind };
      this.#empty.set(format, empty);
    }
    return empty;
  }

  #versionsOf({ kind, subresource }: Target): Versions {
    let made = this.#versions.get(kind);
    if (made === undefined) {
      made = new Map();
      this.#versions.set(kind, made);
    }
    let versions = made.get(subresource);
    if (versions === undefined) {
      versions = this.#makeVersions(kind, subresource);
      made.set(subresource, versions);
    }
    return versions;
  }

  #makeVersions(kind: Target['kind'], subresource: string): Versions {
    const formatIn = (apiVersion: string): ObjectFormat | undefined => {
      const schema = conversionIn(kind, apiVersion)?.schema ?? this.#kindIn(kind, apiVersion)?.codec.schema;
      return schema === undefined ? undefined : this.#formats.of(schema);
    };
    return {
      typeOf: (apiVersion) => {
        const format = formatIn(apiVersion);
        return format === undefined ? undefined : mergeTypeOf(format);
      },
      convert: async (object, apiVersion) => {
        const form = this.#kindIn(kind, apiVersion)?.storage?.form;
        if (form !== undefined) return asJson((await form.read([asObject(object)]))[0] ?? asObject(object));
        const whole = formatIn(String(object.apiVersion))?.canonical?.(object) ?? object;
        return convertStored(kind, convertToStored(kind, whole), apiVersion);
      },
      changeable: changeableIn(kind, subresource),
    };
  }

  /** The Kind of the same objects in a version: versions of custom resources are Kinds of their own. */
  #kindIn(kind: Target['kind'], apiVersion: string): Target['kind'] | undefined {
    if (apiVersion === kind.apiVersion) return kind;
    const slash = apiVersion.lastIndexOf('/');
    const group = apiVersion.slice(0, Math.max(slash, 0));
    const other = group === kind.group ? this.#kinds.byKind(group, apiVersion.slice(slash + 1), kind.kind) : undefined;
    return other?.storage?.form === undefined ? undefined : other;
  }

  #standInField({ body, ownedField = ['spec', 'replicas'] }: StandIn, { kind }: Target): StandInField {
    const served = (apiVersion: string): boolean =>
      conversionIn(kind, apiVersion) !== undefined || this.#kindIn(kind, apiVersion) !== undefined;
    return {
      apiVersion: apiVersionOf(body.group, body.version),
      path: asPath(['spec', 'replicas']),
      pathIn: (apiVersion) => {
        const field = typeof ownedField === 'function' ? ownedField(apiVersion) : ownedField;
        return served(apiVersion) && field !== undefined ? asPath(field) : undefined;
      },
    };
  }
}

const mergeTypeOf = (format: ObjectFormat) => format.mergeType?.() ?? deducedType;

const inRequestVersion = (target: Target, object: KubeObject): JsonObject =>
  conversionOf(target) === undefined ? asJson(object) : toServed(target, object);

const asPath = (names: readonly string[]): Path => names.map(fieldElement);

/** Which fields can be owned through a resource. Source: GetResetFields of upstream's strategies. */
function changeableIn(kind: Target['kind'], subresource: string): (set: FieldSet) => FieldSet {
  const part = subresource === '' ? undefined : kind.subresources[subresource];
  const ofMain = kind.update?.resets ?? (kind.subresources.status === undefined ? [] : [['status']]);
  const resets = part === undefined ? ofMain : part.does === 'update' ? (part.resets ?? []) : [];
  const reset = setOf(...resets.map(asPath));
  return (set) => recursiveDifference(set, reset);
}
