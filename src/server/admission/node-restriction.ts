/**
 * NodeRestriction: a node writes only its own objects. Source: plugin/pkg/admission/noderestriction/admission.go. Other
 * reads are the node authorizer's concern. Differs: nodes have no PodCertificateRequests and create no static pods.
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { TokenRequest } from '../../api/generated/authentication/v1.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates/v1.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../api/generated/core/v1.ts';
import { CertificateRequestError, parseCertificateRequest } from '../../api/kinds/certificates/certificate-request.ts';
import { pemOf } from '../../api/kinds/certificates/validation/certificate-signing-request.ts';
import { withMeta } from '../../api/object-fields.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import type { UserInfo } from '../registry/registry.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const leaseNamespace = 'kube-node-lease';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const requestSigners = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

const nodeLabels = [
  ...['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region'],
  ...['failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region'],
  ...['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'],
  ...['kubernetes.io/os', 'kubernetes.io/arch', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch'],
];

/** Whether a label's prefix is the domain or within it. */
function isWithin(label: string, domain: string): boolean {
  const slash = label.indexOf('/');
  const prefix = slash === -1 ? '' : label.slice(0, slash);
  return prefix === domain || prefix.endsWith(`.${domain}`);
}

const isForbiddenLabel = (label: string): boolean => {
  if (isWithin(label, 'node-restriction.kubernetes.io')) return true;
  const reserved = isWithin(label, 'kubernetes.io') || isWithin(label, 'k8s.io');
  const own = nodeLabels.includes(label) || isWithin(label, 'kubelet.kubernetes.io') || isWithin(label, 'node.kubernetes.io');
  return reserved && !own;
};

/** The labels in which two nodes differ and that nodes may not set, sorted. */
function forbiddenLabels(next: Node, previous: Node | undefined): readonly string[] {
  const [a, b] = [next.metadata.labels ?? {}, previous?.metadata.labels ?? {}];
  const changed = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
  return changed.filter(isForbiddenLabel).toSorted();
}

/** The node that a user is; structurally auth's nodeIdentity. */
export type NodeIdentity = (user: UserInfo) => string | undefined;

interface Write {
  readonly node: string;
  readonly attributes: AdmissionAttributes;
  readonly reader: ObjectReader;
}

/** Throws StatusError (403) when the node may not do this. */
type Check = (write: Write) => void;

const refusal = ({ attributes }: Write, cause: string): StatusError => admissionForbidden(attributes, cause);

// Objects of one resource are of one type; that holds for every `as` below.
const podNamed = ({ attributes, reader }: Write, name: string): Pod => {
  const pod = reader.get('pods', attributes.namespace, name) as Pod | undefined;
  if (pod === undefined) throw statusErrors.notFound({ group: '', resource: 'pods' }, name);
  return pod;
};

function checkPod(write: Write): void {
  const { node, attributes } = write;
  switch (attributes.operation) {
    case 'CREATE':
      checkNewPod(write, attributes.object as unknown as Pod);
      return;
    case 'DELETE':
      if (podNamed(write, attributes.name).spec.nodeName !== node) {
        throw refusal(write, `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`);
      }
      return;
    default:
      throw refusal(
        write,
        `unexpected operation "${attributes.operation}", node ${JSON.stringify(node)} can only create and delete mirror pods`,
      );
  }
}

