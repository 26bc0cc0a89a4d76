/** Which program implements Ingresses. https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class */
import type { IngressClass } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldIngressClasses } from '../../legacy/same-shape.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { ingressClassErrors, ingressClassUpdateErrors } from './validation/ingress-class.ts';

/** Whether Ingresses that ask for no class get this one. Source: pkg/apis/networking/util/helpers.go. */
export const isDefaultIngressClass = ({ metadata }: Pick<IngressClass, 'metadata'>): boolean =>
  metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';

function parametersText({ spec: { parameters } }: IngressClass): string {
  if (parameters === undefined) return '<none>';
  const { kind, apiGroup, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

export const ingressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  scope: 'Cluster',
  codec: {
    schema: 'io.k8s.api.networking.v1.IngressClass',
    alsoServed: oldIngressClasses,
    defaults: (object) => {
      const { parameters } = object.spec;
      if (parameters === undefined || (parameters.scope ?? undefined) !== undefined) return object;
      return { ...object, spec: { ...object.spec, parameters: { ...parameters, scope: 'Cluster' } } };
    },
  },
  rules: { generation: true },
  create: { validate: ingressClassErrors },
  update: { metadata: 'whole', validate: ingressClassUpdateErrors },
  table: {
    columns: [
      {
        ...nameColumn,
        value: (object) => (isDefaultIngressClass(object) ? `${object.metadata.name} (default)` : object.metadata.name),
      },
      {
        name: 'Controller',
        type: 'string',
        description: 'Controller that is responsible for handling this class',
        value: ({ spec }) => spec.controller ?? '',
      },
      {
        name: 'Parameters',
        type: 'string',
        description: 'A reference to a resource with additional parameters',
        value: parametersText,
      },
      ageColumn,
    ],
  },
});
