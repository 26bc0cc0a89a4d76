/** `kubectl create deployment`. Source: kubectl pkg/cmd/create/create_deployment.go. */
import { randomSuffix } from '../../../../api/names.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject } from '../../command/session.ts';
import { createObject } from '../../writing/generator.ts';
import { saveConfigFlag, validateFlag, writeFlags } from '../../writing/write-flags.ts';
import { nameArgument } from '../../writing/writing.ts';

/** Derives a container name from an image: only letters, digits and dashes, and none of the names in `taken`. */
function containerName(image: string, taken: ReadonlySet<string>, suffix: () => string): string {
  const last = image.split('/').at(-1) ?? '';
  const base = (last.split(':')[0] ?? '').split('@')[0] ?? '';
  const clean = base
    .replace(/[_.]/g, '-')
    .replace(/[^-a-z0-9]/g, '')
    .replace(/^-+|-+$/g, '');
  return taken.has(clean) || clean !== base ? `${clean.slice(0, 57)}-${suffix()}` : clean;
}

export interface DeploymentOptions {
  readonly images: readonly string[];
  readonly replicas: number;
  /** -1: none. */
  readonly port: number;
  readonly command: readonly string[];
}

/** The Deployment as upstream's generator makes it. */
export function generateDeployment(name: string, options: DeploymentOptions): ApiObject {
  const taken = new Set<string>();
  const containers = options.images.map((image, index) => {
    const container = containerName(image, taken, () => randomSuffix(5, Math.random));
    taken.add(container);
    return {
      name: container,
      image,
      resources: {},
      ...(options.command.length > 0 ? { command: options.command } : {}),
      ...(options.port >= 0 && index === 0 ? { ports: [{ containerPort: options.port }] } : {}),
    };
  });
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: labels },
      strategy: {},
      template: { metadata: { labels }, spec: { containers } },
    },
    status: {},
  };
}

export const createDeployment: KubectlCommand = {
  name: 'deployment',
  aliases: ['deploy'],
  summary: 'Create a deployment with the specified name',
  usage: 'NAME --image=image -- [COMMAND] [args...] [options]',
  flags: [
    ...writeFlags('kubectl-create'),
    validateFlag,
    saveConfigFlag,
    {
      name: 'image',
      required: true,
      type: 'list',
      help: 'Image names to run. A deployment can have multiple images set for multi-container pod.',
    },
    { name: 'port', type: 'int', fallback: '-1', help: 'The containerPort that this deployment exposes.' },
    { name: 'replicas', short: 'r', type: 'int', fallback: '1', help: 'Number of replicas to create. Default is 1.' },
    {
      name: 'generator',
      type: 'string',
      help: 'The name of the API generator to use.',
      deprecated: 'has no effect and will be removed in the future.',
    },
  ],
  run: async (session, flags) => {
    const name = nameArgument(session);
    const command = flags.args.slice(1);
    const images = flags.list('image');
    if (images.length > 1 && command.length > 0) throw new CommandError('cannot specify multiple --image options and command');
    const object = generateDeployment(name, { images, replicas: flags.int('replicas'), port: flags.int('port'), command });
    return createObject(session, object, 'deployment:');
  },
};
