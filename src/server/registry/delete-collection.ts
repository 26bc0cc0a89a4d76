/**
 * The deletecollection verb: lists, then deletes each object; not atomic. Source: apiserver
 * pkg/registry/generic/registry/store.go (DeleteCollection).
 */
import type { DeleteOptions } from '../../api/request-options.ts';
import { isNotFound } from '../../api/status-error.ts';
import { admitDelete } from './admit.ts';
import { deleteOne } from './delete.ts';
import { list } from './list.ts';
import type { ChangeRequest } from './prepare.ts';
import type { ListAnswer, ListRequest } from './registry.ts';

/**
 * Deletes the objects that a list selects, and answers with that list. Objects that were deleted meanwhile are not an
 * error.
 */
export async function deleteCollection(request: ChangeRequest, listRequest: ListRequest, options: DeleteOptions): Promise<ListAnswer> {
  const { parts, target } = request;
  const answer = await list(parts, target, listRequest);
  await Promise.all(
    answer.entries.map(async ({ object: { metadata } }) => {
      const one = { ...target, namespace: metadata.namespace ?? '', name: metadata.name };
      try {
        await deleteOne({ ...request, target: one }, options, (object) => admitDelete(request, object, options));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }),
  );
  return answer;
}
