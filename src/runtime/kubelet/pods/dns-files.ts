/**
 * The files by which a container resolves names: `/etc/hosts` and `/etc/resolv.conf`. Source:
 * pkg/kubelet/kubelet_pods.go (hostsEntriesFromHostAliases, managedHostsFileContent); pkg/kubelet/network/dns/dns.go.
 */
import type { HostAlias, Pod } from '../../../api/generated/core/v1.ts';
import { PodConfigError } from './pod-sources.ts';

const managedHostsHeader = '# Kubernetes-managed hosts file.\n';
const managedHostsHeaderOnHost = '# Kubernetes-managed hosts file (host network).\n';
const maxNameservers = 3;
const maxSearchPaths = 32;
const maxSearchPathChars = 253;
const maxSearchChars = 2048;

/** The kernel's limit. Source: pkg/kubelet/util/util.go (GetNodenameForKernel). */
const maxFqdnChars = 64;

const truncated = (hostname: string): string => hostname.slice(0, 63).replace(/[-.]+$/, '');

/**
 * The host name of a pod and its DNS domain ('' without a subdomain). Throws when the pod asks for a host name that the
 * kernel does not take. Source: pkg/kubelet/kubelet_pods.go (GeneratePodHostNameAndDomain).
 */
export function podHostname(pod: Pod, clusterDomain: string): { readonly hostname: string; readonly domain: string } {
  if (pod.spec.hostnameOverride !== undefined) return { hostname: truncated(pod.spec.hostnameOverride), domain: '' };
  const hostname = truncated(pod.spec.hostname ?? pod.metadata.name);
  const subdomain = pod.spec.subdomain ?? '';
  const domain = subdomain === '' ? '' : `${subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}`;
  if (pod.spec.setHostnameAsFQDN !== true || domain === '') return { hostname, domain };
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > maxFqdnChars) {
    throw new PodConfigError(
      'FailedCreatePodSandBox',
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${maxFqdnChars} characters is the max, ${fqdn.length} characters requested)`,
    );
  }
  return { hostname: fqdn, domain };
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}

export interface HostsFileInput {
  readonly pod: Pod;
  /** The pod's IP; '' before it is known. */
  readonly ip: string;
  readonly hostname: string;
  readonly domain: string;
  /** The node's own `/etc/hosts`, which pods on the host network get. */
  readonly hostFile: string;
}

/** The content of a pod's `/etc/hosts`. */
export function hostsFile(input: HostsFileInput): string {
  const aliases = aliasLines(input.pod.spec.hostAliases ?? []);
  if (input.pod.spec.hostNetwork === true) {
    return `${managedHostsHeaderOnHost}${input.hostFile}${aliases}`;
  }
  const own =
    input.domain === ''
      ? `${input.ip}\t${input.hostname}\n`
      : `${input.ip}\t${input.hostname.includes('.') ? input.hostname : `${input.hostname}.${input.domain}`}\t${input.hostname.split('.')[0] ?? ''}\n`;
  return (
    `${managedHostsHeader}127.0.0.1\tlocalhost\n` +
    '::1\tlocalhost ip6-localhost ip6-loopback\n' +
    'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n' +
    `${input.ip === '' ? '' : own}${aliases}`
  );
}

export interface ResolverConfig {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** Reads a resolv.conf. The last `search` or `domain` line wins, as in glibc. */
export function parseResolvConf(text: string): ResolverConfig {
  const nameservers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) nameservers.push(values[0]);
    else if (keyword === 'search' || keyword === 'domain') searches = values.map((s) => s.replace(/(.)\.$/, '$1'));
    else if (keyword === 'options') options = values;
  }
  return { nameservers, searches, options };
}

/**
 * Merges resolver options. A later option replaces an earlier one of the same name: the pod's `dnsConfig` overrides the
 * policy's.
 */
function mergeOptions(
  base: readonly string[],
  extra: readonly { readonly name?: string | undefined; readonly value?: string | undefined }[],
): string[] {
  const merged = new Map(base.map((option) => [option.split(':')[0] ?? option, option]));
  for (const { name, value } of extra) {
    if (name !== undefined) merged.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  }
  return [...merged.values()];
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/**
 * The search domains within glibc's limits of number and length. Excess domains are dropped from the end. Source:
 * dns.go (formDNSSearchFitsLimits).
 */
function limitedSearches(searches: readonly string[]): readonly string[] {
  const kept = searches.slice(0, maxSearchPaths).filter(({ length }) => length <= maxSearchPathChars);
  let chars = kept.join(' ').length;
  while (chars > maxSearchChars) chars -= (kept.pop() ?? '').length + 1;
  return kept;
}

export interface ResolvConfInput {
  readonly pod: Pod;
  readonly clusterDomain: string;
  /** '' when the cluster has no DNS. */
  readonly clusterDns: string;
  readonly host: ResolverConfig;
}

export interface ResolvConf {
  readonly text: string;
  /** What was left out, as event messages. */
  readonly warnings: readonly string[];
}

/** The content of a pod's `/etc/resolv.conf`, from its DNS policy and `dnsConfig`. */
export function resolvConf({ pod, clusterDomain, clusterDns, host }: ResolvConfInput): ResolvConf {
  const { dnsPolicy, dnsConfig, hostNetwork } = pod.spec;
  const clusterFirst =
    clusterDns !== '' && ((dnsPolicy === 'ClusterFirst' && hostNetwork !== true) || dnsPolicy === 'ClusterFirstWithHostNet');
  const namespace = pod.metadata.namespace ?? '';
  let base: ResolverConfig = host;
  if (dnsPolicy === 'None') base = { nameservers: [], searches: [], options: [] };
  else if (clusterFirst) {
    base = {
      nameservers: [clusterDns],
      searches: unique([`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...host.searches]),
      options: ['ndots:5'],
    };
  }
  const allServers = unique([...base.nameservers, ...(dnsConfig?.nameservers ?? [])]);
  const nameservers = allServers.slice(0, maxNameservers);
  const allSearches = unique([...base.searches, ...(dnsConfig?.searches ?? [])]);
  const searches = limitedSearches(allSearches);
  const warnings: string[] = [];
  const omitted = (what: string, names: string, line: string, applied: readonly string[]): void => {
    warnings.push(`${what} limits were exceeded, some ${names} have been omitted, the applied ${line} is: ${applied.join(' ')}`);
  };
  if (nameservers.length < allServers.length) omitted('Nameserver', 'nameservers', 'nameserver line', nameservers);
  if (searches.length < allSearches.length) omitted('Search Line', 'search paths', 'search line', searches);
  const options = mergeOptions(base.options, dnsConfig?.options ?? []);
  let text = '';
  if (searches.length > 0) text += `search ${searches.join(' ')}\n`;
  for (const nameserver of nameservers) text += `nameserver ${nameserver}\n`;
  if (options.length > 0) text += `options ${options.join(' ')}\n`;
  return { text, warnings };
}
