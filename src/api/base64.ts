/** Base64 of text, as Kubernetes writes bytes in JSON. Pure; needs no Node I/O. */

/** The base64 of a text's UTF-8 bytes. */
export const toBase64 = (text: string): string => bytesToBase64(new TextEncoder().encode(text));

const chunk = 0x8000;

function bytesToBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += chunk) binary += String.fromCharCode(...bytes.subarray(i, i + chunk));
  return btoa(binary);
}

/** The text whose UTF-8 bytes a base64 holds; undefined when it is no base64. */
export function fromBase64(base64: string): string | undefined {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** How many bytes a base64 text stands for. */
export function base64ByteLength(base64: string): number {
  let length = base64.length;
  while (length > 0 && base64[length - 1] === '=') length--;
  return Math.floor((length * 3) / 4);
}
