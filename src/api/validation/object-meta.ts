/**
 * The rules for metadata, the same for all Kinds. Source: apimachinery pkg/api/validation/objectmeta.go,
 * pkg/apis/core/validation.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../generated/meta/v1.ts';
import { isDns1123Label, isQualifiedName, nameIsDnsSubdomain } from '../names.ts';
import { wasSentEmpty } from '../sent-empty.ts';
import { byteLength, type Errors, errorsOfEach, immutable, invalidEach, labelErrors, nonNegative } from './common.ts';

const maxAnnotationBytes = 256 * 1024;

/** Annotations: keys are label keys in any case; all together may take 256 KiB. */
export function annotationErrors(annotations: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors {
  const entries = Object.entries(annotations ?? {});
  const errors = [...errorsOfEach(entries, ([key]) => invalidEach(isQualifiedName(key.toLowerCase()), key, at))];
  let total = 0;
  for (const [key, value] of entries) total += byteLength(key) + byteLength(value);
  if (total > maxAnnotationBytes) errors.push(fieldErrors.tooLong(at, maxAnnotationBytes));
  return errors;
}

function ownerErrors(owner: OwnerReference, at: FieldPath): Errors {
  const [first = '', second] = (owner.apiVersion ?? '').split('/');
  const version = second ?? first;
  const errors: FieldError[] = [];
  if (version === '') errors.push(fieldErrors.invalid(at.field('apiVersion'), owner.apiVersion ?? '', 'version must not be empty'));
  for (const field of ['kind', 'name', 'uid'] as const) {
    if ((owner[field] ?? '') === '') errors.push(fieldErrors.invalid(at.field(field), owner[field] ?? '', 'must not be empty'));
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.push(fieldErrors.invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

function ownersErrors(owners: readonly OwnerReference[], at: FieldPath): Errors {
  const errors: FieldError[] = [];
  let controller = '';
  for (const owner of owners) {
    errors.push(...ownerErrors(owner, at));
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller === '') controller = name;
    else {
      errors.push(
        fieldErrors.invalid(
          at,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
    }
  }
  return errors;
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Unqualified finalizers must be ones that Kubernetes knows. */
export const kubeFinalizerErrors = (finalizer: string, at: FieldPath): Errors =>
  !finalizer.includes('/') && !standardFinalizers.has(finalizer)
    ? [fieldErrors.invalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
    : [];

function finalizersErrors(finalizers: readonly string[], at: FieldPath): Errors {
  const errors: FieldError[] = [...errorsOfEach(finalizers, (finalizer) => invalidEach(isQualifiedName(finalizer), finalizer, at))];
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(fieldErrors.invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function managedFieldsErrors(entries: readonly ManagedFieldsEntry[], at: FieldPath): Errors {
  return errorsOfEach(entries, (entry, i) => {
    const errors: FieldError[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(fieldErrors.invalid(at.index(i).field('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1') {
      errors.push(fieldErrors.invalid(at.index(i).field('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    }
    if (byteLength(entry.manager ?? '') > 128) errors.push(fieldErrors.tooLong(at.index(i).field('manager'), 128));
    if (byteLength(entry.subresource ?? '') > 256) errors.push(fieldErrors.tooLong(at.index(i).field('subresource'), 256));
    return errors;
  });
}

/** The rules that depend on the Kind. */
export interface ObjectMetaRules {
  readonly namespaced: boolean;
  /** Default: a DNS-1123 sub-domain. */
  readonly validateName?: (name: string, prefix: boolean) => readonly string[];
  /** True: finalizers that Kubernetes does not know are allowed, too. Default: false. */
  readonly anyFinalizer?: boolean;
}

function nameErrors(meta: ObjectMeta, { validateName = nameIsDnsSubdomain }: ObjectMetaRules, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const { generateName, name } = meta;
  if (generateName) errors.push(...invalidEach(validateName(generateName, true), generateName, at.field('generateName')));
  if (name) errors.push(...invalidEach(validateName(name, false), name, at.field('name')));
  else errors.push(fieldErrors.required(at.field('name'), 'name or generateName is required'));
  return errors;
}

function namespaceErrors({ namespace = '' }: ObjectMeta, { namespaced }: ObjectMetaRules, at: FieldPath): Errors {
  if (!namespaced) return namespace === '' ? [] : [fieldErrors.forbidden(at, 'not allowed on this type')];
  return namespace === '' ? [fieldErrors.required(at)] : invalidEach(isDns1123Label(namespace), namespace, at);
}

/**
 * All that is wrong with the metadata of an object. Generated names are already set. `at` is the path of the metadata.
 */
export function validateObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules, at: FieldPath): Errors {
  const finalizers = meta.finalizers ?? [];
  return [
    ...nameErrors(meta, rules, at),
    ...namespaceErrors(meta, rules, at.field('namespace')),
    ...nonNegative(meta.generation, at.field('generation')),
    ...labelErrors(meta.labels, at.field('labels')),
    ...annotationErrors(meta.annotations, at.field('annotations')),
    ...ownersErrors(meta.ownerReferences ?? [], at.field('ownerReferences')),
    ...finalizersErrors(finalizers, at.field('finalizers')),
    ...managedFieldsErrors(meta.managedFields ?? [], at.field('managedFields')),
    ...(rules.anyFinalizer === true
      ? []
      : errorsOfEach(finalizers, (finalizer, i) => kubeFinalizerErrors(finalizer, at.field('finalizers').index(i)))),
  ];
}

function newFinalizerErrors(next: ObjectMeta, previous: ObjectMeta, at: FieldPath): Errors {
  if (previous.deletionTimestamp === undefined) return [];
  const extra = (next.finalizers ?? []).filter((finalizer) => !(previous.finalizers ?? []).includes(finalizer)).toSorted();
  if (extra.length === 0) return [];
  const list = extra.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    fieldErrors.forbidden(at, `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`),
  ];
}

/** All that is wrong with a change of metadata. What holds for new objects, too, is told once more, as by upstream. */
export function validateObjectMetaUpdate(next: ObjectMeta, previous: ObjectMeta, at: FieldPath): Errors {
  const errors: FieldError[] = [...newFinalizerErrors(next, previous, at.field('finalizers'))];
  if ((next.resourceVersion ?? '') === '') {
    errors.push(fieldErrors.invalid(at.field('resourceVersion'), next.resourceVersion ?? '', 'must be specified for an update'));
  }
  if ((next.generation ?? 0) < (previous.generation ?? 0)) {
    errors.push(fieldErrors.invalid(at.field('generation'), next.generation ?? 0, 'must not be decremented'));
  }
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    errors.push(...immutable(next[field], previous[field], at.field(field)));
  }
  return [
    ...errors,
    ...labelErrors(next.labels, at.field('labels')),
    ...annotationErrors(next.annotations, at.field('annotations')),
    ...ownersErrors(next.ownerReferences ?? [], at.field('ownerReferences')),
    ...managedFieldsErrors(next.managedFields ?? [], at.field('managedFields')),
  ];
}

/** What metadata in templates of claims cannot have, in the order of upstream's struct. */
const notInTemplates = [
  ...(['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'] as const),
  ...(['deletionTimestamp', 'deletionGracePeriodSeconds', 'ownerReferences', 'finalizers', 'managedFields'] as const),
];

/** Metadata in templates of claims: only labels and annotations. Source: ValidateTemplateObjectMeta. */
export function templateMetaErrors(metadata: ObjectMeta, at: FieldPath): Errors {
  const others = notInTemplates.filter((field) => metadata[field] !== undefined || wasSentEmpty(metadata, field));
  return [
    ...annotationErrors(metadata.annotations, at.field('annotations')),
    ...labelErrors(metadata.labels, at.field('labels')),
    // Upstream makes the names of these from Go's.
    ...others.map((field) => fieldErrors.forbidden(at.field(field === 'uid' ? 'uID' : field), 'cannot be set')),
  ];
}
