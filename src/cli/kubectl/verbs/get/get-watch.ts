/** `kubectl get --watch`. Source: kubectl pkg/cmd/get/get.go (watch). */
import { isNotFound } from '../../../../api/status-error.ts';
import { CommandError } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { objectPrinter, outputName } from '../../output/output.ts';
import type { ResourceSelection } from '../../resources/resource-args.ts';
import { watchObjects } from '../../waiting/watch.ts';
import { asTable, styleOf, TableWriter, tableAccept } from './tables.ts';

/** Makes the printer of objects and watch events. */
function watchPrinter(
  flags: Flags,
  selection: ResourceSelection,
): { readonly accept?: string; readonly text: (object: ApiObject, eventType: string | undefined) => string } {
  const { resource } = selection;
  const printer = objectPrinter(flags, () => resource);
  if (printer === undefined) {
    const tables = new TableWriter(resource, styleOf(flags, false));
    return { accept: tableAccept, text: (object, eventType) => tables.text(asTable(object), eventType) };
  }
  let printed = false;
  return {
    text: (object, eventType) => {
      // Every YAML document after the first is preceded by a separator.
      const separator = printed && outputName(flags) === 'yaml' ? '---\n' : '';
      printed = true;
      return separator + printer(eventType === undefined ? object : { type: eventType, object });
    },
  };
}

export async function watchSelections(session: Session, selections: readonly ResourceSelection[], flags: Flags): Promise<number> {
  if (flags.given('sort-by')) {
    session.err(
      flags.bool('watch')
        ? 'warning: --watch requested, --sort-by will be ignored for watch events received\n'
        : 'warning: --watch-only requested, --sort-by will be ignored\n',
    );
  }
  const [selection, ...more] = selections;
  if (selection === undefined || more.length > 0) throw new CommandError('you may only specify a single resource type');
  if ((selection.names?.length ?? 0) > 1)
    throw new CommandError('watch is only supported on individual resources and resource collections');
  const { accept, text } = watchPrinter(flags, selection);
  const request = {
    selection,
    selector: flags.string('selector'),
    fieldSelector: flags.string('field-selector'),
    initial: !flags.bool('watch-only'),
    ...(accept === undefined ? {} : { accept }),
  };
  try {
    await watchObjects(session, request, ({ type, object }) =>
      session.out(text(object, flags.bool('output-watch-events') ? type : undefined)),
    );
  } catch (error) {
    if (!(isNotFound(error) && flags.bool('ignore-not-found'))) throw error;
  }
  return 0;
}
