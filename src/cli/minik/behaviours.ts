/** `minik behaviours`: shows and changes the rules by which simulated containers go. */
import { readFileSync } from 'node:fs';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { readRulesText, rulesFile, rulesPath, rulesProblem } from '../../api/simulated/rules.ts';
import { UserError } from '../cluster-port.ts';
import { askServer, type ControlCall } from './control-request.ts';
import { readText } from './read-text.ts';
import { UsageError } from './usage-error.ts';
import { type CommonOptions, printJson, type VerbContext } from './verb.ts';

/** The rules of an answer of the server. */
const rulesOf = (answer: JsonValue): readonly JsonObject[] =>
  isObject(answer) && Array.isArray(answer.rules) ? (answer.rules as readonly JsonValue[]).filter(isObject) : [];

function print({ terminal }: VerbContext, { output }: CommonOptions, answer: JsonValue): number {
  if (output === 'json' && isObject(answer)) {
    printJson(terminal, answer);
    return 0;
  }
  const rules = rulesOf(answer);
  if (rules.length === 0) terminal.err('There are no rules: annotations alone tell what simulated containers do.\n');
  for (const { name, match = {}, behaviour = {} } of rules)
    terminal.out(
      `${String(name)}\n  for ${JSON.stringify(match) === '{}' ? 'all containers' : JSON.stringify(match)}\n  ${JSON.stringify(behaviour)}\n`,
    );
  return 0;
}

async function ask(context: VerbContext, options: CommonOptions, call: ControlCall): Promise<number> {
  return print(context, options, await askServer(context, options.profile, call));
}

export const listBehaviours = (context: VerbContext, options: CommonOptions): Promise<number> =>
  ask(context, options, { method: 'GET', path: rulesPath });

/** Rejects with UserError when the file cannot be used. */
export async function applyBehaviours(context: VerbContext, path: string | undefined, options: CommonOptions): Promise<number> {
  if (path === undefined || path === '') throw new UsageError('"minik behaviours apply" takes a file of rules: -f FILE');
  const { rules, errors } = readRulesText(path === '-' ? readFileSync(0, 'utf8') : readText(path));
  if (errors.length > 0) throw new UserError(`${path === '-' ? 'what is read' : path} is not valid: ${rulesProblem(errors)}`);
  return ask(context, options, { method: 'POST', path: rulesPath, body: rulesFile(rules) });
}

/** `name`: undefined removes all. */
export function removeBehaviours(context: VerbContext, name: string | undefined, options: CommonOptions): Promise<number> {
  const path = name === undefined ? rulesPath : `${rulesPath}/${encodeURIComponent(name)}`;
  return ask(context, options, { method: 'DELETE', path });
}
