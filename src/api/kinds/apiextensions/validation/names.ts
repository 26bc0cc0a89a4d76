/**
 * Names of custom resources. Source: apiextensions-apiserver pkg/apis/apiextensions/validation
 * (ValidateCustomResourceDefinitionNames).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CustomResourceDefinitionNames } from '../../../generated/apiextensions/v1.ts';
import { isDns1035Label } from '../../../names.ts';

type Errors = readonly FieldError[];

function labelErrors(value: string, at: FieldPath, mixedCase = false): Errors {
  const complaints = isDns1035Label(mixedCase ? value.toLowerCase() : value);
  if (complaints.length === 0) return [];
  const head = mixedCase ? 'may have mixed case, but should otherwise match: ' : '';
  return [fieldErrors.invalid(at, value, head + complaints.join(','))];
}

/** Empty names are not complained about here. */
export function namesErrors(names: CustomResourceDefinitionNames, at: FieldPath): Errors {
  const { plural, singular = '', kind, listKind = '', shortNames = [], categories = [] } = names;
  return [
    ...(plural === '' ? [] : labelErrors(plural, at.field('plural'))),
    ...(singular === '' ? [] : labelErrors(singular, at.field('singular'))),
    ...(kind === '' ? [] : labelErrors(kind, at.field('kind'), true)),
    ...(listKind === '' ? [] : labelErrors(listKind, at.field('listKind'), true)),
    ...shortNames.flatMap((name, i) => labelErrors(name, at.field('shortNames').index(i))),
    ...(kind !== '' && kind === listKind
      ? [fieldErrors.invalid(at.field('listKind'), listKind, 'kind and listKind may not be the same')]
      : []),
    ...categories.flatMap((name, i) => labelErrors(name, at.field('categories').index(i))),
  ];
}
