/** `/minik/faults`: what can be asked of it, what it answers, and the rule that an order becomes. */
import { longDuration } from '../cluster-time.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { isLabelValue } from '../names.ts';
import { parseLabelSelector, type Selector } from '../selector.ts';
import { type FaultName, faultNamed, faultNames, fieldsOf, kindOf, type OrderField, requestVerbs } from './fault-kinds.ts';

export const faultsPath = '/minik/faults';

/**
 * A fault and whom it strikes, as it is asked for. Without a selection, all requests are struck. Lists match when one
 * of their values does; `*` in a value stands for any characters, except in `verbs` and `resources`. Lengths of time
 * are such as `500ms`, `10s` or `1h30m`.
 */
export interface FaultOrder {
  /** `delay`, `conflict`, … or a code such as `409`: see docs/faults.md. */
  readonly fault: string;
  /** By which the rule is removed and counted. Default: the fault and a number. */
  readonly name?: string;
  readonly verbs?: readonly string[];
  /** `deployments`, `deployments.apps`, `pods/status`, `pods/*` (all of its sub-resources), or `*`. */
  readonly resources?: readonly string[];
  readonly namespaces?: readonly string[];
  /** Names of objects; a create has none yet. */
  readonly objects?: readonly string[];
  readonly users?: readonly string[];
  /** Groups of users. */
  readonly groups?: readonly string[];
  readonly userAgents?: readonly string[];
  /** Requests for these paths, which are about no resource, such as `/apis`; not together with the fields above. */
  readonly paths?: readonly string[];
  /** Of containers: the name of their image, with or without its registry and its tag. */
  readonly images?: readonly string[];
  /** Of containers: a label selector for their pods, such as `app=web,tier!=db`. */
  readonly selector?: string;
  readonly pods?: readonly string[];
  readonly containers?: readonly string[];
  readonly nodes?: readonly string[];
  /** How many of the requests (or starts, or nodes) are struck: `20%`, or 0.2. Default: all. */
  readonly share?: number | string;
  /** How many requests pass before the first that may be struck. Default: 0. */
  readonly skip?: number;
  /** How many are struck at most. Default: no limit. */
  readonly times?: number;
  /** How long the rule applies, in the cluster's time. Default: until it is removed. */
  readonly for?: string;
  /** Which of the requests are struck, when not all are. The same seed strikes the same ones. Default: 0. */
  readonly seed?: number;
  /** For `delay` and `slow-start`: a length of time, or a range such as `100ms..2s`. */
  readonly delay?: string;
  /** Seconds of the header `Retry-After`; 0: no header. Default: 1; for `internal-error`, 0. */
  readonly retryAfter?: number;
  /** Default: as of a real server. */
  readonly message?: string;
  /** How long a watch, or a container, is well. Default: 0, unless `events` is given. */
  readonly after?: string;
  /** After how many events it is well no longer, those of its initial state included. */
  readonly events?: number;
  /** How old what is read may be. Default: 10s, unless `revisions` is given. */
  readonly age?: string;
  /** How many changes what is read lacks. */
  readonly revisions?: number;
  /** The fault comes after the request has been carried out. Default: before. */
  readonly late?: boolean;
  /** With which code a container ends: 1 to 255. Default: 1. */
  readonly exitCode?: number;
}

/** What became of a rule: `active`; `spent`, it has struck as often as it may; `over`, its time has passed. */
export type RuleState = 'active' | 'spent' | 'over';

/** A rule as it is shown: its order with the name and the seed that it has, and what it has done. */
export interface FaultReport extends FaultOrder {
  readonly name: string;
  readonly seed: number;
  readonly state: RuleState;
  /** How many requests (or pulls, runs of containers, nodes) were selected, and how many of these were struck. */
  readonly selected: number;
  readonly struck: number;
}

/** One strike. */
export interface Injection {
  /** The cluster's time, RFC 3339 with microseconds. */
  readonly at: string;
  readonly rule: string;
  readonly fault: string;
  /** Such as `update deployments.apps default/web by jane`. */
  readonly what: string;
}

/** The answer to a GET. */
export interface FaultReports {
  readonly rules: readonly FaultReport[];
  /** The last thousand strikes, those of rules that have gone included, oldest first. */
  readonly injections: readonly Injection[];
}

