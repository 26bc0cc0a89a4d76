/** Flags of upstream's programs: `--name=value`, `--name value`, and `--name` alone for what is on or off. */
import { UserError } from '../../cluster-port.ts';

export interface FlagNames {
  /** Those that mean something here. */
  readonly known: readonly string[];
  /** Those that the real program has and that change nothing here. */
  readonly ignored: readonly string[];
}

/** The values by flag; the last one counts. Throws UserError for a flag that the real program does not have either. */
export function programFlags(args: readonly string[], { known, ignored }: FlagNames): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const words = [...args];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, name = '', value] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (!known.includes(name) && !ignored.includes(name) && !/^(?:v|vmodule)$/.test(name))
      throw new UserError(`unknown flag: ${word.split('=')[0]}`);
    const next = words[0];
    if (value !== undefined) values.set(name, value);
    else if (next === undefined || next.startsWith('-')) values.set(name, 'true');
    else values.set(name, words.shift() ?? '');
  }
  return values;
}
