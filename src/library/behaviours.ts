/** What the simulated containers of a cluster do, for tests. */
import { readFileSync } from 'node:fs';
import { isObject, type JsonObject, type JsonValue } from '../api/json.ts';
import type { BehaviourField } from '../api/simulated/behaviour.ts';
import { type BehaviourRule, readRules, readRulesText, rulesApiVersion, rulesKind, rulesProblem } from '../api/simulated/rules.ts';
import type { Backend } from './backend.ts';
import { isPath } from './manifests.ts';

/** A rule of a file of behaviours; docs/simulated.md has its fields. */
export interface Rule {
  readonly name: string;
  /** Absent: for all containers. */
  readonly match?: {
    /** Patterns, of which one must fit. */
    readonly images?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly pods?: readonly string[];
    readonly containers?: readonly string[];
    readonly labelSelector?: {
      readonly matchLabels?: Readonly<Record<string, string>>;
      readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
    };
  };
  readonly behaviour: { readonly [field in BehaviourField]?: unknown };
}

/** Rules, the text of a file of them, or its path. */
export type Behaviours = string | Rule | readonly Rule[];

/** Checks rules. Throws TypeError with everything that is wrong with them. */
export function rulesOf(behaviours: Behaviours): readonly BehaviourRule[] {
  const { rules, errors } =
    typeof behaviours === 'string'
      ? readRulesText(isPath(behaviours) ? readFileSync(behaviours, 'utf8') : behaviours)
      : readRules({ apiVersion: rulesApiVersion, kind: rulesKind, rules: JSON.parse(JSON.stringify([behaviours].flat())) });
  if (errors.length > 0) throw new TypeError(`the behaviours are not valid: ${rulesProblem(errors)}`);
  return rules;
}

/** The rules that hold. Only on the simulated runtime. */
export class ClusterBehaviours {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** In their order; of those that are for a container, the last one that says something counts. */
  async list(): Promise<readonly Rule[]> {
    return listed(await this.#backend.behaviours.list());
  }

  /** Rules take the place of those of their names; others come last. Resolves with those that hold then. */
  async apply(behaviours: Behaviours): Promise<readonly Rule[]> {
    const rules = rulesOf(behaviours).map(({ json }) => json);
    return listed(await this.#backend.behaviours.apply({ apiVersion: rulesApiVersion, kind: rulesKind, rules }));
  }

  /** Removes a rule, or all. Resolves with those that are left. */
  async remove(name?: string): Promise<readonly Rule[]> {
    return listed(await this.#backend.behaviours.remove(name));
  }
}

/** The answer is a file of rules, which have been checked. */
const listed = (file: JsonValue): readonly Rule[] =>
  isObject(file) && Array.isArray(file.rules) ? (file.rules as readonly JsonObject[] as unknown as readonly Rule[]) : [];
