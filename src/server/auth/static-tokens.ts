/**
 * Users of tokens in a file: `token,user,uid,"group1,group2"` a line. Source: apiserver
 * pkg/authentication/token/tokenfile/tokenfile.go, Go encoding/csv.
 */
import type { UserInfo } from '../registry/registry.ts';

/** Thrown when a file is no list of tokens. */
export class TokenFileError extends Error {}

/** The fields of each record. A field in quotes may hold commas, line breaks and doubled quotes. */
function recordsIn(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const start = field.lastIndex;
    const found = field.exec(text);
    if (found === null) {
      throw new TokenFileError(`line ${text.slice(0, start).split('\n').length} has a quote where none may be, or one that is not closed`);
    }
    const [, quoted, plain = '', end] = found;
    record.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') {
      if (field.lastIndex < text.length) continue;
      record.push('');
    }
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

/** The users of the tokens in a file. The last of equal tokens counts. Throws TokenFileError. */
export function readTokenFile(text: string): ReadonlyMap<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  for (const record of recordsIn(text)) {
    const [token = '', name = '', uid = '', groups = ''] = record;
    if (record.length < 3) {
      throw new TokenFileError(`it must have at least 3 columns (token, user name, user uid), found ${record.length}`);
    }
    if (token !== '') users.set(token, { name, uid, groups: groups === '' ? [] : groups.split(','), extra: {} });
  }
  return users;
}

/** Makes the authenticator. */
export const staticTokenAuthenticator = (users: ReadonlyMap<string, UserInfo>) => ({
  authenticate: ({ bearerToken }: { readonly bearerToken: string | undefined }): UserInfo | undefined => users.get(bearerToken ?? ''),
});