function checkNewPod(write: Write, { metadata, spec }: Pod): void {
  const { node, reader } = write;
  const who = `node ${JSON.stringify(node)}`;
  if (metadata.annotations?.[mirrorAnnotation] === undefined) {
    throw refusal(write, `pod does not have "${mirrorAnnotation}" annotation, ${who} can only create mirror pods`);
  }
  if (spec.nodeName !== node) throw refusal(write, `${who} can only create pods with spec.nodeName set to itself`);
  const [owner, ...more] = metadata.ownerReferences ?? [];
  if (more.length > 0) throw refusal(write, `${who} can only create pods with a single owner reference set to itself`);
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw refusal(write, `${who} can only create pods with an owner reference set to itself`);
  }
  if (owner.controller !== true) throw refusal(write, `${who} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion === true) throw refusal(write, `${who} must not set blockOwnerDeletion on an owner reference`);
  const uid = reader.get('nodes', '', node)?.metadata.uid;
  if (uid === undefined) throw statusErrors.notFound({ group: '', resource: 'nodes' }, node);
  if (owner.uid !== uid) throw refusal(write, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
}

function checkPodStatus(write: Write): void {
  const { node, attributes } = write;
  if (attributes.operation !== 'UPDATE') throw refusal(write, `unexpected operation "${attributes.operation}"`);
  const [next, previous] = [attributes.object, attributes.oldObject] as unknown as [Pod, Pod];
  const who = `node ${JSON.stringify(node)}`;
  if (previous.spec.nodeName !== node) throw refusal(write, `${who} can only update pod status for pods with spec.nodeName set to itself`);
  if (!deepEqual(next.metadata.labels ?? {}, previous.metadata.labels ?? {}))
    throw refusal(write, `${who} cannot update labels through pod status`);
  if (!deepEqual(next.status.resourceClaimStatuses, previous.status.resourceClaimStatuses)) {
    throw refusal(write, `${who} cannot update resource claim statues`);
  }
}

function checkEviction(write: Write): void {
  const { node, attributes } = write;
  if (attributes.operation !== 'CREATE') throw refusal(write, `unexpected operation ${attributes.operation}`);
  if (podNamed(write, attributes.name).spec.nodeName !== node) {
    throw refusal(write, `node ${node} can only evict pods with spec.nodeName set to itself`);
  }
}

function checkNode(write: Write): void {
  const { node, attributes } = write;
  const who = `node ${JSON.stringify(node)}`;
  if (attributes.name !== node) throw refusal(write, `${who} is not allowed to modify node ${JSON.stringify(attributes.name)}`);
  const [next, previous] = [attributes.object, attributes.oldObject] as unknown as [Node, Node];
  if (attributes.operation === 'CREATE') {
    const labels = forbiddenLabels(next, undefined);
    if (labels.length > 0) throw refusal(write, `${who} is not allowed to set the following labels: ${labels.join(', ')}`);
  }
  if (attributes.operation !== 'UPDATE') return;
  if (!deepEqual(next.spec.taints, previous.spec.taints)) throw refusal(write, `${who} is not allowed to modify taints`);
  if (!deepEqual(next.metadata.ownerReferences, previous.metadata.ownerReferences)) {
    throw refusal(write, `${who} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenLabels(next, previous);
  if (labels.length > 0) throw refusal(write, `is not allowed to modify labels: ${labels.join(', ')}`);
}

/** What a node may change in the status of a claim. */
const withoutStatus = ({ status, ...claim }: PersistentVolumeClaim): unknown => {
  const { capacity: _c, conditions: _s, allocatedResources: _r, allocatedResourceStatuses: _a, ...rest } = status;
  return { ...withMeta(claim as PersistentVolumeClaim, { resourceVersion: undefined, managedFields: undefined }), status: rest };
};

function checkClaim(write: Write): void {
  const { node, attributes } = write;
  if (attributes.subresource !== 'status') throw refusal(write, 'may only update PVC status');
  const [next, previous] = [attributes.object, attributes.oldObject] as unknown as [PersistentVolumeClaim, PersistentVolumeClaim];
  if (deepEqual(withoutStatus(next), withoutStatus(previous))) return;
  throw refusal(write, `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`);
}

