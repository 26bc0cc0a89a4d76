/**
 * What the server writes into the status of a definition: accepted names, and conditions. Source:
 * apiextensions-apiserver pkg/controller/{status,establish,nonstructuralschema,apiapproval}.
 */
import { structuralProblem } from '../../custom-resources/structural.ts';
import { structuralErrors } from '../../custom-resources/structural-errors.ts';
import { deepEqual } from '../../deep-equal.ts';
import { type FieldError, FieldPath, fieldErrors, renderFieldError } from '../../field-error.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from '../../generated/apiextensions/v1.ts';
import { acceptNames, type TakenNames } from './accepted-names.ts';
import { approvalCondition } from './api-approval.ts';
import { conditionOf, isSame, isTrue, type NewCondition, withCondition } from './conditions.ts';

export interface StatusInput {
  readonly taken: TakenNames;
  /** Whether to look at the schemas, which takes time; they change with the generation only. */
  readonly checksSchemas: boolean;
  /** RFC 3339. */
  readonly now: string;
}

/** The next status; the present one when nothing changes. */
export function nextStatus(
  definition: CustomResourceDefinition,
  { taken, checksSchemas, now }: StatusInput,
): CustomResourceDefinitionStatus {
  const { status } = definition;
  const { names, condition } = acceptNames(definition, taken);
  const before = status.conditions ?? [];
  let conditions = before;
  const set = (next: NewCondition): void => {
    if (
      !isSame(
        conditions.find(({ type }) => type === next.type),
        next,
      )
    )
      conditions = withCondition(conditions, next, now);
  };
  set(condition);
  if (!isTrue(definition, 'Established')) set(establishedCondition(condition.status === 'True', isTrue(definition, 'NamesAccepted')));
  const approval = approvalCondition(definition);
  if (approval !== undefined) set(approval);
  if (checksSchemas) {
    const violation = schemaCondition(definition);
    if (violation !== undefined) set(violation);
    else if (conditionOf(definition, 'NonStructuralSchema') !== undefined) {
      conditions = conditions.filter(({ type }) => type !== 'NonStructuralSchema');
    }
  }
  return conditions === before && deepEqual(names, status.acceptedNames) ? status : { ...status, conditions, acceptedNames: names };
}

/** Names are accepted first; what has accepted names is established by the next write. */
function establishedCondition(accepted: boolean, acceptedBefore: boolean): NewCondition {
  if (!accepted) return { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const message = 'the initial names have been accepted';
  if (!acceptedBefore) return { type: 'Established', status: 'False', reason: 'Installing', message };
  return { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message };
}

/** Undefined when all schemas are structural. */
function schemaCondition({ spec }: CustomResourceDefinition): NewCondition | undefined {
  const errors: FieldError[] = [];
  const at = FieldPath.root.field('spec');
  if (spec.preserveUnknownFields === true) errors.push(fieldErrors.invalid(at.field('preserveUnknownFields'), true, 'must be false'));
  for (const [i, { name, schema }] of spec.versions.entries()) {
    const declared = schema?.openAPIV3Schema;
    if (declared === undefined) continue;
    const problem = structuralProblem(declared);
    if (problem !== undefined) {
      const message = `failed to check validation schema for version ${name}: ${problem}`;
      return { type: 'NonStructuralSchema', status: 'Unknown', reason: 'StructuralError', message };
    }
    errors.push(...structuralErrors(declared, at.field('versions').index(i).field('schema', 'openAPIV3Schema')));
  }
  if (errors.length === 0) return undefined;
  const messages = [...new Set(errors.map(renderFieldError))];
  const message = messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`;
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message };
}
