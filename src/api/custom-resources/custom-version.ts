/**
 * One version of a custom resource: how its objects are read, completed and checked. What the schema needs is worked
 * out when the version is first used. Source: apiextensions-apiserver pkg/apiserver/customresource_handler.go
 * (unstructuredSchemaCoercer, unstructuredDefaulter), pkg/registry/customresource/{strategy,validator}.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../field-error.ts';
import type { CustomResourceDefinitionVersion } from '../generated/apiextensions/v1.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { Correlation } from './correlation.ts';
import { type EmbeddedOptions, embeddedErrors, hasEmbedded, type MetaCodec, readEmbedded } from './embedded.ts';
import { hasListTypes, listTypeErrors } from './list-types.ts';
import { type RuleNode, ruleNode } from './rules/rule-node.ts';
import { checkRules } from './rules/rule-run.ts';
import { scaleSpecErrors, scaleStatusErrors } from './scale-paths.ts';
import { shapeResource, withPrunedDefaults } from './shape.ts';
import { type JsonSchema, schemaHas, structuralProblem } from './structural.ts';
import { ValueChecker } from './value-errors.ts';

type Errors = readonly FieldError[];

/** What the whole schema has, so that walks which find nothing can be left out. */
interface Traits {
  readonly schema: JsonSchema | undefined;
  readonly defaults: boolean;
  readonly embedded: boolean;
  readonly listTypes: boolean;
  readonly rules: RuleNode | undefined;
}

/** What has to be mended before rules are checked. */
const blocking: ReadonlySet<FieldError['type']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/** The error of a missing name, which blocks as well, is found elsewhere. */
const isNameless = ({ metadata }: JsonObject): boolean => !isObject(metadata ?? null) || ((metadata as JsonObject).name ?? '') === '';

export class CustomVersion {
  readonly declared: CustomResourceDefinitionVersion;
  readonly #prunes: boolean;
  readonly #metaCodec: MetaCodec;
  readonly #values = new ValueChecker();
  /** What rules have warned of in objects that have just been checked. */
  readonly #warnings = new WeakMap<JsonObject, readonly string[]>();
  #traits: Traits | undefined;

  constructor(declared: CustomResourceDefinitionVersion, preserveUnknownFields: boolean, metaCodec: MetaCodec) {
    this.declared = declared;
    this.#prunes = !preserveUnknownFields;
    this.#metaCodec = metaCodec;
  }

  get name(): string {
    return this.declared.name;
  }

  get #known(): Traits {
    if (this.#traits === undefined) {
      const declared = this.declared.schema?.openAPIV3Schema;
      const defaults = schemaHas(declared, (one) => one.default !== undefined);
      this.#traits = {
        schema: declared === undefined || !defaults || !this.#prunes ? declared : withPrunedDefaults(declared),
        defaults,
        embedded: hasEmbedded(declared),
        listTypes: hasListTypes(declared),
        rules: declared === undefined || structuralProblem(declared) !== undefined ? undefined : ruleNode(declared, true),
      };
    }
    return this.#traits;
  }

  /**
   * Prunes what the schema does not know, and reads the metadata of embedded resources. The object's own metadata is
   * left as it is. Throws EmbeddedError unless `drops`. `unknown` receives the paths of pruned fields, sorted.
   */
  pruned(object: JsonObject, { drops, unknown }: Pick<EmbeddedOptions, 'drops' | 'unknown'>): JsonObject {
    const { schema, embedded } = this.#known;
    const found: string[] = [];
    const shaped = shapeResource(object, schema, {
      prunes: this.#prunes,
      defaults: false,
      ...(unknown === undefined ? {} : { unknown: found }),
    });
    unknown?.push(...found.toSorted());
    if (!embedded) return shaped;
    const inner: string[] = [];
    const read = readEmbedded(shaped, schema, { codec: this.#metaCodec, drops, ...(unknown === undefined ? {} : { unknown: inner }) });
    unknown?.push(...inner.toSorted());
    return read;
  }

  /** Fills in the defaults. */
  defaulted(object: JsonObject): JsonObject {
    const { schema, defaults } = this.#known;
    return defaults ? shapeResource(object, schema, { prunes: false, defaults: true }) : object;
  }

  createErrors(object: JsonObject, at: FieldPath): Errors {
    const { schema, embedded, listTypes } = this.#known;
    const errors = [
      ...(schema === undefined ? [] : this.#values.errors(object, schema, at)),
      ...this.#scaleErrors(object),
      ...(embedded ? embeddedErrors(object, schema, at, this.#metaCodec) : []),
      ...(listTypes ? listTypeErrors(object, schema, at) : []),
    ];
    return this.#withRules(errors, object, undefined, at);
  }

  updateErrors(next: JsonObject, previous: JsonObject, at: FieldPath): Errors {
    const { schema, embedded, listTypes } = this.#known;
    const errors = [
      ...(schema === undefined ? [] : this.#values.errors(next, schema, at, new Correlation(next, previous, schema))),
      ...this.#scaleErrors(next),
      ...(embedded ? embeddedErrors(next, schema, at, this.#metaCodec) : []),
      ...(listTypes && listTypeErrors(previous, schema, at).length === 0 ? listTypeErrors(next, schema, at) : []),
    ];
    return this.#withRules(errors, next, previous, at);
  }

  /** What rules warn of in an object that was checked last. */
  ruleWarnings(object: JsonObject): readonly string[] {
    return this.#warnings.get(object) ?? [];
  }

  /** The rules of the status sub-resource. */
  statusErrors(next: JsonObject, previous: JsonObject, at: FieldPath): Errors {
    const { schema, listTypes } = this.#known;
    const { scale } = this.declared.subresources ?? {};
    const status = schema?.properties?.status;
    const errors = [
      ...(status === undefined || next.status === undefined
        ? []
        : this.#statusValueErrors(next.status, previous.status ?? null, status, at)),
      ...(scale === undefined ? [] : scaleStatusErrors(next, scale)),
      ...(listTypes && listTypeErrors(previous, schema, at).length === 0 ? listTypeErrors(next, schema, at) : []),
    ];
    return this.#withRules(errors, next, previous, at);
  }

  /** Also checks the validation rules, unless the object is wrong in a way that they do not expect. */
  #withRules(errors: Errors, object: JsonObject, previous: JsonObject | undefined, at: FieldPath): Errors {
    const { rules } = this.#known;
    if (rules === undefined) return errors;
    if (isNameless(object) || errors.some(({ type }) => blocking.has(type)))
      return [...errors, fieldErrors.invalid(FieldPath.root, null, unchecked)];
    const found = checkRules(rules, { value: object, old: previous, at }, true);
    if (found.warnings.length > 0) this.#warnings.set(object, found.warnings);
    return [...errors, ...found.errors];
  }

  #statusValueErrors(status: JsonValue, previous: JsonValue, schema: JsonSchema, at: FieldPath): Errors {
    return this.#values.errors(status, schema, at.field('status'), new Correlation(status, previous, schema));
  }

  #scaleErrors(object: JsonObject): Errors {
    const { scale } = this.declared.subresources ?? {};
    return scale === undefined ? [] : [...scaleSpecErrors(object, scale), ...scaleStatusErrors(object, scale)];
  }
}
