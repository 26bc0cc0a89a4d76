/**
 * Warnings about files of one volume whose paths overlap. Source: pkg/api/pod/warnings.go,
 * warningsForOverlappingVirtualPaths.
 */
import type { Volume, VolumeProjection } from '../../generated/core/v1.ts';

/**
 * The most pairs that are compared; no Pod that runs has more. Differs: upstream compares all pairs, so its time grows
 * with the square of their number.
 */
const maxComparisons = 200_000;

interface Placed {
  readonly path: string;
  /** The source that writes the path; empty where the volume has only one source. */
  readonly source: string;
}

const shown = ({ path, source }: Placed): string => (source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`);

function collides(a: string, b: string): boolean {
  if (a === '' || b === '') return false;
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function overlaps(files: readonly Placed[]): readonly string[] {
  const found: string[] = [];
  const earlier: Placed[] = [];
  let comparisons = 0;
  for (const file of files) {
    const placed = { ...file, path: file.path.replace(/\/+$/, '') };
    for (const other of earlier) {
      comparisons += 1;
      if (comparisons > maxComparisons) return found;
      if (collides(other.path, placed.path)) found.push(`${shown(placed)} with ${shown(other)}`);
    }
    earlier.push(placed);
  }
  return found;
}

const placed = (items: ReadonlyArray<{ readonly path: string }> | undefined, source = ''): readonly Placed[] =>
  (items ?? []).map(({ path }) => ({ path, source }));

function projected({
  configMap,
  secret,
  downwardAPI,
  serviceAccountToken,
  clusterTrustBundle,
  podCertificate,
}: VolumeProjection): readonly Placed[] {
  if (configMap?.items !== undefined) return placed(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items !== undefined) return placed(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items !== undefined) return placed(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken !== undefined) return placed([serviceAccountToken], 'ServiceAccountToken');
  if (clusterTrustBundle !== undefined) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '';
    return placed([clusterTrustBundle], `ClusterTrustBundle ${JSON.stringify(name)}`);
  }
  const files = [
    [podCertificate?.certificateChainPath, 'PodCertificate chain'],
    [podCertificate?.keyPath, 'PodCertificate key'],
    [podCertificate?.credentialBundlePath, 'PodCertificate credential bundle'],
  ] as const;
  return files.flatMap(([path = '', source]) => (path === '' ? [] : [{ path, source }]));
}

function volumeWarnings({ name, configMap, secret, downwardAPI, projected: all }: Volume): readonly string[] {
  const quoted = JSON.stringify(name);
  const warnings = (what: string, files: readonly Placed[]): readonly string[] =>
    overlaps(files).map((overlap) => `volume ${quoted} (${what}): overlapping paths: ${overlap}`);
  const empty = (all?.sources ?? []).filter((source) => Object.keys(source).length === 0);
  return [
    ...warnings(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, placed(configMap?.items)),
    ...warnings(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, placed(secret?.items)),
    ...warnings('DownwardAPI', placed(downwardAPI?.items)),
    ...empty.map(() => `volume ${quoted} (Projected) has no sources provided`),
    ...warnings('Projected', (all?.sources ?? []).flatMap(projected)),
  ];
}

export const overlappingPathWarnings = (volumes: readonly Volume[]): readonly string[] => volumes.flatMap(volumeWarnings);
