/**
 * The selectors of access reviews: whether somebody may read only what they select. Source:
 * pkg/apis/authorization/validation/validation.go, pkg/registry/authorization/util/helpers.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { type FieldRequirement, fieldSelectorOf, parseFieldSelector } from '../../../api/field-selector.ts';
import { isObject, type JsonValue } from '../../../api/json.ts';
import { isLabelValue, isQualifiedName } from '../../../api/names.ts';
import { parseLabelSelector } from '../../../api/selector.ts';
import { invalidEach } from '../../../api/validation/common.ts';
import { member, memberText, memberTexts } from './json-members.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** How a selector of each kind is checked and read. */
interface SelectorRules {
  readonly name: 'fieldSelector' | 'labelSelector';
  keyErrors(key: string, at: FieldPath): readonly FieldError[];
  valueErrors(values: readonly string[], at: FieldPath): readonly FieldError[];
  /** Whether a text is a selector. */
  reads(text: string): boolean;
  /** Whether the requirement is one that can be evaluated. */
  understands(requirement: Requirement): boolean;
}

const fields: SelectorRules = {
  name: 'fieldSelector',
  keyErrors: (key, at) => (key === '' ? [fieldErrors.required(at, 'must be specified')] : []),
  valueErrors: () => [],
  reads: (text) => parseFieldSelector(text).ok,
  understands: ({ operator, values }) => (operator === 'In' || operator === 'NotIn') && values.length === 1,
};

const labels: SelectorRules = {
  name: 'labelSelector',
  keyErrors: (key, at) => invalidEach(isQualifiedName(key), key, at),
  valueErrors: (values, at) => values.flatMap((value, i) => invalidEach(isLabelValue(value), value, at.index(i))),
  reads: (text) => parseLabelSelector(text).ok,
  understands: ({ operator }) => ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator),
};

const attributes = FieldPath.root.field('spec', 'resourceAttributes');

function requirementsOf(selector: JsonValue | undefined): readonly Requirement[] {
  const list = member(selector, 'requirements');
  return Array.isArray(list)
    ? list.map((one: JsonValue) => ({
        key: memberText(one, 'key'),
        operator: memberText(one, 'operator'),
        values: memberTexts(one, 'values'),
      }))
    : [];
}

/** An operator that is not known may come from a newer client. */
function requirementErrors({ key, operator, values }: Requirement, rules: SelectorRules, at: FieldPath): readonly FieldError[] {
  const here = at.field('values');
  const errors: FieldError[] = [];
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(fieldErrors.required(here, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    errors.push(fieldErrors.forbidden(here, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
  const keyErrors = rules.keyErrors(key, at.field('key'));
  return rules.name === 'fieldSelector' ? [...keyErrors, ...errors] : [...errors, ...keyErrors, ...rules.valueErrors(values, here)];
}

function errorsOf(resource: JsonValue | undefined, rules: SelectorRules): readonly FieldError[] {
  const selector = member(resource, rules.name);
  if (!isObject(selector)) return [];
  const at = attributes.field(rules.name);
  const raw = memberText(selector, 'rawSelector');
  const requirements = requirementsOf(selector);
  const errors: FieldError[] = [];
  if (raw !== '' && requirements.length > 0) {
    errors.push(fieldErrors.invalid(at.field('rawSelector'), raw, 'may not specified at the same time as requirements'));
  }
  if (raw === '' && requirements.length === 0) {
    errors.push(fieldErrors.required(at.field('requirements'), `when ${at} is specified, requirements or rawSelector is required`));
  }
  return [...errors, ...requirements.flatMap((one, i) => requirementErrors(one, rules, at.field('requirements').index(i)))];
}

/** What is wrong with the selectors of the resource that a review asks about. */
export const selectorErrors = (body: JsonValue): readonly FieldError[] => {
  const resource = member(body, 'spec', 'resourceAttributes');
  return [...errorsOf(resource, fields), ...errorsOf(resource, labels)];
};

/** Which selectors of a review cannot be evaluated, whole or in part, in upstream's words; '' when all can be. */
export function ignoredSelectors(body: JsonValue): string {
  const resource = member(body, 'spec', 'resourceAttributes');
  const texts = [fields, labels].flatMap((rules) => {
    const selector = member(resource, rules.name);
    if (!isObject(selector)) return [];
    const requirements = requirementsOf(selector);
    const understood = requirements.filter((one) => rules.understands(one));
    const raw = memberText(selector, 'rawSelector');
    const whole = requirements.length > 0 ? understood.length === requirements.length : raw === '' || rules.reads(raw);
    return whole ? [] : [`${attributes.field(rules.name)} ${understood.length > 0 ? 'partially ' : ''}ignored due to parse error`];
  });
  return texts.join('; ');
}

/** The field selector of a review as a request for a list would give it; undefined for none. */
export function fieldSelectorIn(body: JsonValue): string | undefined {
  const selector = member(body, 'spec', 'resourceAttributes', 'fieldSelector');
  if (!isObject(selector)) return undefined;
  const understood = requirementsOf(selector).filter((one) => fields.understands(one));
  if (understood.length === 0) return memberText(selector, 'rawSelector');
  const asTerm = ({ key, operator, values: [value = ''] }: Requirement): FieldRequirement => ({
    field: key,
    operator: operator === 'In' ? '=' : '!=',
    value,
  });
  return fieldSelectorOf(understood.map(asTerm)).toString();
}
