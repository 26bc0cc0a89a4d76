/** The errors of the library; errors of the API are `StatusError`s. */

/** What was waited for did not come about. */
export class WaitError extends Error {
  /** Such as `deployment/web in namespace default`. */
  readonly object: string;
  /** Why the condition does not hold. */
  readonly reason: string;
  /** What became of the object and of what it owns: conditions, containers, events in order, last lines of logs. */
  readonly story: string;

  constructor(what: {
    readonly object: string;
    readonly condition: string;
    readonly reason: string;
    readonly story: string;
    readonly after: string;
  }) {
    const { object, condition, reason, story, after } = what;
    super(`${object} is not ${condition} ${after}: ${reason}${story === '' ? '' : `\n${story}`}`);
    this.name = 'WaitError';
    this.object = object;
    this.reason = reason;
    this.story = story;
  }
}
