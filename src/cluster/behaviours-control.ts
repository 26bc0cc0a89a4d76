/** The rules for simulated containers as administrators see and change them. */
import type { JsonObject, JsonValue } from '../api/json.ts';
import { type BehaviourRule, type BehaviourRules, readRules, rulesFile, rulesProblem } from '../api/simulated/rules.ts';
import { statusErrors } from '../api/status-error.ts';
import type { Control } from '../server/http/controls.ts';

export interface BehavioursControlOptions {
  /** Absent: containers are not simulated. */
  readonly rules: BehaviourRules | undefined;
  /** Called after each change. */
  save(): void;
}

/** Reads and changes the rules of a cluster. */
export class BehavioursControl {
  readonly #options: BehavioursControlOptions;

  constructor(options: BehavioursControlOptions) {
    this.#options = options;
  }

  /** A file of the rules that hold. Throws StatusError, as all of these, when nothing is simulated. */
  list(): JsonObject {
    return rulesFile(this.#rules.all);
  }

  /**
   * Applies the rules of a file, or puts them in the place of all. Returns those that hold then. Throws StatusError
   * with everything that is wrong with them.
   */
  apply(json: JsonValue | undefined, replace = false): JsonObject {
    const own = this.#rules;
    const { rules, errors } = readRules(json ?? null);
    if (errors.length > 0) throw statusErrors.badRequest(`the behaviours are not valid: ${rulesProblem(errors)}`);
    if (replace) own.set(rules);
    else own.apply(rules);
    return this.#changed();
  }

  /** Removes a rule, or all. Returns those that are left. */
  remove(name?: string): JsonObject {
    const own = this.#rules;
    if (name === undefined) own.set([]);
    else own.remove(this.#named(name).name);
    return this.#changed();
  }

  /** The requests of `/minik/behaviours`. */
  readonly control: Control = ({ method, rest, body }) => {
    if (method === 'GET' && rest === '') return this.list();
    if (method === 'GET') return this.#named(rest).json;
    if (method === 'DELETE') return this.remove(rest === '' ? undefined : rest);
    if (rest !== '') throw statusErrors.noSuchResource();
    if (method !== 'POST' && method !== 'PUT') throw statusErrors.methodNotAllowed();
    return this.apply(body, method === 'PUT');
  };

  get #rules(): BehaviourRules {
    const { rules } = this.#options;
    if (rules === undefined)
      throw statusErrors.badRequest('containers on Docker do what their programs do: only those of a simulated cluster can be told');
    return rules;
  }

  #named(name: string): BehaviourRule {
    const rule = this.#rules.all.find((each) => each.name === name);
    if (rule === undefined) throw statusErrors.notFound({ group: '', resource: 'behaviours' }, name);
    return rule;
  }

  #changed(): JsonObject {
    this.#options.save();
    return this.list();
  }
}
