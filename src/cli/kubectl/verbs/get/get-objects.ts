/** Reads the objects for `get`. Source: cli-runtime pkg/resource/{visitor,selector,builder}.go. */
import { isNotFound, StatusError } from '../../../../api/status-error.ts';
import type { Flags } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { apiVersionOf, resourcePath } from '../../resources/discovery.ts';
import { listAll, listError, queryText } from '../../resources/list.ts';
import type { ResourceSelection } from '../../resources/resource-args.ts';

/**
 * The pages of a selected collection, or the selected objects. Errors of single objects are collected, so that found
 * objects are still shown.
 */
export async function fetchSelection(
  session: Session,
  selection: ResourceSelection,
  flags: Flags,
  errors: StatusError[],
  accept?: string,
): Promise<readonly ApiObject[]> {
  const { resource, namespace, names } = selection;
  // Sorting needs complete objects, and all of them at once.
  const sorting = flags.given('sort-by');
  const more = { ...(accept !== undefined && sorting ? { includeObject: 'Object' } : {}) };
  const answers: ApiObject[] = [];
  const attempt = async (read: () => Promise<readonly ApiObject[]>): Promise<void> => {
    try {
      answers.push(...(await read()));
    } catch (error) {
      if (!(error instanceof StatusError) || (error.code === 503 && error.cause !== undefined)) throw error;
      if (!(flags.bool('ignore-not-found') && isNotFound(error))) errors.push(error);
    }
  };
  if (names === undefined) {
    const query = {
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      limit: sorting ? 0 : flags.int('chunk-size'),
    };
    await attempt(async () => {
      try {
        return await listAll(session, resourcePath(resource, namespace), query, accept, more);
      } catch (error) {
        throw listError(error, resource, query);
      }
    });
    return answers;
  }
  for (const name of names) {
    const path = `${resourcePath(resource, namespace, name, flags.string('subresource'))}${queryText(more)}`;
    await attempt(async () => [await session.object({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) })]);
  }
  return answers;
}

/** The objects in an answer: items of a list get the kind and version that the list's resource has. */
export function objectsOf(answer: ApiObject, { resource, names }: ResourceSelection): readonly ApiObject[] {
  const { items } = answer;
  if (names !== undefined || !Array.isArray(items)) return [answer];
  return items.map((item: ApiObject) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...item }));
}