/** An order as it is carried out. Times are milliseconds. */
export interface FaultRule {
  readonly fault: FaultName;
  /** Undefined: none was given. */
  readonly name: string | undefined;
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  readonly namespaces: readonly string[];
  readonly objects: readonly string[];
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly userAgents: readonly string[];
  readonly paths: readonly string[];
  readonly images: readonly string[];
  readonly selector: Selector | undefined;
  readonly pods: readonly string[];
  readonly containers: readonly string[];
  readonly nodes: readonly string[];
  /** In (0, 1]. */
  readonly share: number;
  readonly skip: number;
  /** Infinity: no limit. */
  readonly times: number;
  readonly forMs: number | undefined;
  readonly seed: number;
  readonly delayMs: readonly [from: number, to: number];
  readonly retryAfter: number | undefined;
  readonly message: string | undefined;
  readonly afterMs: number | undefined;
  readonly events: number | undefined;
  readonly ageMs: number;
  readonly revisions: number | undefined;
  readonly late: boolean;
  readonly exitCode: number;
  /** The order's own fields, to be shown. */
  readonly order: JsonObject;
}

/** Carries the words for what is wrong out of the readers below. */
class Problem extends Error {}

const quoted = (value: JsonValue | undefined): string => JSON.stringify(value) ?? 'nothing';

function texts(value: JsonValue | undefined, field: string): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0) throw new Problem(`${field} must be a list of texts, not ${quoted(value)}`);
  return value.map((each: JsonValue) => {
    if (typeof each !== 'string' || each === '')
      throw new Problem(`${field} must be a list of texts that are not empty, not ${quoted(value)}`);
    return each;
  });
}

function text(value: JsonValue | undefined, field: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new Problem(`${field} must be a text that is not empty, not ${quoted(value)}`);
  return value;
}

function whole(value: JsonValue | undefined, field: string, least = 0, most = 2 ** 32 - 1): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most)
    throw new Problem(`${field} must be a whole number from ${least} to ${most}, not ${quoted(value)}`);
  return value;
}

function length(value: JsonValue | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  const parsed = typeof value === 'string' ? longDuration(value) : undefined;
  if (parsed === undefined || 'problem' in parsed || parsed.ms < 0)
    throw new Problem(`${field} must be a length of time such as "500ms", "10s" or "1h30m", not ${quoted(value)}`);
  return parsed.ms;
}

/** A length of time, or a range of them. */
function lengths(value: JsonValue | undefined, field: string): readonly [number, number] {
  const [from, to, ...more] = typeof value === 'string' ? value.split('..') : [];
  if (from === undefined || more.length > 0)
    throw new Problem(`${field} must be a length of time such as "500ms", or a range such as "100ms..2s", not ${quoted(value)}`);
  const fromMs = length(from, field) ?? 0;
  const toMs = to === undefined ? fromMs : (length(to, field) ?? 0);
  if (toMs < fromMs) throw new Problem(`${field} must be a range that begins with the shorter time, not ${quoted(value)}`);
  return [fromMs, toMs];
}

function shareOf(value: JsonValue | undefined): number {
  if (value === undefined) return 1;
  const [, percent] = typeof value === 'string' ? (/^(\d+(?:\.\d+)?)%$/.exec(value) ?? []) : [];
  const share = percent === undefined ? value : Number(percent) / 100;
  if (typeof share !== 'number' || !(share > 0 && share <= 1))
    throw new Problem(`share must be more than 0% and at most 100%, such as "20%" or 0.2, not ${quoted(value)}`);
  return share;
}

function flag(value: JsonValue | undefined, field: string): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw new Problem(`${field} must be true or false, not ${quoted(value)}`);
  return value;
}

function verbsOf(value: JsonValue | undefined, fault: FaultName): readonly string[] {
  const allowed: readonly string[] = kindOf(fault).verbs ?? requestVerbs;
  const verbs = texts(value, 'verbs');
  const wrong = verbs.find((verb) => verb !== '*' && !allowed.includes(verb));
  if (wrong !== undefined) throw new Problem(`verbs: ${quoted(wrong)} is none that ${fault} can strike: ${allowed.join(', ')}`);
  return verbs.includes('*') ? [] : verbs;
}

const resourcePattern = /^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.[a-z0-9]([-.a-z0-9]*[a-z0-9])?)?(\/(\*|[a-z]+))?$/;

