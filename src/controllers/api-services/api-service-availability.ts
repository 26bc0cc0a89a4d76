/**
 * Says of each APIService with a Service whether it answers. Source: kube-aggregator
 * pkg/controllers/status/remote/remote_available_controller.go.
 */
import type { APIService, APIServiceCondition } from '../../api/generated/apiregistration/v1.ts';
import type { Service } from '../../api/generated/core/v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { apiService, availability } from '../../api/kinds/apiregistration/api-service.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { rfc3339 } from '../../api/time.ts';
import { systemUser } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from '../controller.ts';

/** Asks an API service what it serves. Rejects with an Error whose message says what is wrong. */
export type AskApiService = (service: APIService) => Promise<void>;

type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>;
type Backend = NonNullable<APIService['spec']['service']>;

/**
 * How long after a success it is asked again, in milliseconds: what else may go wrong is nothing that can be watched.
 */
const recheckMs = 30_000;
const firstRetryMs = 100;
const serviceNameLabel = 'kubernetes.io/service-name';
const passed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' };
const failed = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });

/** Makes the controller. */
export function apiServiceAvailability(ask: AskApiService): Controller<APIService> {
  const failures = new Map<string, number>();
  return defineController<APIService>({
    name: 'api-service-availability',
    identity: systemUser('system:apiserver', 'system:masters'),
    reconciles: apiService,
    concerns: ({ spec }) => spec.service !== undefined,
    watches: [
      watching(service, ({ metadata }, context) => servedBy(context, metadata.namespace ?? '', metadata.name)),
      watching(endpointSlice, ({ metadata }, context) =>
        servedBy(context, metadata.namespace ?? '', metadata.labels?.[serviceNameLabel] ?? ''),
      ),
    ],
    reconcile: async (ref, context) => {
      const object = context.cache(apiService).get(ref);
      const backend = object?.spec.service;
      if (object === undefined || backend === undefined) {
        failures.delete(ref.name);
        return settled;
      }
      const missing = whatIsMissing(backend, context);
      const verdict = missing ?? (await answer(object, ask));
      await tell(object, verdict, context);
      if (verdict === passed) failures.delete(ref.name);
      // What is missing can be watched.
      if (missing !== undefined) return settled;
      if (verdict === passed) return { requeueAfterMs: recheckMs };
      const count = failures.get(ref.name) ?? 0;
      failures.set(ref.name, count + 1);
      return { requeueAfterMs: Math.min(recheckMs, firstRetryMs * 2 ** count) };
    },
  });
}

const servedBy = ({ cache }: ControllerContext, namespace: string, name: string) =>
  cache(apiService)
    .list()
    .filter(({ spec }) => spec.service?.namespace === namespace && spec.service.name === name)
    .map(({ metadata }) => ({ namespace: '', name: metadata.name }));

async function answer(object: APIService, ask: AskApiService): Promise<Verdict> {
  try {
    await ask(object);
    return passed;
  } catch (error) {
    return failed('FailedDiscoveryCheck', error instanceof Error ? error.message : String(error));
  }
}

/** What keeps the Service from answering, as far as the API knows; undefined when nothing does. */
function whatIsMissing({ namespace = '', name = '', port }: Backend, { cache }: ControllerContext): Verdict | undefined {
  const shown = `service/${name} in ${JSON.stringify(namespace)}`;
  const found = cache(service).get({ namespace, name });
  if (found === undefined) return failed('ServiceNotFound', `${shown} is not present`);
  if ((found.spec.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const declared = portOf(found, port);
  if (declared === undefined) return failed('ServicePortError', `${shown} is not listening on port ${port}`);
  const slices = cache(endpointSlice)
    .list({ namespace })
    .filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === name);
  if (slices.length === 0) return failed('EndpointsNotFound', `cannot find endpointslices for ${shown}`);
  const portName = declared.name ?? '';
  if (slices.some((slice) => hasEndpoint(slice, portName))) return undefined;
  return failed('MissingEndpoints', `endpointslices for ${shown} have no addresses with port name ${JSON.stringify(portName)}`);
}

const portOf = ({ spec }: Service, wanted: number | undefined) => spec.ports?.find(({ port }) => port === wanted);

const hasEndpoint = ({ endpoints, ports }: EndpointSlice, portName: string): boolean =>
  (endpoints ?? []).some(({ conditions }) => conditions?.ready ?? true) &&
  (ports ?? []).some(({ name = '', port }) => name === portName && port !== undefined);

/** Writes the condition when it changes. */
async function tell(object: APIService, verdict: Verdict, { api, clock }: ControllerContext): Promise<void> {
  const before = availability(object);
  if (before?.status === verdict.status && before.reason === verdict.reason && before.message === verdict.message) return;
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : rfc3339(clock.now());
  const condition: APIServiceCondition = { type: 'Available', ...verdict, lastTransitionTime };
  const others = (object.status.conditions ?? []).filter(({ type }) => type !== 'Available');
  await api(apiService).updateStatus({ ...object, status: { ...object.status, conditions: [...others, condition] } });
}
