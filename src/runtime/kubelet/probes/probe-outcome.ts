/** What one attempt of a probe finds. */

/** `unknown`: the probe itself could not be made; it counts neither way. A success may come with a warning. */
export type ProbeOutcome =
  | { readonly success: true; readonly warning?: string }
  | { readonly success: false; readonly output: string }
  | { readonly success: 'unknown'; readonly output: string };

export const success: ProbeOutcome = { success: true };

/** `output` is the text that the event shows. */
export const failure = (output: string): ProbeOutcome => ({ success: false, output });
