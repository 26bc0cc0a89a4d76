/** Applies `-l` to objects from files. */
import { parseLabelSelector } from '../../../api/selector.ts';
import { CommandError } from '../command/command.ts';
import type { ApiObject, Session } from '../command/session.ts';

/** Undefined when no selector was given. Throws CommandError on a bad selector. */
export function manifestFilter(session: Session): ((object: ApiObject) => boolean) | undefined {
  const text = session.flags.string('selector');
  if (text === '') return undefined;
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw new CommandError(parsed.error);
  return (object) => parsed.selector.matches(object.metadata?.labels ?? {});
}
