/** The outcome of one attempt of a probe. */

/**
 * `unknown`: the probe itself could not be run; it counts neither as success nor as failure. A success may come with a
 * warning.
 */
export type ProbeOutcome =
  | { readonly success: true; readonly warning?: string }
  | { readonly success: false; readonly output: string }
  | { readonly success: 'unknown'; readonly output: string };

export const success: ProbeOutcome = { success: true };

/** `output` is the text that the event shows. */
export const failure = (output: string): ProbeOutcome => ({ success: false, output });
