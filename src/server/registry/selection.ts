/**
 * The label and field selectors of a request, compiled for a Kind. Source: apiserver
 * pkg/storage/selection_predicate.go.
 */
import { type FieldSelector, fieldSelectorOf, parseFieldSelector } from '../../api/field-selector.ts';
import { type AnyKind, isCustom, type ServedVersion } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseLabelSelector } from '../../api/selector.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Target } from './registry.ts';
import { conversionOf } from './served-version.ts';

export interface Selection {
  /** True when everything matches. */
  readonly empty: boolean;
  matches(object: KubeObject): boolean;
  /** The only name that can match, when a field selector fixes it. */
  readonly name: string | undefined;
  /** The only value of the Kind's `diskOnly` field that can match, when a field selector fixes it. */
  readonly topic: string | undefined;
  /** Whether it looks at fields besides the metadata: objects must then be in the Kind's own version. */
  readonly byFields: boolean;
}

/**
 * Compiles the selectors of a request. Throws StatusError (400) on syntax errors and on fields that the Kind does not
 * know.
 */
export function compileSelection(
  { kind, name, served }: Pick<Target, 'kind' | 'name' | 'served'>,
  request: { labelSelector: string; fieldSelector: string },
): Selection {
  const version = served === undefined || request.fieldSelector === '' ? undefined : conversionOf({ kind, served });
  const labels = request.labelSelector === '' ? undefined : compileLabels(request.labelSelector);
  const fields = compileFields(request.fieldSelector, { kind, version, name });
  const matches = (object: KubeObject): boolean =>
    (labels === undefined || labels.matches(object.metadata.labels)) &&
    (fields.empty || fields.matches((field) => fieldOf(kind, field, object)));
  const named = fields.requirements.find(({ field, operator }) => field === 'metadata.name' && operator === '=');
  const byFields = fields.requirements.some(({ field }) => !field.startsWith('metadata.'));
  const topic = fields.requirements.find(({ field, operator }) => field === kind.storage?.diskOnly && operator === '=');
  return { empty: (labels?.empty ?? true) && fields.empty, matches, name: named?.value, topic: topic?.value, byFields };
}

function compileLabels(text: string) {
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw statusErrors.badRequest(parsed.error);
  return parsed.selector;
}

interface Fields {
  readonly kind: AnyKind;
  /** The version of the request when it is not the stored one. */
  readonly version: ServedVersion | undefined;
  readonly name: string;
}

function compileFields(text: string, { kind, version, name }: Fields): FieldSelector {
  const parsed = parseFieldSelector(text);
  if (!parsed.ok) throw statusErrors.badRequest(parsed.error);
  const labels = version?.fieldLabels;
  const requirements = parsed.selector.requirements.map((one) => ({ ...one, field: storedLabel(kind, labels, one.field) }));
  if (name === '') return fieldSelectorOf(requirements);
  const other = requirements.find(({ field, operator, value }) => field === 'metadata.name' && operator === '=' && value !== name);
  if (other !== undefined) throw statusErrors.badRequest("fieldSelector metadata.name doesn't match requested name");
  return fieldSelectorOf([...requirements, { field: 'metadata.name', operator: '=', value: name }]);
}

/** The Kind's own label of a field. */
function storedLabel(kind: AnyKind, labels: ServedVersion['fieldLabels'], field: string): string {
  if (labels === undefined) {
    requireSelectable(kind, field);
    return field;
  }
  const stored = Object.hasOwn(labels, field) ? labels[field] : undefined;
  if (stored === undefined) throw statusErrors.badRequest(`field label not supported: ${field}`);
  return stored;
}

/**
 * Source: pkg/apis/core/v1/conversion.go; apimachinery pkg/runtime/conversion.go
 * (DefaultMetaV1FieldSelectorConversion).
 */
function requireSelectable(kind: AnyKind, field: string): void {
  if (field === 'metadata.name' || field === 'metadata.namespace') return;
  if (kind.select === undefined && !isCustom(kind)) {
    throw statusErrors.badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  if (!Object.hasOwn(kind.select ?? {}, field)) throw statusErrors.badRequest(unsupported(kind, field));
}

/** Some groups have words of their own. Source: pkg/apis/{batch,resource}/v1/conversion.go. */
function unsupported({ group, version, kind }: AnyKind, field: string): string {
  if (group === 'batch') return `field label ${JSON.stringify(field)} not supported for ${kind}`;
  const where = group === 'resource.k8s.io' ? ` for ${group}/${version}, Kind=${kind}` : '';
  return `field label not supported${where}: ${field}`;
}

/** The value of a field that the Kind knows. */
function fieldOf(kind: AnyKind, field: string, object: KubeObject): string {
  if (field === 'metadata.name') return object.metadata.name;
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return kind.select?.[field]?.(object) ?? '';
}
