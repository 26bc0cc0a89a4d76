/** The file with tokens that a cluster's settings name. */
import { readFileSync } from 'node:fs';
import { errorText } from '../api/error-text.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import { readTokenFile, staticTokenAuthenticator, TokenFileError } from '../server/auth/static-tokens.ts';

/** The authenticators of static tokens: none when the settings name no file. Throws UserError. */
export function readStaticTokens({ tokenAuthFile: path }: Pick<ClusterSettings, 'tokenAuthFile'>) {
  if (path === undefined) return [];
  try {
    return [staticTokenAuthenticator(readTokenFile(readFileSync(path, 'utf8')))];
  } catch (error) {
    const isWrong = error instanceof TokenFileError;
    const text = isWrong ? `the token file ${path} is not valid: ${error.message}` : `the token file cannot be read: ${errorText(error)}`;
    throw new UserError(text, [], { cause: error });
  }
}
