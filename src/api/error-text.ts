/** Renders thrown values as text. JavaScript can throw any value, not only errors. */

/** The message of an error; any other value as text. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The stack of an error, which begins with its message; any other value as text. For logs. */
export const errorStack = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