function checkToken(write: Write): void {
  const { node, attributes } = write;
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const { boundObjectRef: ref, audiences } = (attributes.object as unknown as TokenRequest).spec;
  if (ref === undefined || ref === null || ref.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    throw refusal(write, 'node requested token not bound to a pod');
  }
  if (!ref.uid) throw refusal(write, 'node requested token with a pod binding without a uid');
  const pod = podNamed(write, ref.name);
  if (ref.uid !== pod.metadata.uid) {
    const why = 'does not match the UID in record. The object might have been deleted and then recreated';
    throw refusal(write, `the UID in the bound object reference (${ref.uid}) ${why}`);
  }
  if (pod.spec.nodeName !== node) throw refusal(write, 'node requested token bound to a pod scheduled on a different node');
  if ((audiences ?? []).length > 1) throw refusal(write, 'node may only request 0 or 1 audiences');
  const audience = audiences?.[0] ?? '';
  const wanted = (pod.spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (wanted.some(({ serviceAccountToken: token }) => token !== undefined && token !== null && (token.audience ?? '') === audience)) return;
  const user = attributes.context.user.name;
  throw refusal(
    write,
    `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user} is not authorized to request tokens for this audience`,
  );
}

/** For objects that bear the node's name. */
const checkNamed =
  (what: string, home: string): Check =>
  (write) => {
    const { node, attributes } = write;
    if (home !== '' && attributes.namespace !== home) throw refusal(write, `can only access leases in the "${home}" system namespace`);
    if (attributes.name !== node) throw refusal(write, `can only access ${what} with the same name as the requesting node`);
  };

function checkRequest(write: Write): void {
  const { node, attributes } = write;
  if (attributes.operation !== 'CREATE') return;
  const { spec } = attributes.object as unknown as CertificateSigningRequest;
  if (!requestSigners.includes(spec.signerName)) return;
  try {
    if (parseCertificateRequest(pemOf(spec.request)).commonName === `system:node:${node}`) return;
  } catch (error) {
    if (error instanceof CertificateRequestError) throw refusal(write, `unable to parse csr: ${error.message}`);
    throw error;
  }
  throw refusal(write, `can only create a node CSR with CN=system:node:${node}`);
}

const podChecks: Readonly<Record<string, Check>> = { '': checkPod, status: checkPodStatus, eviction: checkEviction };

function checkAnyPod(write: Write): void {
  const { subresource } = write.attributes;
  const check = Object.hasOwn(podChecks, subresource) ? podChecks[subresource] : undefined;
  if (check === undefined) {
    throw refusal(write, `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`);
  }
  check(write);
}

/** By resource name. */
const checks: ReadonlyMap<string, Check> = new Map([
  ['pods', checkAnyPod],
  ['nodes', checkNode],
  ['persistentvolumeclaims', checkClaim],
  ['serviceaccounts', checkToken],
  ['leases.coordination.k8s.io', checkNamed('node lease', leaseNamespace)],
  ['csinodes.storage.k8s.io', checkNamed('CSINode', '')],
  ['certificatesigningrequests.certificates.k8s.io', checkRequest],
]);

/**
 * An update of a state that is no longer stored will be refused as a conflict, and what others have changed since would
 * look as if the node had changed it back. Differs: upstream's kubelets send patches, for which this does not arise.
 */
const isOutdated = ({ operation, object, oldObject }: AdmissionAttributes): boolean => {
  const sent = object?.metadata?.resourceVersion ?? '';
  return operation === 'UPDATE' && sent !== '' && sent !== oldObject?.metadata?.resourceVersion;
};

/** Makes the plugin. As upstream's, it refuses before other plugins have changed the object. */
export const nodeRestriction = (reader: ObjectReader, nodeIdentity: NodeIdentity): AdmissionPlugin => ({
  name: 'NodeRestriction',
  leavesDefaults: true,
  admit(attributes) {
    const { user } = attributes.context;
    const node = nodeIdentity(user);
    if (node === undefined) return undefined;
    if (node === '') throw admissionForbidden(attributes, `could not determine node from user ${JSON.stringify(user.name)}`);
    if (!isOutdated(attributes)) checks.get(attributes.kind.resourceName)?.({ node, attributes, reader });
    return undefined;
  },
});
