import type { JsonObject } from '../../json.ts';
import type { AnyKind } from '../../kind.ts';
import type { KindSamples } from './samples.ts';

const rule: JsonObject = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const webhook: JsonObject = {
  name: 'a.example.com',
  clientConfig: { service: { namespace: 'default', name: 'hook', path: '/a' } },
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const url = (text: string): JsonObject => ({ webhooks: [{ ...webhook, clientConfig: { url: text } }] });
const path = (text: string): JsonObject => ({
  webhooks: [{ ...webhook, clientConfig: { service: { namespace: 'default', name: 'hook', path: text } } }],
});
const rules = (...changes: readonly JsonObject[]): JsonObject => ({
  webhooks: [{ ...webhook, rules: changes.map((change) => ({ ...rule, ...change })) }],
});
const form = '; desired format: https://host[/path]';
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** Both kinds of configurations have the same rules. */
export const webhookSamples = (kind: AnyKind): KindSamples => ({
  kind,
  valid: { webhooks: [webhook] },
  change: { webhooks: [{ ...webhook, timeoutSeconds: 5 }] },
  invalid: [
    [
      'a name of two parts',
      { webhooks: [{ ...webhook, name: 'a.b' }] },
      'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
    ],
    ['no name', { webhooks: [{ ...webhook, name: '' }] }, 'webhooks[0].name: Required value'],
    ['a name twice', { webhooks: [webhook, webhook] }, 'webhooks[1].name: Duplicate value: "a.example.com"'],
    [
      'side effects',
      { webhooks: [{ ...webhook, sideEffects: 'Some' }] },
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    ],
    [
      'no side effects said',
      { webhooks: [{ ...webhook, sideEffects: null }] },
      'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
    ],
    [
      'no review version',
      { webhooks: [{ ...webhook, admissionReviewVersions: [] }] },
      'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
    ],
    [
      'an unknown review version',
      { webhooks: [{ ...webhook, admissionReviewVersions: ['v2'] }] },
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ],
    [
      'a review version twice',
      { webhooks: [{ ...webhook, admissionReviewVersions: ['v1', 'v1'] }] },
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
    ],
    [
      'a long time',
      { webhooks: [{ ...webhook, timeoutSeconds: 31 }] },
      'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    ],
    [
      'an unknown policy',
      { webhooks: [{ ...webhook, failurePolicy: 'Other' }] },
      'webhooks[0].failurePolicy: Unsupported value: "Other": supported values: "Fail", "Ignore"',
    ],
    [
      'no client',
      { webhooks: [{ ...webhook, clientConfig: {} }] },
      'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
    ],
    ['http', url('http://host/path'), `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme${form}`],
    [
      'a user in the URL',
      url('https://me@host'),
      'webhooks[0].clientConfig.url: Invalid value: "me": user information is not permitted in the URL',
    ],
    [
      'a query in the URL',
      url('https://host?a=b'),
      'webhooks[0].clientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL',
    ],
    [
      'a fragment in the URL',
      url('https://host#a'),
      'webhooks[0].clientConfig.url: Invalid value: "a": fragments are not permitted in the URL',
    ],
    ['no host', url('https:///path'), `webhooks[0].clientConfig.url: Invalid value: "": host must be specified${form}`],
    [
      'an empty step of the path',
      path('/a//b'),
      'webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty',
    ],
    ['a step of the path in capitals', path('/A'), `webhooks[0].clientConfig.service.path: Invalid value: "/A": segment[0]: ${subdomain}`],
    ['no operation', rules({ operations: [] }), 'webhooks[0].rules[0].operations: Required value'],
    [
      'all operations and one',
      rules({ operations: ['*', 'CREATE'] }),
      `webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
    ],
    [
      'all groups and one',
      rules({ apiGroups: ['*', 'apps'] }),
      `webhooks[0].rules[0].apiGroups: Invalid value: ["*","apps"]: if '*' is present, must not specify other API groups`,
    ],
    [
      'all versions and one',
      rules({ apiVersions: ['*', 'v1'] }),
      `webhooks[0].rules[0].apiVersions: Invalid value: ["*","v1"]: if '*' is present, must not specify other API versions`,
    ],
    ['no resources', rules({ resources: [] }), 'webhooks[0].rules[0].resources: Required value'],
    [
      'all resources and one',
      rules({ resources: ['*', 'pods'] }),
      `webhooks[0].rules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
    ],
    [
      'a resource twice',
      rules({ resources: ['pods/*', 'pods/log'] }),
      `webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
    ],
    [
      'all of all and more',
      rules({ resources: ['*/*', 'pods'] }),
      `webhooks[0].rules[0].resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`,
    ],
    [
      'an unknown scope',
      rules({ scope: 'All' }),
      'webhooks[0].rules[0].scope: Unsupported value: "All": supported values: "*", "Cluster", "Namespaced"',
    ],
    [
      'a condition without expression',
      { webhooks: [{ ...webhook, matchConditions: [{ name: 'a', expression: ' ' }] }] },
      'webhooks[0].matchConditions[0].expression: Required value',
    ],
    [
      'a condition twice',
      {
        webhooks: [
          {
            ...webhook,
            matchConditions: [
              { name: 'a', expression: 'true' },
              { name: 'a', expression: 'true' },
            ],
          },
        ],
      },
      'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
    ],
  ],
});
