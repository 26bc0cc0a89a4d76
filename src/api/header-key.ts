/**
 * A text as a part of a header's name: bytes that it cannot hold, and percent signs, are escaped. Source: client-go
 * transport/round_trippers.go (headerKeyEscape).
 */
export const headerKey = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(character);
      return plain ? character.toLowerCase() : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
