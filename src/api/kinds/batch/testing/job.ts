import type { JsonObject } from '../../../json.ts';
import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { job } from '../job.ts';

const rule = (more: JsonObject): JsonObject => ({ spec: { podFailurePolicy: { rules: [{ action: 'Ignore', ...more }] } } });

export const samples: KindSamples = {
  kind: job,
  valid: {
    // The labels of a template become the Job's when it has none; they would differ from name to name.
    metadata: { labels: { app: 'a' } },
    spec: {
      manualSelector: true,
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: { ...fullPodSpec, restartPolicy: 'Never' } },
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
    },
  },
  change: { spec: { parallelism: 3 } },
  grown: { spec: { template: { spec: { ephemeralContainers } } } },
  status: { active: 1, ready: 1 },
  invalid: [
    [
      'fewer completions than none',
      { spec: { completions: -1 } },
      'spec.completions: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'Pods that are restarted for ever',
      { spec: { template: { spec: { restartPolicy: 'Always' } } } },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'a failure policy for Pods that restart',
      { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } },
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ],
    [
      'indexes without a number',
      { spec: { completionMode: 'Indexed', parallelism: 1 } },
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'a limit per index without indexes',
      { spec: { backoffLimitPerIndex: 1 } },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      'a rule without a condition',
      rule({}),
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ],
    [
      'exit codes out of order and twice',
      rule({ onExitCodes: { operator: 'In', containerName: 'none', values: [0, 3, 2, 3] } }),
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "none": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[3]: Duplicate value: 3',
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [0,3,2,3]: must be ordered',
    ],
    [
      'success of indexes that do not exist',
      { spec: { completionMode: 'Indexed', completions: 3, successPolicy: { rules: [{ succeededIndexes: '1,7' }] } } },
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "1,7": error parsing succeededIndexes: too large index: "7"',
    ],
    [
      'a manager without a domain',
      { spec: { managedBy: 'me' } },
      'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
  ],
};
