/**
 * `kubectl create quota|poddisruptionbudget|priorityclass`. Source: kubectl
 * pkg/cmd/create/{create_quota,create_pdb,create_priorityclass}.go.
 */
import type { JsonObject } from '../../../../api/json.ts';
import { canonicalQuantity, tryParseQuantity } from '../../../../api/quantity.ts';
import { type LabelRequirement, parseLabelSelector } from '../../../../api/selector.ts';
import { CommandError } from '../../command/command.ts';
import { compact, generatorCommand } from '../../writing/generator.ts';

function hardLimits(text: string): JsonObject {
  if (text === '') return {};
  return Object.fromEntries(
    text.split(',').map((statement) => {
      const [name = '', value, ...more] = statement.split('=');
      if (value === undefined || more.length > 0)
        throw new CommandError(`Invalid argument syntax ${statement}, expected <resource>=<value>`);
      if (tryParseQuantity(value) === undefined)
        throw new CommandError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      return [name, canonicalQuantity(value)];
    }),
  );
}

const scopesOf = (text: string): readonly string[] => {
  const scopes = text === '' ? [] : text.split(',');
  if (scopes.includes('')) throw new CommandError(`invalid resource quota scope ""`);
  return scopes;
};

export const createQuota = generatorCommand({
  name: 'quota',
  aliases: ['resourcequota'],
  summary: 'Create a quota with the specified name',
  usage: 'NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'hard', type: 'string', help: 'A comma-delimited set of resource=quantity pairs that define a hard limit.' },
    { name: 'scopes', type: 'string', help: 'A comma-delimited set of quota scopes that must all match each object tracked by the quota.' },
  ],
  what: 'quota:',
  resource: { plural: 'resourcequotas', namespaced: true },
  generate: (name, flags) => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name },
    spec: compact({ hard: hardLimits(flags.string('hard')), scopes: scopesOf(flags.string('scopes')) }),
    status: {},
  }),
});

const operators: Readonly<Record<string, string>> = { in: 'In', notin: 'NotIn', exists: 'Exists', '!': 'DoesNotExist' };

/**
 * A selector's text as the API's LabelSelector. Source: apimachinery pkg/apis/meta/v1/helpers.go ParseToLabelSelector.
 */
function labelSelectorOf(text: string): JsonObject {
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw new CommandError(`couldn't parse the selector string "${text}": ${parsed.error}`);
  const isEquality = ({ operator }: LabelRequirement): boolean => operator === '=' || operator === '==';
  const { requirements } = parsed.selector;
  const expressions = requirements
    .filter((each) => !isEquality(each))
    .map(({ key, operator, values }) => {
      const named = operators[operator];
      if (named === undefined) throw new CommandError(`${JSON.stringify(operator)} is not a valid label selector operator`);
      return { key, operator: named, ...(values.length > 0 ? { values } : {}) };
    });
  const labels = Object.fromEntries(requirements.filter(isEquality).map(({ key, values }) => [key, values[0] ?? '']));
  return compact({ matchExpressions: expressions, matchLabels: labels });
}

const countOrPercent = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text);

export const createPodDisruptionBudget = generatorCommand({
  name: 'poddisruptionbudget',
  aliases: ['pdb'],
  summary: 'Create a pod disruption budget with the specified name',
  usage: 'NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'min-available', type: 'string', help: 'The minimum number or percentage of available pods this budget requires.' },
    { name: 'max-unavailable', type: 'string', help: 'The maximum number or percentage of unavailable pods this budget requires.' },
    {
      name: 'selector',
      type: 'string',
      help: 'A label selector to use for this budget. Only equality-based selector requirements are supported.',
    },
  ],
  what: 'poddisruptionbudgets:',
  resource: { plural: 'poddisruptionbudgets', namespaced: true },
  generate: (name, flags) => {
    const [selector, least, most] = [flags.string('selector'), flags.string('min-available'), flags.string('max-unavailable')];
    if (selector === '') throw new CommandError('a selector must be specified');
    if (most === '' && least === '') throw new CommandError('one of min-available or max-unavailable must be specified');
    if (most !== '' && least !== '') throw new CommandError('min-available and max-unavailable cannot be both specified');
    const [field, flag, text] = least === '' ? ['maxUnavailable', 'max-unavailable', most] : ['minAvailable', 'min-available', least];
    if (!/^[0-9]+%?$/.test(text)) throw new CommandError(`invalid format specified for ${flag}`);
    return {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { [field]: countOrPercent(text), selector: labelSelectorOf(selector) },
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
    };
  },
});

export const createPriorityClass = generatorCommand({
  name: 'priorityclass',
  aliases: ['pc'],
  summary: 'Create a priority class with the specified name',
  usage: 'NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'value', type: 'int', help: 'the value of this priority class.' },
    { name: 'global-default', type: 'bool', help: 'Whether this class is the default priority of pods that name none.' },
    { name: 'description', type: 'string', help: 'When this priority class should be used, in words.' },
    {
      name: 'preemption-policy',
      type: 'string',
      fallback: 'PreemptLowerPriority',
      help: 'The policy for preempting pods with lower priority.',
    },
  ],
  what: 'priorityclass:',
  resource: { plural: 'priorityclasses', namespaced: false },
  generate: (name, flags) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    ...compact({ description: flags.string('description'), globalDefault: flags.bool('global-default') }),
    preemptionPolicy: flags.string('preemption-policy'),
    value: flags.int('value'),
  }),
});
