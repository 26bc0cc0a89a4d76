/**
 * Authorizes kubelets, which no binding names: a node reads only itself, its pods and what these refer to. Relations
 * are looked up in the store when they are asked for. Source:
 * plugin/pkg/auth/authorizer/node/{node_authorizer,graph}.go, pkg/auth/nodeidentifier/default.go.
 */
import type { PersistentVolume, Pod } from '../../api/generated/core/v1.ts';
import type { VolumeAttachment } from '../../api/generated/storage/v1.ts';
import type { KubeObject } from '../../api/object.ts';
import { claimNames, configMapNames, secretNames } from '../../api/pod/references.ts';
import type { UserInfo } from '../registry/registry.ts';
import type { AccessAuthorizer } from './authorized-registry.ts';
import { type AccessAttributes, type AccessDecision, type PolicyRule, type RbacAuthorizer, ruleAllows, type UserRules } from './rbac.ts';

const userPrefix = 'system:node:';
const nodesGroup = 'system:nodes';
const leaseNamespace = 'kube-node-lease';

/** The name of the node that a user is; '' for a node without a name, undefined for others. */
export function nodeIdentity({ name, groups }: UserInfo): string | undefined {
  return name.startsWith(userPrefix) && groups.includes(nodesGroup) ? name.slice(userPrefix.length) : undefined;
}

/** Reads stored objects; structurally admission's ObjectReader. */
export interface NodeObjects {
  get(resourceName: string, namespace: string, name: string): KubeObject | undefined;
  list(resourceName: string, namespace?: string): readonly KubeObject[];
}

const allowed: AccessDecision = Object.freeze({ allowed: true, reason: '' });
const noOpinion: AccessDecision = Object.freeze({ allowed: false, reason: '' });
const refused = (reason: string): AccessDecision => ({ allowed: false, reason });
const decision = (allows: boolean): AccessDecision => (allows ? allowed : noOpinion);

const includes = (list: readonly string[], item: string): boolean => list.includes(item);

type Relation = (node: string, namespace: string, name: string) => boolean;

/** Decides for nodes: by what they are related to, and for other resources by the given rules. */
export class NodeAuthorizer implements AccessAuthorizer {
  readonly #rules: readonly PolicyRule[];
  readonly #objects: NodeObjects;
  /** Decisions about whole resources depend on no object. */
  readonly revision = 0;

  constructor(rules: readonly PolicyRule[], objects: NodeObjects) {
    this.#rules = rules;
    this.#objects = objects;
  }

  authorize(attributes: AccessAttributes): AccessDecision {
    const node = nodeIdentity(attributes.user);
    if (node === undefined) return noOpinion;
    if (node === '') return refused(`unknown node for user ${JSON.stringify(attributes.user.name)}`);
    return (
      (attributes.isResourceRequest ? this.#ofResource(node, attributes) : undefined) ??
      decision(this.#rules.some((rule) => ruleAllows(rule, attributes)))
    );
  }

  /** Undefined: the rules decide. */
  #ofResource(node: string, attributes: AccessAttributes): AccessDecision | undefined {
    const { apiGroup, resource } = attributes;
    switch (apiGroup === '' ? resource : `${resource}.${apiGroup}`) {
      case 'secrets':
        return this.#read(node, attributes, this.#usesSecret);
      case 'configmaps':
        return this.#read(node, attributes, (...of) => this.#somePod(...of, configMapNames));
      case 'persistentvolumeclaims':
        return this.#ofClaim(node, attributes);
      case 'persistentvolumes':
        return this.#get(node, attributes, this.#usesVolume);
      case 'resourceclaims.resource.k8s.io':
        return this.#get(node, attributes, (...of) => this.#somePod(...of, resourceClaimNames));
      case 'volumeattachments.storage.k8s.io':
        return this.#get(node, attributes, this.#isAttachedTo);
      case 'serviceaccounts':
        return this.#ofAccount(node, attributes);
      case 'leases.coordination.k8s.io':
        return ofLease(node, attributes);
      case 'csinodes.storage.k8s.io':
        return ofCsiNode(node, attributes);
      case 'nodes':
        return ofNode(node, attributes);
      case 'pods':
        return this.#ofPod(node, attributes);
      default:
        return undefined;
    }
  }

  #read(node: string, attributes: AccessAttributes, relation: Relation): AccessDecision {
    const { verb, subresource, namespace } = attributes;
    if (!includes(['get', 'list', 'watch'], verb)) return refused('can only read resources of this type');
    if (subresource !== '') return refused('cannot read subresource');
    if (namespace === '') return refused('can only read namespaced object of this type');
    return related(node, attributes, relation);
  }

