import type { JsonObject } from '../../../json.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { customResourceDefinition } from '../custom-resource-definition.ts';

const version = (name: string, storage: boolean, properties: JsonObject): JsonObject => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  subresources: { status: {} },
  additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size', priority: 1 }],
});

/** A merge patch that replaces all versions by one whose schema is given. */
const withSchema = (openAPIV3Schema: JsonObject, more: JsonObject = {}): JsonObject => ({
  spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...more }] },
});

/** The same, with a schema of the spec. */
const withSpec = (spec: JsonObject): JsonObject => withSchema({ type: 'object', properties: { spec } });

const list = { type: 'array', items: { type: 'string' } };
const schemaPath = 'spec.validation.openAPIV3Schema';
const specPath = `${schemaPath}.properties[spec]`;

export const samples: KindSamples = {
  kind: customResourceDefinition,
  named: (text) => ({
    metadata: { name: `${text}s.example.com` },
    spec: { names: { plural: `${text}s`, kind: text.toUpperCase(), singular: text, listKind: `${text.toUpperCase()}List` } },
  }),
  valid: {
    metadata: { name: 'as.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'as', kind: 'A', shortNames: ['x'], categories: ['all'] },
      versions: [
        version('v1', true, { size: { type: 'integer', default: 1 }, names: { ...list, 'x-kubernetes-list-type': 'set' } }),
        version('v2', false, { size: { type: 'integer' }, port: { 'x-kubernetes-int-or-string': true } }),
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: { service: { namespace: 'a', name: 'b' } }, conversionReviewVersions: ['v1'] },
      },
    },
  },
  change: { spec: { names: { shortNames: ['y'] } } },
  status: { acceptedNames: { plural: 'as', kind: 'A' } },
  invalid: [
    [
      'a name that is not its resource',
      { metadata: { name: 'bs.example.com' } },
      'metadata.name: Invalid value: "bs.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'a scope that is none',
      { spec: { scope: 'Galaxy' } },
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    ],
    ['no schema', withSchema({}, { schema: null }), 'spec.versions[0].schema.openAPIV3Schema: Required value'],
    ['a root without a type', withSchema({ description: 'a' }), `${schemaPath}.type: Required value: must not be empty at the root`],
    ['a list without items', withSpec({ type: 'array' }), `${specPath}.items: Required value: must be specified`],
    [
      'a type under a junctor',
      withSpec({ type: 'object', anyOf: [{ type: 'object' }] }),
      `${specPath}.anyOf[0].type: Forbidden: must be empty to be structural`,
    ],
    [
      'a type that is none',
      withSpec({ type: 'text' }),
      `${specPath}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ],
    [
      'unique items',
      withSpec({ ...list, uniqueItems: true }),
      `${specPath}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
    ],
    [
      'properties beside values',
      withSpec({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
      `${specPath}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ],
    [
      'a default of the wrong type',
      withSpec({ type: 'string', default: 1 }),
      `${specPath}.default: Invalid value: "integer":  in body must be of type string: "integer"`,
    ],
    [
      'a list of maps without keys',
      withSpec({ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' }),
      `${specPath}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
    [
      'a pattern that does not compile',
      withSpec({ type: 'string', pattern: '(?=a)' }),
      `${specPath}.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl syntax: \`(?=\``,
    ],
    [
      'a scale outside of the spec',
      withSchema({ type: 'object' }, { subresources: { scale: { specReplicasPath: '.a.b', statusReplicasPath: '.status.b' } } }),
      'spec.subresources.scale.specReplicasPath: Invalid value: ".a.b": should be a json path under .spec',
    ],
    [
      'a column of no type',
      withSchema({ type: 'object' }, { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] }),
      'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
    [
      'a selectable field of the metadata',
      withSchema(
        { type: 'object', properties: { metadata: { type: 'object', properties: { name: { type: 'string' } } } } },
        { selectableFields: [{ jsonPath: '.metadata.name' }] },
      ),
      'spec.selectableFields[0].jsonPath: Invalid value: ".metadata.name": must not point to fields in metadata',
    ],
    [
      'a group of the community without an approval',
      { metadata: { name: 'as.a.k8s.io' }, spec: { group: 'a.k8s.io' } },
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ],
    [
      'unknown fields that stay',
      { spec: { preserveUnknownFields: true, conversion: null }, ...{} },
      'spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema',
      'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ],
  ],
};