function resourcesOf(value: JsonValue | undefined): readonly string[] {
  const resources = texts(value, 'resources');
  const wrong = resources.find((resource) => !resourcePattern.test(resource));
  if (wrong === undefined) return resources;
  throw new Problem(
    `resources: ${quoted(wrong)} is none; they are such as "deployments", "deployments.apps", "pods/status", "pods/*" or "*"`,
  );
}

function selectorOf(value: JsonValue | undefined): Selector | undefined {
  const selector = text(value, 'selector');
  if (selector === undefined) return undefined;
  const parsed = parseLabelSelector(selector);
  if (parsed.ok) return parsed.selector;
  throw new Problem(`selector must be a label selector such as "app=web": ${parsed.error}`);
}

function nameOf(value: JsonValue | undefined): string | undefined {
  const name = text(value, 'name');
  if (name === undefined || isLabelValue(name).length === 0) return name;
  throw new Problem(
    `name must be at most 63 letters, digits, "-", "_" and ".", and begin and end with a letter or digit, not ${quoted(name)}`,
  );
}

function read(order: JsonObject): FaultRule {
  const { fault: word } = order;
  const fault = typeof word === 'string' ? faultNamed(word) : undefined;
  if (fault === undefined) throw new Problem(`fault must be one of ${faultNames.join(', ')}, not ${quoted(word)}`);
  const allowed: readonly string[] = fieldsOf(fault);
  const given = Object.keys(order).filter((field) => order[field] !== undefined);
  const stray = given.find((field) => !allowed.includes(field));
  if (stray !== undefined) throw new Problem(`${stray} is no field of ${fault}, which has: ${allowed.join(', ')}`);
  const both = (a: OrderField, b: OrderField): void => {
    if (order[a] !== undefined && order[b] !== undefined) throw new Problem(`${a} and ${b} cannot be given together`);
  };
  for (const field of ['resources', 'namespaces', 'objects'] as const) both('paths', field);
  both('age', 'revisions');
  if (order.paths !== undefined && kindOf(fault).verbs !== undefined)
    throw new Problem(`paths: ${fault} strikes only requests about resources`);
  if (kindOf(fault).details.includes('delay') && order.delay === undefined)
    throw new Problem('delay must be given, such as "500ms" or "100ms..2s"');
  return {
    fault,
    name: nameOf(order.name),
    verbs: verbsOf(order.verbs, fault),
    resources: resourcesOf(order.resources),
    namespaces: texts(order.namespaces, 'namespaces'),
    objects: texts(order.objects, 'objects'),
    users: texts(order.users, 'users'),
    groups: texts(order.groups, 'groups'),
    userAgents: texts(order.userAgents, 'userAgents'),
    paths: texts(order.paths, 'paths'),
    images: texts(order.images, 'images'),
    selector: selectorOf(order.selector),
    pods: texts(order.pods, 'pods'),
    containers: texts(order.containers, 'containers'),
    nodes: texts(order.nodes, 'nodes'),
    share: shareOf(order.share),
    skip: whole(order.skip, 'skip') ?? 0,
    times: whole(order.times, 'times', 1) ?? Number.POSITIVE_INFINITY,
    forMs: length(order.for, 'for'),
    seed: whole(order.seed, 'seed') ?? 0,
    delayMs: order.delay === undefined ? [0, 0] : lengths(order.delay, 'delay'),
    retryAfter: whole(order.retryAfter, 'retryAfter'),
    message: text(order.message, 'message'),
    afterMs: length(order.after, 'after'),
    events: whole(order.events, 'events'),
    ageMs: length(order.age, 'age') ?? defaultAgeMs,
    revisions: whole(order.revisions, 'revisions', 1),
    late: flag(order.late, 'late'),
    exitCode: whole(order.exitCode, 'exitCode', 1, 255) ?? 1,
    order: { ...Object.fromEntries(given.map((field) => [field, order[field]])), fault },
  };
}

const defaultAgeMs = 10_000;

/** Reads what is asked for, or says what is wrong with it. */
export function faultRule(json: JsonValue | undefined): FaultRule | { readonly problem: string } {
  if (!isObject(json)) return { problem: 'a fault is an object, such as {"fault": "conflict", "verbs": ["update"], "share": "20%"}' };
  try {
    return read(json);
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}
