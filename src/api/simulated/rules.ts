/**
 * Rules that say what simulated containers do, by image, labels, namespace and name: a file of them, and the set of
 * those that hold in a cluster. docs/simulated.md describes the file for users.
 */

import { type FieldError, FieldPath, fieldErrors, renderFieldError } from '../field-error.ts';
import type { LabelSelector } from '../generated/meta/v1.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { isDns1123Subdomain } from '../names.ts';
import { fromLabelSelector } from '../selector.ts';
import { labelSelectorErrors } from '../validation/common.ts';
import { duplicateKeysError, YamlError } from '../yaml/yaml-error.ts';
import { yamlToJson } from '../yaml/yaml-to-json.ts';
import { type Behaviour, readBehaviour } from './behaviour.ts';
import { matchesGlob } from './glob.ts';
import { listOf, looseText, objectOf, type Reader, readAt, text, texts } from './readers.ts';

/** Where the rules of a cluster are read and changed. */
export const rulesPath = '/minik/behaviours';

export const rulesApiVersion = 'simulated.minik.io/v1';
export const rulesKind = 'Behaviours';

/** What a container is chosen by. */
export interface ContainerSubject {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The forms of the image's name: as it is given, with its registry, without its tag. */
  readonly images: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const expression = objectOf({ key: text, operator: text, values: listOf(looseText) }, ['key', 'operator']);
const selectorFields = objectOf({ matchLabels: texts, matchExpressions: listOf(expression) });

const labelSelector: Reader<LabelSelector> = (value, place) => {
  // The fields of a LabelSelector, of which those that are required have been asked for.
  const selector = selectorFields(value, place) as LabelSelector | undefined;
  for (const error of labelSelectorErrors(selector, place.at)) place.report(error);
  return selector;
};

const matchFields = {
  images: listOf(text),
  namespaces: listOf(text),
  pods: listOf(text),
  containers: listOf(text),
  labelSelector,
} as const;
const readMatch = objectOf(matchFields);
type Match = NonNullable<ReturnType<typeof readMatch>>;

const anyOf = (patterns: readonly string[] | undefined, values: readonly string[]): boolean =>
  patterns === undefined || patterns.some((pattern) => values.some((value) => matchesGlob(pattern, value)));

/** Compiles what a rule is about. */
export function subjectMatcher({
  images,
  namespaces,
  pods,
  containers,
  labelSelector: selector,
}: Match): (subject: ContainerSubject) => boolean {
  const labels = fromLabelSelector(selector ?? {});
  return (subject) =>
    labels.matches(subject.labels) &&
    anyOf(namespaces, [subject.namespace]) &&
    anyOf(pods, [subject.pod]) &&
    anyOf(containers, [subject.container]) &&
    anyOf(images, subject.images);
}

/** One rule. */
export interface BehaviourRule {
  readonly name: string;
  readonly matches: (subject: ContainerSubject) => boolean;
  readonly behaviour: Behaviour;
  /** As it is written. */
  readonly json: JsonObject;
}

const ruleName: Reader<string> = (value, place) => {
  const name = text(value, place);
  for (const complaint of isDns1123Subdomain(name ?? 'a')) place.report(fieldErrors.invalid(place.at, value, complaint));
  return name;
};

const ruleFields = objectOf({ name: ruleName, match: readMatch, behaviour: readBehaviour }, ['name', 'behaviour']);

const readRule: Reader<BehaviourRule> = (value, place) => {
  const rule = ruleFields(value, place);
  if (rule === undefined || !isObject(value)) return undefined;
  const { name = '', match = {}, behaviour = {} } = rule;
  return { name, matches: subjectMatcher(match), behaviour, json: value };
};

const readFile = objectOf({ apiVersion: text, kind: text, metadata: objectOf({ name: text }), rules: listOf(readRule) }, [
  'apiVersion',
  'kind',
  'rules',
]);

export type ReadRules = { readonly rules: readonly BehaviourRule[]; readonly errors: readonly FieldError[] };

/** Reads the content of a file of rules: all of them, or everything that is wrong with them. */
export function readRules(json: JsonValue): ReadRules {
  const { value, errors: found } = readAt(readFile, json, FieldPath.root);
  const errors = [...found];
  const { apiVersion, kind, rules = [] } = value ?? {};
  if (apiVersion !== undefined && apiVersion !== rulesApiVersion)
    errors.push(fieldErrors.notSupported(FieldPath.root.field('apiVersion'), apiVersion, [rulesApiVersion]));
  if (kind !== undefined && kind !== rulesKind) errors.push(fieldErrors.notSupported(FieldPath.root.field('kind'), kind, [rulesKind]));
  const names = new Set<string>();
  rules.forEach(({ name }, index) => {
    if (names.has(name)) errors.push(fieldErrors.duplicate(FieldPath.root.field('rules').index(index).field('name'), name));
    names.add(name);
  });
  return errors.length > 0 ? { rules: [], errors } : { rules, errors };
}

/** All that is wrong with rules, in one text. */
export const rulesProblem = (errors: readonly FieldError[]): string => errors.map(renderFieldError).join('; ');

/** Reads the text of a file of rules, as strictly as kubectl reads manifests. */
export function readRulesText(text: string): ReadRules {
  const refuse = (message: string): ReadRules => ({ rules: [], errors: [fieldErrors.invalidOmitted(FieldPath.root, message)] });
  const [, ...more] = `\n${text}`.split(/\n---[^\n]*\n/).filter((document) => /^\s*[^#\s]/m.test(document));
  if (more.length > 0) return refuse('there are several documents: put the rules into one');
  try {
    const document = yamlToJson(text);
    const [twice] = duplicateKeysError(document);
    return twice === undefined ? readRules(document.json) : refuse(twice);
  } catch (error) {
    if (error instanceof YamlError) return refuse(error.message);
    throw error;
  }
}

/** A file of these rules. */
export const rulesFile = (rules: readonly BehaviourRule[]): JsonObject => ({
  apiVersion: rulesApiVersion,
  kind: rulesKind,
  rules: rules.map(({ json }) => json),
});

/** The rules that hold in a cluster, in their order. */
export class BehaviourRules {
  #rules: readonly BehaviourRule[];

  constructor(rules: readonly BehaviourRule[] = []) {
    this.#rules = rules;
  }

  get all(): readonly BehaviourRule[] {
    return this.#rules;
  }

  /** Takes the place of all rules. */
  set(rules: readonly BehaviourRule[]): void {
    this.#rules = rules;
  }

  /** A rule takes the place of the one of its name; others come behind those that there are, and so count more. */
  apply(rules: readonly BehaviourRule[]): void {
    const given = new Map(rules.map((rule) => [rule.name, rule]));
    const known = new Set(this.#rules.map(({ name }) => name));
    this.#rules = [...this.#rules.map((rule) => given.get(rule.name) ?? rule), ...rules.filter(({ name }) => !known.has(name))];
  }

  /** Returns whether there was such a rule. */
  remove(name: string): boolean {
    const { length } = this.#rules;
    this.#rules = this.#rules.filter((rule) => rule.name !== name);
    return this.#rules.length < length;
  }

  /** What the rules say of a container, that which counts most last. */
  behaviours(subject: () => ContainerSubject): readonly Behaviour[] {
    if (this.#rules.length === 0) return [];
    const found = subject();
    return this.#rules.filter(({ matches }) => matches(found)).map(({ behaviour }) => behaviour);
  }
}
