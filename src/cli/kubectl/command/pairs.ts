/** `KEY=VALUE` and `KEY-` arguments. Source: kubectl pkg/cmd/util/helpers.go, GetResourcesAndPairs and ParsePairs. */
import { CommandError } from './command.ts';

export interface KeyChange {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

const isPair = (arg: string): boolean => (arg.includes('=') && !arg.startsWith('=')) || (arg.endsWith('-') && arg !== '-');

/** Splits arguments into resources and the changes that follow them. Throws CommandError. */
export function splitPairs(
  args: readonly string[],
  kind: string,
): { readonly resources: readonly string[]; readonly pairs: readonly string[] } {
  const resources: string[] = [];
  const pairs: string[] = [];
  for (const arg of args) {
    if (isPair(arg)) pairs.push(arg);
    else if (pairs.length === 0) resources.push(arg);
    else throw new CommandError(`all resources must be specified before ${kind} changes: ${arg}`);
  }
  return { resources, pairs };
}

/** Parses changes; a value may contain further equal signs. Throws CommandError. */
export function keyChange(pairs: readonly string[], kind: string, removable = true): KeyChange {
  const set: Record<string, string> = {};
  const remove: string[] = [];
  const invalid: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at > 0) set[pair.slice(0, at)] = pair.slice(at + 1);
    else if (removable && pair.endsWith('-') && pair !== '-') remove.push(pair.slice(0, -1));
    else invalid.push(pair);
  }
  if (invalid.length > 0) throw new CommandError(`invalid ${kind} format: ${invalid.join(', ')}`);
  return { set, remove };
}

/** Parses labels as flags give them: `a=b,c=d`. Throws CommandError. */
export function parseLabelList(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split(',').map((spec) => {
      const [key = '', value = '', ...more] = spec.split('=');
      if (!spec.includes('=') || more.length > 0) throw new CommandError(`unexpected label spec: ${spec}`);
      if (key === '') throw new CommandError('unexpected empty label key');
      return [key, value];
    }),
  );
}
