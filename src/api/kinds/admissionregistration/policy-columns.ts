/** The tables of policies and bindings. Source: pkg/printers/internalversion/printers.go. */

import type { ParamKind, ParamRef } from '../../generated/admissionregistration/v1.ts';
import { formatGoLabelSelector } from '../../go-label-selector.ts';
import type { KubeObject } from '../../object.ts';
import type { Column } from '../../table.ts';
import { ageColumn, nameColumn } from '../columns.ts';

interface PolicySpec {
  readonly paramKind?: ParamKind | undefined;
}

interface BindingSpec {
  readonly policyName?: string | undefined;
  readonly paramRef?: ParamRef | undefined;
}

/** The columns of policies; `count` says how many rules there are. */
export const policyColumns = <T extends KubeObject & { readonly spec: PolicySpec }>(
  name: string,
  description: string,
  count: (policy: T) => number,
): readonly Column<T>[] => [
  nameColumn,
  { name, type: 'integer', description, value: count },
  {
    name: 'ParamKind',
    type: 'string',
    description: 'ParamKind specifies the kind of resources used to parameterize this policy',
    value: ({ spec: { paramKind } }) => (paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`),
  },
  ageColumn,
];

export const bindingColumns: readonly Column<KubeObject & { readonly spec: BindingSpec }>[] = [
  nameColumn,
  {
    name: 'PolicyName',
    type: 'string',
    description: 'PolicyName indicates the policy definition which the policy binding binded to',
    value: ({ spec }) => spec.policyName ?? '',
  },
  {
    name: 'ParamRef',
    type: 'string',
    description: 'ParamRef indicates the param resource which sets the configuration param',
    value: ({ spec }) => paramText(spec.paramRef),
  },
  ageColumn,
];

function paramText(ref: ParamRef | undefined): string {
  if (ref === undefined) return '<unset>';
  const { name = '', namespace = '', selector } = ref;
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`;
  return selector === undefined ? '<unset>' : formatGoLabelSelector(selector);
}
