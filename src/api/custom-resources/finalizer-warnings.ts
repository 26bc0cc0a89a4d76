/**
 * Warnings about the finalizers that a write adds. Source: apiextensions-apiserver
 * pkg/registry/customresource/validator.go.
 */
import { isQualifiedName } from '../names.ts';
import type { KubeObject } from '../object.ts';

const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export function finalizerWarnings(object: KubeObject, previous: KubeObject | undefined): readonly string[] {
  const before = new Set(previous?.metadata.finalizers ?? []);
  const added = new Set((object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer)));
  return [...added].toSorted().flatMap(warningsOf);
}

function warningsOf(finalizer: string): readonly string[] {
  const head = `metadata.finalizers: ${JSON.stringify(finalizer)}`;
  const prefer = 'prefer a domain-qualified finalizer name';
  const warnings = isQualifiedName(finalizer).map((complaint) => `${head}: ${complaint}`);
  if (finalizer.includes('/') || standardFinalizers.has(finalizer)) return warnings;
  const path = finalizer.includes('.') ? ' including a path (/)' : '';
  return [...warnings, `${head}: ${prefer}${path} to avoid accidental conflicts with other finalizer writers`];
}
