/**
 * Calls a function `count` times in batches of 1, 2, 4 …; the calls of a batch run concurrently. After a failure the
 * current batch is completed and later ones are skipped. Returns how many calls succeeded and the first error. Source:
 * pkg/controller/replicaset/replica_set.go slowStartBatch.
 */
export async function inSlowStart(
  count: number,
  call: () => Promise<void>,
): Promise<{ readonly successes: number; readonly error?: unknown }> {
  let successes = 0;
  let remaining = count;
  for (let size = Math.min(1, remaining); size > 0; size = Math.min(2 * size, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: size }, call));
    const failed = results.find((result) => result.status === 'rejected');
    successes += results.filter(({ status }) => status === 'fulfilled').length;
    if (failed !== undefined) return { successes, error: failed.reason };
    remaining -= size;
  }
  return { successes };
}
