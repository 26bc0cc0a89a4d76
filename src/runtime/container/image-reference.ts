import { RuntimeError } from './container-runtime.ts';

/** An image name, parsed and completed as the engine does: `busybox` is `docker.io/library/busybox:latest`. */
export interface ImageReference {
  readonly domain: string;
  readonly path: string;
  /** Absent when only a digest is given. */
  readonly tag?: string;
  /** `sha256:…`. */
  readonly digest?: string;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?$|^\[[0-9a-fA-F:]+\](?::[0-9]+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Parses an image name. Throws RuntimeError 'InvalidImageName'. Source: github.com/distribution/reference. */
export function parseImageReference(image: string): ImageReference {
  const invalid = (why: string): RuntimeError =>
    new RuntimeError('InvalidImageName', `couldn't parse image name "${image}": invalid reference format${why}`);
  const [beforeDigest = '', digest, ...more] = image.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) throw invalid('');
  const slash = beforeDigest.indexOf('/');
  const first = slash < 0 ? '' : beforeDigest.slice(0, slash);
  const hasDomain = slash >= 0 && (/[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = hasDomain ? first : 'docker.io';
  const rest = hasDomain ? beforeDigest.slice(slash + 1) : beforeDigest;
  const colon = rest.lastIndexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (hasDomain && !DOMAIN.test(domain)) throw invalid('');
  if (path !== path.toLowerCase()) throw invalid(`: repository name (${path}) must be lowercase`);
  if (!path.split('/').every((component) => COMPONENT.test(component))) throw invalid('');
  if (tag !== undefined && !TAG.test(tag)) throw invalid('');
  const official = domain === 'docker.io' && !path.includes('/');
  return {
    domain,
    path: official ? `library/${path}` : path,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The complete name: `docker.io/library/busybox:1.36`. */
export function canonicalImageName(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.domain}/${reference.path}${tag}${digest}`;
}

/** The name as Docker shows it: without `docker.io/` and `library/`. */
export function familiarImageName(reference: ImageReference): string {
  return canonicalImageName(reference).replace(/^docker\.io\/(?:library\/)?/, '');
}

/** The forms of an image's name, with and without its registry and its tag. */
export function imageNames(image: string): readonly string[] {
  try {
    const whole = parseImageReference(image);
    const bare = { domain: whole.domain, path: whole.path };
    return [image, ...[whole, bare].flatMap((name) => [familiarImageName(name), canonicalImageName(name)])];
  } catch (error) {
    if (error instanceof RuntimeError) return [image];
    throw error;
  }
}
