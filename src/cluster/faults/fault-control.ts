/** `/minik/faults`, at which administrators make requests, containers and nodes fail. */
import { faultNames, kindOf } from '../../api/faults/fault-kinds.ts';
import { type FaultReport, type FaultRule, faultRule } from '../../api/faults/fault-order.ts';
import type { JsonValue } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Logger } from '../../client/logger.ts';
import type { Control } from '../../server/http/controls.ts';
import type { FaultRules } from './fault-rules.ts';

export interface FaultControlOptions {
  readonly rules: FaultRules;
  /** All that are served now. */
  readonly kinds: () => readonly AnyKind[];
  /** Whether containers are simulated. */
  readonly simulated: boolean;
  readonly log: Logger;
}

/** The plural for a word by which people know a resource; undefined: nothing of the name is served. */
const pluralOf = (word: string, kinds: readonly AnyKind[]): string | undefined =>
  kinds.find(({ plural }) => plural === word)?.plural ??
  kinds.find(({ kind, names }) => [kind.toLowerCase(), names.singular, ...names.shortNames].includes(word))?.plural;

/** The rule with its resources by their plurals. Throws 400 when one is unknown: it would never be struck. */
function known(rule: FaultRule, kinds: readonly AnyKind[]): FaultRule {
  const resources = rule.resources.map((wanted) => {
    const [whole = '', ...sub] = wanted.split('/');
    // Of a group there may be resources later.
    if (whole === '*' || whole.includes('.')) return wanted;
    const plural = pluralOf(whole, kinds);
    if (plural !== undefined) return [plural, ...sub].join('/');
    throw statusErrors.badRequest(
      `resources: the cluster serves no ${JSON.stringify(whole)}; one that it is going to serve is named with its group, such as "widgets.example.com"`,
    );
  });
  return resources.length === 0 ? rule : { ...rule, resources, order: { ...rule.order, resources } };
}

// Reports are JSON.
const shown = (report: unknown): JsonValue => report as JsonValue;

export class FaultControl {
  readonly #options: FaultControlOptions;

  constructor(options: FaultControlOptions) {
    this.#options = options;
  }

  /** Adds what is ordered. Throws StatusError: 400 when the order is wrong, 409 when its name is taken. */
  add(order: JsonValue | undefined): FaultReport {
    const rule = faultRule(order);
    if ('problem' in rule) throw statusErrors.badRequest(rule.problem);
    const { rules, kinds, simulated, log } = this.#options;
    if (kindOf(rule.fault).simulated === true && !simulated) {
      const others = faultNames.filter((name) => kindOf(name).simulated !== true).join(', ');
      throw statusErrors.badRequest(`fault: ${rule.fault} happens to simulated containers only; with Docker there are: ${others}`);
    }
    const report = rules.add(known(rule, kinds()));
    log.info('A fault was added', { name: report.name, ...rule.order });
    return report;
  }

  /** Keeps the rules; returns the function that brings them back as they were, as often as it is called. */
  keep(): () => void {
    return this.#options.rules.keep();
  }

  /** The requests of `/minik/faults`: GET, POST, and DELETE of one by its name, or of all. */
  readonly control: Control = ({ method, rest, body }) => {
    const { rules } = this.#options;
    if (rest.includes('/')) throw statusErrors.noSuchResource();
    if (method === 'DELETE') {
      const removed = rest === '' ? rules.removeAll() : [rules.remove(rest)];
      for (const { name, struck } of removed) this.#options.log.info('A fault was removed', { name, struck });
      return shown(rest === '' ? { rules: removed } : removed[0]);
    }
    if (rest !== '') throw statusErrors.methodNotAllowed();
    if (method === 'GET') return shown(rules.show());
    if (method === 'POST') return shown(this.add(body));
    throw statusErrors.methodNotAllowed();
  };
}
