/**
 * `minik envtest kube-apiserver` (hidden): in the place of the kube-apiserver of an envtest control plane. Takes the
 * flags that envtest passes and those that its users add; serves with the given certificates until a signal asks it to
 * end.
 *
 * `MINIK_ENVTEST_CONTROLLERS` names the controllers that run beside it, separated by commas (`gc,namespace`), or `all`;
 * default: none, as with the real one.
 */
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { errorText } from '../../../api/error-text.ts';
import { kubernetesVersion } from '../../../version.ts';
import { type ApiServerChoices, UserError } from '../../cluster-port.ts';
import type { Signals } from '../signals.ts';
import type { VerbContext } from '../verb.ts';
import { dataFolderPath } from './etcd.ts';
import { programFlags } from './program-flags.ts';

const known = [
  ...['secure-port', 'bind-address', 'cert-dir', 'tls-cert-file', 'tls-private-key-file', 'client-ca-file', 'etcd-servers'],
  ...['service-cluster-ip-range', 'authorization-mode', 'disable-admission-plugins', 'enable-admission-plugins'],
  ...['service-account-issuer', 'service-account-signing-key-file', 'service-account-key-file', 'token-auth-file'],
  ...['admission-control-config-file', 'audit-log-path', 'audit-policy-file', 'version'],
];
/** Of kube-apiserver's flags, those that test set-ups use and that change nothing here. */
const ignored = [
  ...[
    'advertise-address',
    'allow-privileged',
    'anonymous-auth',
    'api-audiences',
    'audit-log-maxage',
    'audit-log-maxbackup',
    'audit-log-maxsize',
  ],
  ...['default-watch-cache-size', 'enable-aggregator-routing', 'enable-bootstrap-token-auth', 'enable-priority-and-fairness'],
  ...[
    'endpoint-reconciler-type',
    'etcd-prefix',
    'etcd-compaction-interval',
    'event-ttl',
    'external-hostname',
    'feature-gates',
    'goaway-chance',
  ],
  ...['http2-max-streams-per-connection', 'kubelet-certificate-authority', 'kubelet-client-certificate', 'kubelet-client-key'],
  ...[
    'kubelet-preferred-address-types',
    'logging-format',
    'max-mutating-requests-inflight',
    'max-requests-inflight',
    'min-request-timeout',
  ],
  ...['profiling', 'proxy-client-cert-file', 'proxy-client-key-file', 'request-timeout', 'requestheader-allowed-names'],
  ...[
    'requestheader-client-ca-file',
    'requestheader-extra-headers-prefix',
    'requestheader-group-headers',
    'requestheader-username-headers',
  ],
  ...[
    'runtime-config',
    'service-account-lookup',
    'service-account-max-token-expiration',
    'service-node-port-range',
    'shutdown-delay-duration',
  ],
  ...[
    'storage-backend',
    'storage-media-type',
    'strict-transport-security-directives',
    'tls-cipher-suites',
    'tls-min-version',
    'watch-cache',
  ],
];

export const apiServerFlags: readonly string[] = [...known, ...ignored];

const listOf = (text: string | undefined): readonly string[] => (text ?? '').split(',').filter((word) => word !== '');

function read(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`--${flag}: ${errorText(error)}`, [], { cause: error });
  }
}

/** Asks the etcd beside it where the objects are kept. Rejects with UserError when that is another one than minik's. */
function dataFolder(etcd: string): Promise<string> {
  return new Promise((done, fail) => {
    const refuse = (cause?: unknown): void =>
      fail(
        new UserError(`--etcd-servers: ${etcd} is not the etcd of "minik envtest assets", which belongs to this kube-apiserver`, [], {
          cause,
        }),
      );
    const asked = get(`${etcd.replace(/\/$/, '')}${dataFolderPath}`, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode !== 200) return refuse();
        const { folder } = JSON.parse(text) as { readonly folder: string }; // from etcd.ts
        done(folder);
      });
    });
    asked.on('error', refuse);
  });
}

function controllersOf(text: string | undefined): readonly string[] | undefined {
  const names = listOf(text);
  return names.includes('all') ? undefined : names;
}

/** Throws UserError for a mode that would let nobody in, or everybody. */
function checkAuthorization(modes: readonly string[]): void {
  const other = modes.find((mode) => mode !== 'RBAC' && mode !== 'Node');
  if (other !== undefined) throw new UserError(`--authorization-mode: minik authorizes by RBAC and Node, not by ${other}`);
}

/** Serves until a signal asks it to end; resolves with the exit code. Rejects with UserError. */
export async function envtestApiServer(context: VerbContext, args: readonly string[], signals: Signals): Promise<number> {
  const flags = programFlags(args, { known, ignored });
  if (flags.has('version')) {
    context.terminal.out(`Kubernetes ${kubernetesVersion}\n`);
    return 0;
  }
  const ending = new Promise<void>((end) => signals.listen(() => end()));
  checkAuthorization(listOf(flags.get('authorization-mode')));
  const certificates = flags.get('cert-dir') ?? '/var/run/kubernetes';
  const file = (flag: string): string | undefined => {
    const path = flags.get(flag);
    return path === undefined ? undefined : read(path, flag);
  };
  const path = (flag: string): string | undefined => {
    const given = flags.get(flag);
    return given === undefined || given === '' || given === '-' ? undefined : resolve(given);
  };
  const [etcd = 'http://127.0.0.1:2379'] = listOf(flags.get('etcd-servers'));
  const [serviceCidr = '10.0.0.0/24'] = listOf(flags.get('service-cluster-ip-range'));
  const [host, folder] = await Promise.all([context.loadClusterHost(), dataFolder(etcd)]);
  const choices: ApiServerChoices = {
    folder,
    host: flags.get('bind-address') ?? '0.0.0.0',
    port: Number(flags.get('secure-port') ?? 6443),
    serviceCidr,
    serving: {
      certificate: file('tls-cert-file') ?? read(join(certificates, 'apiserver.crt'), 'cert-dir'),
      key: file('tls-private-key-file') ?? read(join(certificates, 'apiserver.key'), 'cert-dir'),
    },
    clientCertificateAuthority: file('client-ca-file'),
    serviceAccountKey: file('service-account-signing-key-file'),
    settings: {
      controllers: controllersOf(context.terminal.env.MINIK_ENVTEST_CONTROLLERS),
      disabledAdmission: listOf(flags.get('disable-admission-plugins')),
      serviceAccountIssuer: flags.get('service-account-issuer'),
      tokenAuthFile: path('token-auth-file'),
      admissionConfigFile: path('admission-control-config-file'),
      auditLogPath: path('audit-log-path'),
      auditPolicyFile: path('audit-policy-file'),
    },
    log: context.openLog(),
  };
  const server = await host.serveApi(choices);
  await ending;
  await server.stop();
  return 0;
}
