import type { KindSamples } from '../../testing/samples.ts';
import { certificateSigningRequest } from '../certificate-signing-request.ts';

/** Of jane in the group devs, for a.example.com and 10.0.0.1, with an EC key. */
export const sampleRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkNqQ0JzUUlCQURBZU1RMHdDd1lEVlFRS0RBUmtaWFp6TVEwd0N3WURWUVFEREFScVlXNWxNRmt3RXdZSApLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFTk1ZRmFYRlhvdElzNXIxOFdUZUNqQ0pqWXBxbFgvQktvSFVvCjUvL1pYcE9iS0VJRTFGa2NkRDRWTFZEaG5iQlFvQkxKbVJUekx0TllSbzZmdlkwTEFhQXhNQzhHQ1NxR1NJYjMKRFFFSkRqRWlNQ0F3SGdZRFZSMFJCQmN3RllJTllTNWxlR0Z0Y0d4bExtTnZiWWNFQ2dBQUFUQUtCZ2dxaGtqTwpQUVFEQWdOSUFEQkZBaUFmM0pJMzJ0NFlhRm5rRkFvU294eEcrdWIxeWVvRHk3YjRtRHZNSlFaWWd3SWhBTnlpCm15cmloa3FHbHFyUkFKaWlGZXdqdC9rRW50WWZXSUNPczFxd3IrdmoKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==';

export const samples: KindSamples = {
  kind: certificateSigningRequest,
  valid: { spec: { request: sampleRequest, signerName: 'example.com/signer', usages: ['client auth'], expirationSeconds: 3600 } },
  change: { metadata: { labels: { changed: 'yes' } } },
  status: {
    conditions: [{ type: 'Failed', status: 'True', lastUpdateTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  },
  invalid: [
    [
      'a request that is none, without usages',
      { spec: { request: 'YQ==', usages: [] } },
      'spec.request: Invalid value: "YQ==": PEM block type must be CERTIFICATE REQUEST',
      'spec.usages: Required value',
    ],
    [
      'usages twice, a signer without a domain and a short life',
      { spec: { usages: ['any', 'any'], signerName: 'signer', expirationSeconds: 1 } },
      'spec.usages[1]: Duplicate value: "any"',
      'spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
      'spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ],
};