  #get(node: string, attributes: AccessAttributes, relation: Relation): AccessDecision {
    if (attributes.verb !== 'get') return refused('can only get individual resources of this type');
    if (attributes.subresource !== '') return refused('cannot get subresource');
    return related(node, attributes, relation);
  }

  #ofClaim(node: string, attributes: AccessAttributes): AccessDecision {
    const relation: Relation = (...of) => this.#somePod(...of, claimNames);
    if (attributes.subresource !== 'status') return this.#get(node, attributes, relation);
    if (!includes(['update', 'patch'], attributes.verb)) return refused('can only get/update/patch this type');
    return related(node, attributes, relation);
  }

  #ofAccount(node: string, attributes: AccessAttributes): AccessDecision {
    const { verb, subresource, name } = attributes;
    const relation: Relation = (...of) => this.#somePod(...of, ({ spec }) => [spec.serviceAccountName ?? '']);
    if (verb === 'get' && subresource === '') return this.#read(node, attributes, relation);
    if (verb !== 'create' || name === '') return refused('can only create tokens for individual service accounts');
    if (subresource !== 'token') return refused('can only create token subresource of serviceaccount');
    return related(node, attributes, relation);
  }

  #ofPod(node: string, attributes: AccessAttributes): AccessDecision {
    const { verb, subresource, name, fieldSelector = '' } = attributes;
    const relation: Relation = (_node, namespace, pod) => this.#isOn(this.#objects.get('pods', namespace, pod), node);
    if (subresource === 'status') return decision(includes(['update', 'patch'], verb));
    if (subresource === 'eviction') return decision(verb === 'create');
    if (subresource !== '') return noOpinion;
    switch (verb) {
      case 'get':
        return this.#get(node, attributes, relation);
      case 'list':
      case 'watch':
        if (selects(fieldSelector, 'spec.nodeName', node)) return allowed;
        return name === '' ? refused('can only list/watch pods with spec.nodeName field selector') : related(node, attributes, relation);
      default:
        return decision(includes(['create', 'delete'], verb));
    }
  }

  #isOn(pod: KubeObject | undefined, node: string): boolean {
    // Only Pods are asked for.
    return pod !== undefined && (pod as Pod).spec.nodeName === node;
  }

  /** Whether a pod of the node is of the namespace and names the object. */
  #somePod(node: string, namespace: string, name: string, names: (pod: Pod) => readonly string[]): boolean {
    return this.#objects.list('pods', namespace).some((pod) => this.#isOn(pod, node) && names(pod as Pod).includes(name));
  }

  /** By a pod, or by a volume that a pod has claimed. */
  readonly #usesSecret: Relation = (node, namespace, name) =>
    this.#somePod(node, namespace, name, secretNames) ||
    this.#volumes().some(
      (volume) => secretsOf(volume).includes(`${namespace}/${name}`) && this.#usesVolume(node, '', volume.metadata.name),
    );

  readonly #usesVolume: Relation = (node, _namespace, name) => {
    const volume = this.#objects.get('persistentvolumes', '', name) as PersistentVolume | undefined;
    const claim = volume?.spec.claimRef;
    return claim !== undefined && this.#somePod(node, claim.namespace ?? '', claim.name ?? '', claimNames);
  };

  readonly #isAttachedTo: Relation = (node, _namespace, name) =>
    (this.#objects.get('volumeattachments.storage.k8s.io', '', name) as VolumeAttachment | undefined)?.spec.nodeName === node;

  #volumes(): readonly PersistentVolume[] {
    // Only PersistentVolumes are stored under this name.
    return this.#objects.list('persistentvolumes') as readonly PersistentVolume[];
  }
}

function related(node: string, { namespace, name }: AccessAttributes, relation: Relation): AccessDecision {
  if (name === '') return refused('No Object name found');
  return relation(node, namespace, name) ? allowed : refused(`no relationship found between node '${node}' and this object`);
}

const selects = (selector: string, field: string, value: string): boolean =>
  selector.split(',').some((term) => term === `${field}=${value}` || term === `${field}==${value}`);

const resourceClaimNames = ({ spec, status }: Pod): readonly string[] => [
  ...(spec.resourceClaims ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []),
  ...(status.resourceClaimStatuses ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []),
];

/** The Secrets that a volume needs, with their namespaces; without one they are in the claim's. */
function secretsOf({ spec }: PersistentVolume): readonly string[] {
  const home = spec.claimRef?.namespace ?? '';
  const { csi, cephfs, cinder, rbd, iscsi, flexVolume, azureFile, scaleIO, storageos } = spec;
  const refs = [
    ...[csi?.controllerPublishSecretRef, csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef],
    ...[cephfs, cinder, rbd, iscsi, flexVolume, scaleIO, storageos].map((source) => source?.secretRef),
    ...(azureFile === undefined ? [] : [{ name: azureFile.secretName, namespace: azureFile.secretNamespace }]),
  ];
  return refs.flatMap((ref) => (ref?.name ? [`${ref.namespace || home}/${ref.name}`] : []));
}

function ofLease(node: string, { verb, namespace, name }: AccessAttributes): AccessDecision {
  if (!includes(['get', 'create', 'update', 'patch', 'delete'], verb)) {
    return refused('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== leaseNamespace) return refused(`can only access leases in the "${leaseNamespace}" system namespace`);
  if (verb !== 'create' && name !== node) return refused('can only access node lease with the same name as the requesting node');
  return allowed;
}

function ofCsiNode(node: string, { verb, subresource, name }: AccessAttributes): AccessDecision {
  if (!includes(['get', 'create', 'update', 'patch', 'delete'], verb)) {
    return refused('can only get, create, update, patch, or delete a CSINode');
  }
  if (subresource !== '') return refused('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node) return refused('can only access CSINode with the same name as the requesting node');
  return allowed;
}

function ofNode(node: string, { verb, subresource, name }: AccessAttributes): AccessDecision {
  if (subresource === 'status') return decision(includes(['update', 'patch'], verb));
  if (subresource !== '') return noOpinion;
  if (includes(['create', 'update', 'patch'], verb)) return allowed;
  if (!includes(['get', 'list', 'watch'], verb)) return noOpinion;
  if (name === node) return allowed;
  return refused(
    name === ''
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  );
}

/** The rules of users; those of nodes cannot be listed. */
export const rulesBesideNodes = (rbac: RbacAuthorizer): { rulesFor(user: UserInfo, namespace: string): UserRules } => ({
  rulesFor: (user, namespace) => {
    const rules = rbac.rulesFor(user, namespace);
    if (nodeIdentity(user) === undefined) return rules;
    const own = 'node authorizer does not support user rule resolution';
    const evaluationError = rules.evaluationError === '' ? own : `[${own}, ${rules.evaluationError}]`;
    return { ...rules, incomplete: true, evaluationError };
  },
});
