/**
 * Determines which entries of a kubeconfig belong to a cluster. Names cannot tell: another cluster may have the same
 * name, and entries can be renamed. An entry belongs to the cluster when it carries the cluster's authority, or the
 * cluster's server and no other authority.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Kubeconfig, KubeconfigCluster, KubeconfigFile, KubeconfigUser } from '../../client/kubeconfig.ts';

/** The marks by which a cluster's entries are recognised. */
export interface ClusterMarks {
  /** Certificate authorities that the cluster has or had, PEM. */
  readonly authorities: readonly string[];
  /** Addresses of its API, e.g. `https://127.0.0.1:6443`. */
  readonly apiUrls: readonly string[];
}

export const noMarks: ClusterMarks = { authorities: [], apiUrls: [] };

/** Names of a cluster's entries, in the order of the file. */
export interface OwnEntries {
  readonly clusters: readonly string[];
  readonly users: readonly string[];
  readonly contexts: readonly string[];
}

/** Names of the authorities and administrators that minik makes. Source: src/server/pki/pki.ts */
const minikAuthority = /^CN=minik-ca-[0-9a-f]+$/;
const administrator = 'O=system:masters\nCN=kubernetes-admin';

function certificateOf(pem: string | undefined): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return; // not a certificate, so minik did not write it
  }
}

/**
 * PEM text of inline data or of a file; inline data takes precedence, as in kubectl. A file that cannot be read counts
 * as absent.
 */
function pemOf(data: string | undefined, path: string | undefined): string | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return; // somebody's file that is not there
  }
}

const authorityOf = (cluster: KubeconfigCluster): string | undefined =>
  pemOf(cluster['certificate-authority-data'], cluster['certificate-authority']);

const namesAuthority = (cluster: KubeconfigCluster): boolean =>
  Boolean(cluster['certificate-authority-data']) || Boolean(cluster['certificate-authority']);

const hasMinikAuthority = (cluster: KubeconfigCluster): boolean => minikAuthority.test(certificateOf(authorityOf(cluster))?.subject ?? '');

function isOwnCluster(cluster: KubeconfigCluster, marks: ClusterMarks): boolean {
  const authority = authorityOf(cluster)?.trim();
  if (authority !== undefined && marks.authorities.some((own) => own.trim() === authority)) return true;
  return marks.apiUrls.includes(cluster.server ?? '') && !namesAuthority(cluster);
}

/**
 * True for the administrator whom one of the cluster's authorities certified. Other users with certificates of that
 * authority were made by the cluster's owner and are left alone.
 */
function isOwnUser(user: KubeconfigUser, marks: ClusterMarks): boolean {
  const certificate = certificateOf(pemOf(user['client-certificate-data'], user['client-certificate']));
  if (certificate?.subject !== administrator) return false;
  return marks.authorities.some((own) => {
    const authority = certificateOf(own);
    return authority !== undefined && certificate.verify(authority.publicKey);
  });
}

/**
 * The entries of one file that belong to the cluster. Its contexts may refer to clusters in other files, which are in
 * `merged`.
 */
export function ownEntries(content: Kubeconfig, merged: Kubeconfig, marks: ClusterMarks): OwnEntries {
  const clusterOf = (name: string): KubeconfigCluster | undefined => content.clusters.get(name) ?? merged.clusters.get(name);
  const userOf = (name: string): KubeconfigUser | undefined => content.users.get(name) ?? merged.users.get(name);
  const isOwnContext = (context: { readonly cluster: string; readonly user: string }): boolean => {
    const [cluster, user] = [clusterOf(context.cluster), userOf(context.user)];
    // A context whose cluster does not exist is judged by its user.
    return cluster === undefined ? user !== undefined && isOwnUser(user, marks) : isOwnCluster(cluster, marks);
  };
  const names = <T>(entries: ReadonlyMap<string, T>, isOwn: (entry: T) => boolean): readonly string[] =>
    [...entries].filter(([, entry]) => isOwn(entry)).map(([name]) => name);
  return {
    clusters: names(content.clusters, (cluster) => isOwnCluster(cluster, marks)),
    users: names(content.users, (user) => isOwnUser(user, marks)),
    contexts: names(content.contexts, isOwnContext),
  };
}

/** The marks of what a deleted minik cluster left under a name; none when the cluster of that name is not minik's. */
export function leftoverMarks(file: Pick<KubeconfigFile, 'content'>, name: string): ClusterMarks {
  const cluster = file.content.clusters.get(name);
  if (cluster === undefined || !hasMinikAuthority(cluster)) return noMarks;
  return { authorities: [authorityOf(cluster) ?? ''], apiUrls: [] };
}
