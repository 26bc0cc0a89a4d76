/**
 * The kinds that kubectl itself knows. Verbs that read an object's fields refuse all others.
 * Source: cli-runtime pkg/resource/builder.go (WithScheme); apimachinery pkg/runtime/error.go (notRegisteredErr).
 */
import { CommandError } from '../command/command.ts';
import { type ApiResource, apiVersionOf } from '../resources/discovery.ts';
import { traitsOf } from './kinds.ts';

/** The Go files that register upstream's kinds; upstream's messages name them. */
export const schemes = {
  kubectl: 'pkg/scheme/scheme.go:28',
  clientGo: 'k8s.io/client-go/kubernetes/scheme/register.go:82',
} as const;

type GroupVersionKind = Pick<ApiResource, 'group' | 'version' | 'kind'>;

async function isRegistered(resource: GroupVersionKind): Promise<boolean> {
  if (traitsOf(resource) !== undefined) return true;
  // The schemas are slow to open, so they are consulted last: only for kinds that are usually refused.
  const { StrategicKinds } = await import('../writing/strategic.ts');
  return new StrategicKinds().target(resource) !== undefined;
}

/** The error for a kind that kubectl does not know; undefined for a known kind. `suffix` is `List` for a collection. */
export async function unregistered(
  resource: GroupVersionKind,
  suffix = '',
  scheme: string = schemes.kubectl,
): Promise<CommandError | undefined> {
  if (await isRegistered(resource)) return undefined;
  return new CommandError(
    `no kind ${JSON.stringify(`${resource.kind}${suffix}`)} is registered for version ${JSON.stringify(apiVersionOf(resource))} in scheme ${JSON.stringify(scheme)}`,
  );
}
