/** The flags of `minik faults add`: each gives one field of an order. */
import { faultNamed, faultNames, fieldsOf, type OrderField, requestVerbs } from '../../api/faults/fault-kinds.ts';
import { faultRule } from '../../api/faults/fault-order.ts';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';
import type { FlagSpec } from './verb-spec.ts';

/** How the value of a flag becomes that of a field. */
type Reading = 'texts' | 'whole texts' | 'text' | 'number' | 'switch';

interface FaultFlag extends FlagSpec {
  readonly field: OrderField;
  readonly reads: Reading;
}

const texts = { reads: 'texts', repeatable: true } as const;
const wholeTexts = { reads: 'whole texts', repeatable: true } as const;

export const faultFlags: readonly FaultFlag[] = [
  { ...texts, field: 'verbs', name: 'verb', value: 'VERB...', choices: requestVerbs, text: 'Requests: with these verbs', fallback: 'all' },
  {
    ...{ ...texts, field: 'resources', name: 'resource', value: 'RESOURCE...', fallback: 'all' },
    text: 'About these: deployments, deployments.apps, pods/status, pods/* …',
  },
  { ...texts, field: 'objects', name: 'object', value: 'NAME...', text: 'About objects with these names', fallback: 'all' },
  { ...texts, field: 'users', name: 'user', value: 'NAME...', text: 'By these users', fallback: 'all' },
  { ...texts, field: 'groups', name: 'group', value: 'NAME...', text: 'By users of these groups', fallback: 'all' },
  {
    ...{ ...wholeTexts, field: 'userAgents', name: 'user-agent', value: 'TEXT...', fallback: "all but minik's own" },
    text: 'With these User-Agent headers, such as kubectl/*',
  },
  {
    ...{ ...wholeTexts, field: 'paths', name: 'path', value: 'PATH...', fallback: 'none' },
    text: 'Not those about resources, but those for these paths, such as /apis*',
  },
  { ...texts, field: 'namespaces', name: 'namespace', short: 'n', value: 'NAME...', text: 'Only in these namespaces', fallback: 'all' },
  {
    ...{ ...texts, field: 'images', name: 'image', value: 'IMAGE...', fallback: 'all' },
    text: 'Containers: of these images, such as nginx, registry.example.com/*',
  },
  {
    ...{ reads: 'text', field: 'selector', name: 'selector', short: 'l', value: 'SELECTOR', fallback: 'all' },
    text: 'Of pods with these labels, such as app=web',
  },
  { ...texts, field: 'pods', name: 'pod', value: 'NAME...', text: 'Of pods with these names, such as web-*', fallback: 'all' },
  { ...texts, field: 'containers', name: 'container', value: 'NAME...', text: 'With these names', fallback: 'all' },
  { ...texts, field: 'nodes', name: 'node', value: 'NAME...', text: 'On these nodes; node-silence: these nodes', fallback: 'all' },
  { reads: 'text', field: 'share', name: 'share', value: 'PERCENT', text: 'How many of them are struck, such as 20%', fallback: '100%' },
  { reads: 'number', field: 'skip', name: 'skip', value: 'N', text: 'How many pass before the first that may be struck', fallback: '0' },
  { reads: 'number', field: 'times', name: 'times', value: 'N', text: 'How many are struck at most', fallback: 'no limit' },
  { reads: 'text', field: 'for', name: 'for', value: 'DURATION', text: "How long, in the cluster's time", fallback: 'until it is removed' },
  { reads: 'number', field: 'seed', name: 'seed', value: 'N', text: 'Chance: the same seed strikes the same ones', fallback: '0' },
  { reads: 'text', field: 'name', name: 'name', value: 'NAME', text: 'By which it is removed and counted', fallback: 'FAULT-N' },
  {
    reads: 'text',
    field: 'delay',
    name: 'delay',
    value: 'DURATION',
    text: 'How long the answer, or the start, takes: 500ms, or 100ms..2s',
  },
  {
    ...{ reads: 'switch', field: 'late', name: 'late' },
    text: 'The request is carried out before: its answer is delayed or lost',
  },
  {
    ...{ reads: 'number', field: 'retryAfter', name: 'retry-after', value: 'SECONDS', fallback: '1; for internal-error, 0' },
    text: 'The header Retry-After; 0: none',
  },
  { reads: 'text', field: 'message', name: 'message', value: 'TEXT', text: 'What the error says', fallback: 'as a real one' },
  {
    ...{ reads: 'text', field: 'after', name: 'after', value: 'DURATION', fallback: '0, unless --events is given' },
    text: 'How long a watch, or a container, is well',
  },
  {
    reads: 'number',
    field: 'events',
    name: 'events',
    value: 'N',
    text: 'After how many events a watch is well no longer',
    fallback: 'any',
  },
  { reads: 'text', field: 'age', name: 'age', value: 'DURATION', text: 'How old what is read may be', fallback: '10s' },
  { reads: 'number', field: 'revisions', name: 'revisions', value: 'N', text: 'How many changes what is read lacks, instead of its age' },
  { reads: 'number', field: 'exitCode', name: 'exit-code', value: 'N', text: 'With which code a container ends', fallback: '1' },
];

type Value = string | boolean | readonly string[] | undefined;

const flagOf = (field: string): string => `--${faultFlags.find((flag) => flag.field === field)?.name ?? field}`;

function fieldValue({ reads, field }: FaultFlag, value: Value): JsonValue | undefined {
  if (value === undefined) return undefined;
  switch (reads) {
    case 'switch':
      return value === true;
    case 'text':
      return String(value);
    case 'number':
      if (!/^\d+$/.test(String(value))) throw new UsageError(`${flagOf(field)} must be a whole number, not ${JSON.stringify(value)}`);
      return Number(value);
    default: {
      const all = Array.isArray(value) ? value.map(String) : [String(value)];
      return reads === 'texts' ? all.flatMap((each) => each.split(',')) : all;
    }
  }
}

/** The option of the parser for a flag: `retry-after` is `retryAfter`. */
const optionOf = ({ name }: FlagSpec): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** What is wrong with a field of an order, in the words of the flags. */
export const inFlags = (problem: string): string =>
  problem.replace(/^\w+(?=(:| must) )/, (field) => (field === 'fault' ? 'FAULT' : flagOf(field)));

/** What is asked for by a fault and the flags' values. Throws UsageError. */
export function faultOrder(word: string, flags: Readonly<Record<string, Value>>): JsonObject {
  const given = faultFlags.filter((flag) => flags[optionOf(flag)] !== undefined);
  const order: JsonObject = {
    fault: word,
    ...Object.fromEntries(given.map((flag) => [flag.field, fieldValue(flag, flags[optionOf(flag)])])),
  };
  const more = ['"minik help faults add" tells more.'];
  const fault = faultNamed(word);
  const allowed: readonly string[] = fault === undefined ? [] : fieldsOf(fault);
  const stray = fault === undefined ? undefined : given.find(({ field }) => !allowed.includes(field));
  if (stray !== undefined) {
    const usable = faultFlags.filter(({ field }) => allowed.includes(field)).map(({ name }) => `--${name}`);
    throw new UsageError(`--${stray.name} is nothing that ${fault} takes: ${usable.join(', ')}`, more);
  }
  const rule = faultRule(order);
  if (!('problem' in rule)) return order;
  const meant = fault === undefined ? suggestion(word, faultNames) : undefined;
  throw new UsageError(inFlags(rule.problem), [...(meant === undefined ? [] : [`Did you mean ${meant}?`]), ...more]);
}
