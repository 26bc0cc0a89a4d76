/** Containers of all three kinds. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { Container, ContainerPort, ContainerResizePolicy, EphemeralContainer, PodSpec } from '../../generated/core/v1.ts';
import { isPortName, isPortNumber } from '../../names.ts';
import { wasSentEmpty } from '../../sent-empty.ts';
import { dnsLabel, type Errors, invalidEach, oneOf, protocols, requiredOneOf, requiredText } from '../../validation/common.ts';
import { isRestartableInitContainer } from '../conditions.ts';
import { envErrors, envFromErrors } from './env.ts';
import { probesErrors } from './probe.ts';
import { containerResourcesErrors } from './resources.ts';
import { containerSecurityErrors } from './security-context.ts';
import { type Volumes, volumeDeviceErrors, volumeMountErrors } from './volume-mounts.ts';

/** What the checks of a container need to know about its Pod. */
export interface ContainerSurroundings {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  readonly claims: ReadonlySet<string>;
}

function portErrors(ports: readonly ContainerPort[], at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '', containerPort, hostPort = 0, protocol }] of ports.entries()) {
    const here = at.index(i);
    if (name !== '') {
      const complaints = isPortName(name);
      if (complaints.length > 0) errors.push(...invalidEach(complaints, name, here.field('name')));
      else if (names.has(name)) errors.push(fieldErrors.duplicate(here.field('name'), name));
      else names.add(name);
    }
    if (containerPort === 0) errors.push(fieldErrors.required(here.field('containerPort')));
    else errors.push(...invalidEach(isPortNumber(containerPort), containerPort, here.field('containerPort')));
    if (hostPort !== 0) errors.push(...invalidEach(isPortNumber(hostPort), hostPort, here.field('hostPort')));
    errors.push(...requiredOneOf(protocol, protocols, here.field('protocol')));
  }
  return errors;
}

function resizePolicyErrors(policies: readonly ContainerResizePolicy[], podRestartPolicy: string, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { resourceName, restartPolicy }] of policies.entries()) {
    if (seen.has(resourceName)) errors.push(fieldErrors.duplicate(at.index(i), resourceName));
    seen.add(resourceName);
    errors.push(...requiredOneOf(resourceName, ['cpu', 'memory'], at));
    errors.push(...requiredOneOf(restartPolicy, ['NotRequired', 'RestartContainer'], at));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(fieldErrors.invalid(at, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  }
  return errors;
}

export const pullPolicies = ['Always', 'IfNotPresent', 'Never'] as const;

function commonErrors(container: Container | EphemeralContainer, { spec, volumes, claims }: ContainerSurroundings, at: FieldPath): Errors {
  const { name } = container;
  return [
    ...(name === '' ? [fieldErrors.required(at.field('name'))] : dnsLabel(name, at.field('name'))),
    ...requiredText(container.image, at.field('image')),
    ...requiredOneOf(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], at.field('terminationMessagePolicy')),
    ...portErrors(container.ports ?? [], at.field('ports')),
    ...envErrors(container.env ?? [], at.field('env')),
    ...envFromErrors(container.envFrom ?? [], at.field('envFrom')),
    ...volumeMountErrors(container, volumes, at.field('volumeMounts')),
    ...volumeDeviceErrors(container, volumes, at.field('volumeDevices')),
    ...requiredOneOf(container.imagePullPolicy, pullPolicies, at.field('imagePullPolicy')),
    ...containerResourcesErrors(container.resources, claims, at.field('resources')),
    ...resizePolicyErrors(container.resizePolicy ?? [], spec.restartPolicy, at.field('resizePolicy')),
    ...containerSecurityErrors(container.securityContext, spec.hostUsers ?? true, at.field('securityContext')),
  ];
}

/** Two containers of a Pod cannot take the same port of the host. */
function hostPortConflicts(containers: ReadonlyArray<readonly [Container, FieldPath]>): Errors {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  for (const [{ ports }, at] of containers) {
    for (const [i, { hostPort = 0, hostIP = '', protocol }] of (ports ?? []).entries()) {
      if (hostPort === 0) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.push(fieldErrors.duplicate(at.field('ports').index(i).field('hostPort'), key));
      taken.add(key);
    }
  }
  return errors;
}

const restartActions = ['Restart', 'RestartAllContainers'] as const;

const restartPolicies = ['Always', 'Never', 'OnFailure'] as const;

