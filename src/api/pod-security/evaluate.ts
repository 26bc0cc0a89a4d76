/** Judges pods by a level and version. Source: pod-security-admission policy/registry.go. */
import { baselineChecks } from './baseline-checks.ts';
import type { Check, CheckedPod, CheckVersion, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted-checks.ts';

/** What is forbidden, in the order of upstream's messages; empty when the pod is allowed. */
export function violations({ level, version }: LevelVersion, pod: CheckedPod): readonly Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : Number(version.slice('v1.'.length));
  const found: Violation[] = [];
  const judge = (check: CheckVersion): void => {
    const violation = check.judge(pod);
    if (violation !== undefined) found.push(violation);
  };
  const restricted = level === 'restricted' ? restrictedChecks.flatMap((check) => atMinor(check, minor)) : [];
  for (const check of baselineChecks) {
    if (!restricted.some(({ replaces }) => replaces === check.id)) atMinor(check, minor).forEach(judge);
  }
  restricted.forEach(judge);
  return found;
}

/** The check as it was in a minor version; none where there was none yet. */
const atMinor = ({ versions }: Check, minor: number): readonly CheckVersion[] => {
  const found = versions.findLast(({ since }) => since <= minor);
  return found === undefined ? [] : [found];
};

/** `host namespaces (hostNetwork=true), privileged (…)`: for messages about one pod. */
export const violationDetails = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');

/** `host namespaces, privileged`: for messages about many pods. */
export const violationReasons = (found: readonly Violation[]): string => found.map(({ reason }) => reason).join(', ');
