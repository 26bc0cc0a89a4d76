import type { KindSamples } from '../../testing/samples.ts';
import { apiService } from '../api-service.ts';

const spec = { group: 'a.example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10 };

export const samples: KindSamples = {
  kind: apiService,
  named: (text) => ({ metadata: { name: `v1.${text}.example.com` }, spec: { group: `${text}.example.com` } }),
  valid: { metadata: { name: 'v1.a.example.com' }, spec: { ...spec, service: { namespace: 'default', name: 'api' } } },
  change: { spec: { versionPriority: 20 } },
  status: { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Passed' }] },
  invalid: [
    [
      'another name',
      { spec: { version: 'v2' } },
      'metadata.name: Invalid value: "v1.a.example.com": must be `spec.version+"."+spec.group`: "v2.a.example.com"',
    ],
    [
      'no priority',
      { spec: { groupPriorityMinimum: 0 } },
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
    ],
    [
      'a high priority',
      { spec: { versionPriority: 1001 } },
      'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
    ],
    ['a Service without name', { spec: { service: { name: '' } } }, 'spec.service.name: Required value'],
    [
      'a port that is none',
      { spec: { service: { port: 70000 } } },
      'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
    ],
    [
      'a certificate that is not checked',
      { spec: { insecureSkipTLSVerify: true, caBundle: 'YQ==' } },
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
    ],
    [
      'a certificate for what is local',
      { spec: { service: null, caBundle: 'YQ==' } },
      'spec.caBundle: Invalid value: "1 bytes": local APIServices may not have a caBundle',
    ],
  ],
};