/** The restart policy of a container and its rules. Of an init container without a policy, no rule is looked at. */
function restartErrors({ restartPolicy, restartPolicyRules: rules = [] }: Container, isInit: boolean, at: FieldPath): Errors {
  const here = at.field('restartPolicyRules');
  const errors: FieldError[] = [];
  if (restartPolicy !== undefined) errors.push(...oneOf(restartPolicy, restartPolicies, at.field('restartPolicy')));
  else if (rules.length > 0) {
    errors.push(fieldErrors.required(at.field('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
    if (isInit) return errors;
  }
  if (rules.length > 20) errors.push(fieldErrors.tooMany(here, rules.length, 20));
  for (const [i, { action = '', exitCodes }] of rules.entries()) {
    errors.push(...oneOf(action, restartActions, here.index(i).field('action')));
    if (exitCodes === undefined) errors.push(fieldErrors.required(here.index(i).field('exitCodes'), 'must be specified'));
    else {
      const codes = here.index(i).field('exitCodes');
      errors.push(...oneOf(exitCodes.operator ?? '', ['In', 'NotIn'], codes.field('operator')));
      const values = exitCodes.values ?? [];
      if (values.length > 255) errors.push(fieldErrors.tooMany(codes.field('values'), values.length, 255));
    }
  }
  return errors;
}

/** The containers of a Pod: at least one, with unique names. */
export function containersErrors(surroundings: ContainerSurroundings, at: FieldPath): Errors {
  const { containers, terminationGracePeriodSeconds: grace } = surroundings.spec;
  if (containers.length === 0) return [fieldErrors.required(at)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, container] of containers.entries()) {
    const here = at.index(i);
    errors.push(...commonErrors(container, surroundings, here));
    if (names.has(container.name)) errors.push(fieldErrors.duplicate(here.field('name'), container.name));
    names.add(container.name);
    errors.push(...probesErrors(container, grace, here));
    errors.push(...restartErrors(container, false, here));
  }
  return [...errors, ...hostPortConflicts(containers.map((container, i) => [container, at.index(i)]))];
}

const onlyForSidecars = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** The init containers of a Pod; those that restart always are sidecars and may have probes and hooks. */
export function initContainersErrors(surroundings: ContainerSurroundings, at: FieldPath): Errors {
  const { containers, initContainers = [], terminationGracePeriodSeconds: grace } = surroundings.spec;
  const errors: FieldError[] = [];
  const names = new Set(containers.map(({ name }) => name));
  for (const [i, container] of initContainers.entries()) {
    const here = at.index(i);
    errors.push(...commonErrors(container, surroundings, here));
    errors.push(...restartErrors(container, true, here));
    if (names.has(container.name)) errors.push(fieldErrors.duplicate(here.field('name'), container.name));
    else if (container.name !== '') names.add(container.name);
    errors.push(...hostPortConflicts([[container, at.index(0)]]));
    if (isRestartableInitContainer(container)) {
      errors.push(...probesErrors(container, grace, here));
      continue;
    }
    for (const field of onlyForSidecars) {
      if (container[field] === undefined) continue;
      errors.push(fieldErrors.forbidden(here.field(field), 'may not be set for init containers without restartPolicy=Always'));
    }
    for (const [j, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
      if (restartPolicy !== 'RestartContainer') continue;
      const why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      errors.push(fieldErrors.invalid(here.field('resizePolicy').index(j).field('restartPolicy'), restartPolicy, why));
    }
  }
  return errors;
}

/** In the order of upstream's struct. */
const notEphemeral = [
  ...(['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules'] as const),
  ...(['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const),
] as const;

/** Whether a field has another value than Go's zero: a list that was sent empty has. */
function isSet(container: EphemeralContainer, field: (typeof notEphemeral)[number]): boolean {
  if (field !== 'resources') return container[field] !== undefined || wasSentEmpty(container, field);
  const { resources } = container;
  return Object.keys(resources).length > 0 || (['limits', 'requests', 'claims'] as const).some((each) => wasSentEmpty(resources, each));
}

/** The ephemeral containers of a Pod: for debugging only, so without ports, probes, hooks and resources. */
export function ephemeralContainersErrors(surroundings: ContainerSurroundings, at: FieldPath): Errors {
  const { containers, initContainers = [], ephemeralContainers = [] } = surroundings.spec;
  const others = new Set([...containers, ...initContainers].map(({ name }) => name));
  const names = new Set(others);
  const forbid = (path: FieldPath): FieldError => fieldErrors.forbidden(path, 'cannot be set for an Ephemeral Container');
  const errors: FieldError[] = [];
  for (const [i, container] of ephemeralContainers.entries()) {
    const here = at.index(i);
    errors.push(...commonErrors(container, surroundings, here), ...imageSpaceErrors(container.image, here));
    if (names.has(container.name)) errors.push(fieldErrors.duplicate(here.field('name'), container.name));
    names.add(container.name);
    const { targetContainerName: target = '' } = container;
    if (target !== '' && !others.has(target)) errors.push(fieldErrors.notFound(here.field('targetContainerName'), target));
    for (const field of notEphemeral) if (isSet(container, field)) errors.push(forbid(here.field(field)));
    for (const [j, { subPath, subPathExpr }] of (container.volumeMounts ?? []).entries()) {
      const mount = here.field('volumeMounts').index(j);
      if (subPath !== undefined) errors.push(forbid(mount.field('subPath')));
      if (subPathExpr !== undefined) errors.push(forbid(mount.field('subPathExpr')));
    }
  }
  return errors;
}

/** Reports image names with leading or trailing spaces. Checked in Pods only, not in templates. */
export const imageSpaceErrors = (image: string | undefined, at: FieldPath): Errors =>
  image === undefined || image.trim() === image
    ? []
    : [fieldErrors.invalid(at.field('image'), image, 'must not have leading or trailing whitespace')];
