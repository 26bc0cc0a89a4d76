/**
 * For which images that are here already it is verified that a pod could pull them. Pure. Source:
 * pkg/kubelet/images/pullmanager/image_pull_policies.go.
 */
import { RuntimeError } from '../../container/container-runtime.ts';
import { parseImageReference } from '../../container/image-reference.ts';

export const verificationPolicies = ['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const;

export type VerificationPolicy = (typeof verificationPolicies)[number];

export interface PullVerification {
  readonly policy: VerificationPolicy;
  /** Names of images without tag and digest, or beginnings of names that end with `/*`. */
  readonly allowlist: readonly string[];
}

/** Why an entry of the allowlist is none, in upstream's words; undefined when it is one. */
export function allowlistProblem(pattern: string): string | undefined {
  if (pattern !== pattern.trim()) return `leading/trailing spaces are not allowed: ${pattern}`;
  const isWildcard = pattern.endsWith('/*');
  const rest = isWildcard ? pattern.slice(0, -1) : pattern;
  if (rest === '') return `the supplied pattern is too short: ${pattern}`;
  if (rest.includes('*')) return `not a valid wildcard pattern, only patterns ending with '/*' are allowed: ${pattern}`;
  if (isWildcard) return rest === '/' ? 'at least registry hostname is required' : undefined;
  try {
    parseImageReference(rest);
  } catch (error) {
    if (error instanceof RuntimeError) return `failed to parse as an image name: ${error.message}`;
    throw error;
  }
  return bareImageName(rest) === rest ? undefined : `neither tag nor digest is accepted in an image reference: ${pattern}`;
}

/** The name as it was written, without tag and digest. */
export function bareImageName(image: string): string {
  const beforeDigest = image.split('@')[0] ?? '';
  const colon = beforeDigest.lastIndexOf(':');
  return colon > beforeDigest.lastIndexOf('/') ? beforeDigest.slice(0, colon) : beforeDigest;
}

/** Whether it is verified that a pod may use an image. `isPulled`: a kubelet has pulled it. */
export function mustVerify({ policy, allowlist }: PullVerification, image: string, isPulled: boolean): boolean {
  switch (policy) {
    case 'NeverVerify':
      return false;
    case 'NeverVerifyPreloadedImages':
      return isPulled;
    case 'NeverVerifyAllowlistedImages': {
      const name = bareImageName(image);
      return !allowlist.some((entry) => (entry.endsWith('/*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
    }
    case 'AlwaysVerify':
      return true;
  }
}
