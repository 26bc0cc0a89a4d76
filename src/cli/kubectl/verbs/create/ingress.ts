/** `kubectl create ingress`. Source: kubectl pkg/cmd/create/create_ingress.go. */
import type { JsonObject } from '../../../../api/json.ts';
import { CommandError } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import { compact, generatorCommand } from '../../writing/generator.ts';

/** `host/path=service:port[,tls[=secret]]`. */
const rulePattern = /^(?<host>[\w*.-]*)(?<path>\/.*)=(?<service>[\w-]+:[\w-]+)(?:,(?<tls>tls)=?(?<secret>[\w-]+)?)?/;

interface Rule {
  readonly host: string;
  readonly path: string;
  readonly service: string;
  readonly tls: boolean;
  readonly secret: string;
}

function parseRule(text: string): Rule {
  const groups = rulePattern.exec(text)?.groups;
  if (groups === undefined)
    throw new CommandError(`rule ${text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
  const { host = '', path = '', service = '', tls, secret = '' } = groups;
  return { host, path, service, tls: tls !== undefined, secret };
}

function backend(text: string): JsonObject {
  const [name = '', port = ''] = text.split(':');
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

/** A path that ends in `*` becomes a prefix path; others become exact paths. */
const httpPath = ({ path, service }: Rule): JsonObject =>
  path.endsWith('*')
    ? { backend: backend(service), path: path.slice(0, -1), pathType: 'Prefix' }
    : { backend: backend(service), path, pathType: 'Exact' };

function rulesOf(rules: readonly Rule[]): readonly JsonObject[] {
  const byHost = Map.groupBy(rules, ({ host }) => host);
  return [...byHost].map(([host, own]) => ({ ...compact({ host }), http: { paths: own.map(httpPath) } }));
}

/** Hosts by the secret that holds their certificate; each host counts once. */
function tlsOf(rules: readonly Rule[]): readonly JsonObject[] {
  const secrets = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const { host, secret } of rules.filter(({ tls }) => tls)) {
    if (seen.has(host)) continue;
    seen.add(host);
    secrets.set(secret, [...(secrets.get(secret) ?? []), ...(host === '' ? [] : [host])]);
  }
  return [...secrets].map(([secretName, hosts]) => compact({ hosts, secretName })).filter((entry) => Object.keys(entry).length > 0);
}

function annotationsOf(flags: Flags): JsonObject {
  return Object.fromEntries(
    flags.all('annotation').map((text) => {
      const at = text.indexOf('=');
      if (at === -1) throw new CommandError(`annotation ${text} is invalid and should be in format key=[value]`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

export const createIngress = generatorCommand({
  name: 'ingress',
  aliases: ['ing'],
  summary: 'Create an ingress with the specified name',
  usage: 'NAME --rule=host/path=service:port[,tls[=secret]]  [options]',
  flags: [
    { name: 'class', type: 'string', help: 'Ingress Class to be used' },
    {
      name: 'rule',
      type: 'array',
      help: "Rule in format host/path=service:port[,tls=secretname]. A path that ends in '*' is of type Prefix. tls without a secret leaves it to the controller.",
    },
    { name: 'default-backend', type: 'string', help: 'Default service for backend, in format of svcname:port' },
    { name: 'annotation', type: 'array', help: 'Annotation to insert in the ingress object, in the format annotation=value' },
  ],
  what: 'ingress:',
  resource: { plural: 'ingresses', namespaced: true },
  generate: (name, flags) => {
    const fallback = flags.string('default-backend');
    if (fallback === '' && flags.all('rule').length === 0) {
      throw new CommandError(
        'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
      );
    }
    const rules = flags.all('rule').map(parseRule);
    const annotations = annotationsOf(flags);
    if (fallback !== '' && fallback.split(':').length !== 2)
      throw new CommandError('default-backend should be in format servicename:serviceport');
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, ...compact({ annotations }) },
      spec: compact({
        defaultBackend: fallback === '' ? {} : backend(fallback),
        ingressClassName: flags.string('class'),
        rules: rulesOf(rules),
        tls: tlsOf(rules),
      }),
      status: { loadBalancer: {} },
    };
  },
});
