/** Probes and lifecycle hooks. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { GRPCAction, HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../../generated/core/v1.ts';
import { isHttpHeaderName } from '../../names.ts';
import { type Errors, invalidEach, nonNegative, oneOf, portNumberOrName, requiredText } from '../../validation/common.ts';

const httpGetErrors = (action: HTTPGetAction, at: FieldPath): Errors => [
  ...requiredText(action.path, at.field('path')),
  ...portNumberOrName(action.port, at.field('port')),
  ...oneOf(action.scheme, ['HTTP', 'HTTPS'], at.field('scheme')),
  ...(action.httpHeaders ?? []).flatMap(({ name }) => invalidEach(isHttpHeaderName(name), name, at.field('httpHeaders'))),
];

function sleepErrors(seconds: number, graceSeconds: number, at: FieldPath): Errors {
  return seconds < 0 || seconds > graceSeconds
    ? [fieldErrors.invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`)]
    : [];
}

/** All actions that a probe or a lifecycle hook can have. */
interface Handler extends LifecycleHandler {
  readonly grpc?: GRPCAction | undefined;
}

function handlerErrors({ exec, httpGet, tcpSocket, grpc, sleep }: Handler, graceSeconds: number, at: FieldPath): Errors {
  const given: ReadonlyArray<readonly [name: string, check: ((at: FieldPath) => Errors) | undefined]> = [
    ['exec', exec && ((here) => ((exec.command ?? []).length === 0 ? [fieldErrors.required(here.field('command'))] : []))],
    ['httpGet', httpGet && ((here) => httpGetErrors(httpGet, here))],
    ['tcpSocket', tcpSocket && ((here) => portNumberOrName(tcpSocket.port, here.field('port')))],
    ['grpc', grpc && ((here) => portNumberOrName(grpc.port, here.field('port')))],
    ['sleep', sleep && ((here) => sleepErrors(sleep.seconds, graceSeconds, here))],
  ];
  const errors: FieldError[] = [];
  let count = 0;
  for (const [name, check] of given) {
    if (check === undefined) continue;
    if (count++ > 0) errors.push(fieldErrors.forbidden(at.field(name), 'may not specify more than 1 handler type'));
    else errors.push(...check(at.field(name)));
  }
  if (count === 0) errors.push(fieldErrors.required(at, 'must specify a handler type'));
  return errors;
}

function probeErrors(probe: Probe, graceSeconds: number, at: FieldPath): Errors {
  const { terminationGracePeriodSeconds: grace } = probe;
  return [
    ...handlerErrors(probe, graceSeconds, at),
    ...nonNegative(probe.initialDelaySeconds, at.field('initialDelaySeconds')),
    ...nonNegative(probe.timeoutSeconds, at.field('timeoutSeconds')),
    ...nonNegative(probe.periodSeconds, at.field('periodSeconds')),
    ...nonNegative(probe.successThreshold, at.field('successThreshold')),
    ...nonNegative(probe.failureThreshold, at.field('failureThreshold')),
    ...(grace !== undefined && grace <= 0
      ? [fieldErrors.invalid(at.field('terminationGracePeriodSeconds'), grace, 'must be greater than 0')]
      : []),
  ];
}

const onceErrors = (probe: Probe, at: FieldPath): Errors =>
  probe.successThreshold === 1 ? [] : [fieldErrors.invalid(at.field('successThreshold'), probe.successThreshold, 'must be 1')];

interface Probed {
  readonly livenessProbe?: Probe | undefined;
  readonly readinessProbe?: Probe | undefined;
  readonly startupProbe?: Probe | undefined;
  readonly lifecycle?: Lifecycle | undefined;
}

function lifecycleErrors({ postStart, preStop }: Lifecycle, graceSeconds: number, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (postStart !== undefined) errors.push(...handlerErrors(postStart, graceSeconds, at.field('postStart')));
  if (preStop !== undefined) errors.push(...handlerErrors(preStop, graceSeconds, at.field('preStop')));
  return errors;
}

/** The probes and hooks of a container that may have them. */
export function probesErrors(container: Probed, graceSeconds: number, at: FieldPath): Errors {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  const errors: FieldError[] = [];
  if (lifecycle !== undefined) errors.push(...lifecycleErrors(lifecycle, graceSeconds, at.field('lifecycle')));
  if (livenessProbe !== undefined) {
    const here = at.field('livenessProbe');
    errors.push(...probeErrors(livenessProbe, graceSeconds, here), ...onceErrors(livenessProbe, here));
  }
  if (readinessProbe !== undefined) {
    const here = at.field('readinessProbe');
    const { terminationGracePeriodSeconds: grace } = readinessProbe;
    errors.push(...probeErrors(readinessProbe, graceSeconds, here));
    if (grace !== undefined) {
      errors.push(fieldErrors.invalid(here.field('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes'));
    }
  }
  if (startupProbe !== undefined) {
    const here = at.field('startupProbe');
    errors.push(...probeErrors(startupProbe, graceSeconds, here), ...onceErrors(startupProbe, here));
  }
  return errors;
}
