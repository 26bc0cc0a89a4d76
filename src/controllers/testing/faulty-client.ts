/** A client whose writes fail or take long now and then, as those of a busy or broken API do. */
import { setImmediate as turn } from 'node:timers/promises';
import type { KubeObject } from '../../api/object.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import type { Client, ResourceClient } from '../../client/client.ts';
import type { Choices } from './choices.ts';

export interface Faults {
  readonly choices: Choices;
  /** Whether calls may fail now. */
  on: boolean;
}

/** Of the calls, while faults are on. */
const failing = 0.15;
/** Of the calls, how many take long, and at most how many turns of the event loop. */
const slow = 0.15;
const longestTurns = 30;
/** Of those that succeed, how many tell so nobody. */
const unheard = 0.1;

const things = { group: '', resource: 'things' };
const errors: readonly [() => StatusError, ...(() => StatusError)[]] = [
  () => statusErrors.modified(things, 'some'),
  () => statusErrors.internal(new Error('the disk is slow')),
  () => statusErrors.timeout('the request has taken too long', 1),
];

/**
 * Writes may be refused, and those that change what exists may succeed and be answered by an error all the same.
 * Differs from what can happen to a real client: an object that is created is always answered for, because a second one
 * would be no mistake of the controller's.
 */
export function faultyClient(client: Client, faults: Faults): Client {
  const { choices } = faults;
  const refuse = async (): Promise<void> => {
    if (!faults.on) return;
    // Meanwhile the rest of the cluster goes on.
    if (choices.chance(slow)) for (let turns = choices.below(longestTurns); turns > 0; turns--) await turn();
    if (choices.chance(failing)) throw choices.of(errors)();
  };
  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    await refuse();
    const answer = await call();
    if (faults.on && choices.chance(unheard)) throw statusErrors.internal(new Error('the answer was lost'));
    return answer;
  };
  const faulty = <T extends KubeObject>(api: ResourceClient<T>): ResourceClient<T> => ({
    get: (ref) => api.get(ref),
    list: (options) => api.list(options),
    watch: (options) => api.watch(options),
    create: async (object, options) => {
      await refuse();
      return api.create(object, options);
    },
    update: (object, options) => attempt(() => api.update(object, options)),
    updateStatus: (object, options) => attempt(() => api.updateStatus(object, options)),
    patch: (ref, patch, options) => attempt(() => api.patch(ref, patch, options)),
    delete: (ref, options) => attempt(() => api.delete(ref, options)),
    deleteCollection: (list, options) => attempt(() => api.deleteCollection(list, options)),
    subresource: (verb, ref, name, body) => attempt(() => api.subresource(verb, ref, name, body)),
  });
  // Events that fail are tried again by the recorder alone, while time passes.
  return { resource: (kind) => (kind.kind === 'Event' ? client.resource(kind) : faulty(client.resource(kind))) };
}
