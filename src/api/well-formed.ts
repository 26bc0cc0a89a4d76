/**
 * Reads JSON as Go does: an escaped half of a surrogate pair becomes U+FFFD. Source: encoding/json decode.go
 * (unquoteBytes).
 */

/**
 * Matches a pair, a half of one, or any other escape. Other escapes are matched and left alone, so that `\\ud800`
 * behind an escaped backslash stays text.
 */
const escapes = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\./gs;

/** The same JSON text without halves of pairs. Most texts have none and are returned unchanged. */
export const wellFormedJson = (text: string): string =>
  /\\u[dD][89a-fA-F]/.test(text) ? text.replace(escapes, (found) => (found.length === 6 ? '\\ufffd' : found)) : text;
