/**
 * The Pod Security policy of a namespace, as its labels say. Source: pod-security-admission api/{constants,helpers}.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../field-error.ts';

const levels = ['privileged', 'baseline', 'restricted'] as const;

/** From the loosest to the strictest: see `compareLevels`. */
export type PodSecurityLevel = (typeof levels)[number];

/** A level as it was in one minor version of Kubernetes. Comparable by its two texts. */
export interface LevelVersion {
  readonly level: PodSecurityLevel;
  /** `latest` or `v1.N`. */
  readonly version: string;
}

export type PodSecurityMode = 'enforce' | 'audit' | 'warn';

export type PodSecurityPolicy = Readonly<Record<PodSecurityMode, LevelVersion>>;

type Labels = Readonly<Record<string, string>> | undefined;

/** What all labels of Pod Security, and its audit annotations, begin with. */
export const podSecurityPrefix = 'pod-security.kubernetes.io/';

const labelsPath = FieldPath.root.field('metadata', 'labels');
const highestMinor = 2n ** 63n - 1n;

export const isLevel = (text: string): text is PodSecurityLevel => levels.some((level) => level === text);

/** Negative when `a` is looser than `b`, positive when it is stricter. */
export const compareLevels = (a: PodSecurityLevel, b: PodSecurityLevel): number => levels.indexOf(a) - levels.indexOf(b);

export function isPolicyVersion(text: string): boolean {
  if (text === 'latest') return true;
  return /^v1\.(0|[1-9]\d*)$/.test(text) && BigInt(text.slice('v1.'.length)) <= highestMinor;
}

/** `restricted:latest`. */
export const levelVersionText = ({ level, version }: LevelVersion): string => `${level}:${version}`;

const sameText = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.version === b.version;

export { sameText as sameLevelVersion };

/** Whether two policies allow the same pods. The version does not matter where everything is allowed. */
export const equivalentPolicies = (a: PodSecurityPolicy, b: PodSecurityPolicy): boolean =>
  equivalent(a.enforce, b.enforce) && equivalent(a.audit, b.audit) && equivalent(a.warn, b.warn);

const equivalent = (a: LevelVersion, b: LevelVersion): boolean => (a.level === 'privileged' && b.level === 'privileged') || sameText(a, b);

export const isFullyPrivileged = ({ enforce, audit, warn }: PodSecurityPolicy): boolean =>
  enforce.level === 'privileged' && audit.level === 'privileged' && warn.level === 'privileged';

/** Allows everything: what a cluster applies to a namespace without labels. */
export const privilegedPolicy: PodSecurityPolicy = {
  enforce: { level: 'privileged', version: 'latest' },
  audit: { level: 'privileged', version: 'latest' },
  warn: { level: 'privileged', version: 'latest' },
};

/** What the labels of one mode say, and what is wrong with them. Only labels that are present show. */
interface ModeLabels {
  readonly level?: PodSecurityLevel;
  readonly version?: string;
  readonly errors: readonly FieldError[];
}

/**
 * The policy of a namespace with these labels; `defaults` applies where labels are silent. There is a policy even when
 * labels cannot be read: enforcement then is strict, audit and warnings are off.
 */
export function policyOf(labels: Labels, defaults: PodSecurityPolicy): { policy: PodSecurityPolicy; errors: readonly FieldError[] } {
  if (labels === undefined) return { policy: defaults, errors: [] };
  const enforce = modeLabels(labels, 'enforce', 'restricted');
  const audit = modeLabels(labels, 'audit', 'privileged');
  const warn = modeLabels(labels, 'warn', 'privileged');
  const policy = { enforce: applied(enforce, defaults.enforce), audit: applied(audit, defaults.audit), warn: applied(warn, defaults.warn) };
  const errors = [...enforce.errors, ...audit.errors, ...warn.errors];
  // Warnings follow an explicit enforcement that is stricter than they are, unless labels say how to warn.
  const stated = labels[`${podSecurityPrefix}enforce`];
  const follows = warn.level === undefined && stated !== undefined && isLevel(stated) && compareLevels(stated, policy.warn.level) > 0;
  if (!follows) return { policy, errors };
  const version = warn.version ?? policy.enforce.version;
  return { policy: { ...policy, warn: { level: policy.enforce.level, version } }, errors };
}

const applied = ({ level, version }: ModeLabels, { level: defaultLevel, version: defaultVersion }: LevelVersion): LevelVersion => ({
  level: level ?? defaultLevel,
  version: version ?? defaultVersion,
});

function modeLabels(labels: Readonly<Record<string, string>>, mode: PodSecurityMode, instead: PodSecurityLevel): ModeLabels {
  const errors: FieldError[] = [];
  const refuse = (label: string, value: string, detail: string): void => {
    errors.push(fieldErrors.invalid(labelsPath.key(label), value, detail));
  };
  const levelLabel = `${podSecurityPrefix}${mode}`;
  const level = labels[levelLabel];
  if (level !== undefined && !isLevel(level)) refuse(levelLabel, level, `must be one of ${levels.join(', ')}`);
  const versionLabel = `${podSecurityPrefix}${mode}-version`;
  const version = labels[versionLabel];
  const valid = version === undefined || isPolicyVersion(version);
  if (!valid) refuse(versionLabel, version, 'must be "latest" or "v1.x"');
  return {
    ...(level === undefined ? {} : { level: isLevel(level) ? level : instead }),
    ...(version === undefined ? {} : { version: valid ? version : 'latest' }),
    errors,
  };
}
