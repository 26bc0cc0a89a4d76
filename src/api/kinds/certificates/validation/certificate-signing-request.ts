/** What is wrong with a CertificateSigningRequest. Source: pkg/apis/certificates/validation/validation.go. */
import { X509Certificate } from 'node:crypto';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../../generated/certificates/v1.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../names.ts';
import { type Errors, errorsOfEach } from '../../../validation/common.ts';
import { CertificateRequestError, parseCertificateRequest, signatureError } from '../certificate-request.ts';
import { signers } from '../kubelet-requests.ts';

const usages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only'],
  ...['digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement'],
  ...['key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping'],
];

const legacySigner = signers.legacy;
const maxDomainLength = 253;
const maxPathLength = 253;

/** The PEM that a field of bytes holds. */
export const pemOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('latin1');

function requestError(base64: string): string | undefined {
  try {
    return signatureError(parseCertificateRequest(pemOf(base64)));
  } catch (error) {
    if (error instanceof CertificateRequestError) return error.message;
    throw error;
  }
}

/** Source: pkg/apis/core/validation/names.go (ValidateSignerName). */
function signerNameErrors(name: string, at: FieldPath): Errors {
  if (name === '') return [fieldErrors.required(at)];
  const [domain = '', path = '', ...more] = name.split('/');
  if (!name.includes('/') || more.length > 0) {
    return [fieldErrors.invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const firstBad = (text: string, labels: readonly string[], check: (label: string) => readonly string[]): Errors => {
    const bad = labels.find((label) => check(label).length > 0);
    if (bad === undefined) return [];
    return check(bad).map((why) => fieldErrors.invalid(at, text, `validating label ${JSON.stringify(bad)}: ${why}`));
  };
  const labels = domain.split('.');
  return [
    ...(domain.length > maxDomainLength ? [fieldErrors.tooLong(at, maxDomainLength)] : []),
    ...firstBad(domain, labels, isDns1123Label),
    ...(labels.length < 2 ? [fieldErrors.invalid(at, domain, 'should be a domain with at least two segments separated by dots')] : []),
    ...firstBad(path, path.split('.'), isDns1123Subdomain),
    ...(path.length > maxPathLength ? [fieldErrors.tooLong(at, maxPathLength)] : []),
  ];
}

/** What is allowed in v1beta1, and as long as the stored object has it already. */
interface Allowances {
  readonly legacySigner: boolean;
  readonly unknownUsages: boolean;
  readonly duplicateUsages: boolean;
  readonly emptyConditionTypes: boolean;
  readonly duplicateConditionTypes: boolean;
  readonly bothDecisions: boolean;
  readonly anyCertificate: boolean;
}

const hasDuplicates = (items: readonly string[]): boolean => new Set(items).size < items.length;

/** Source: getValidationOptions; of Kubernetes 1.21 for v1beta1. */
function allowancesFor(previous: CertificateSigningRequest | undefined, version: string | undefined): Allowances {
  const old = version === 'v1beta1';
  const asked = previous?.spec.usages ?? [];
  const types = (previous?.status.conditions ?? []).map(({ type }) => type);
  return {
    legacySigner: old || previous?.spec.signerName === legacySigner,
    unknownUsages: old || asked.some((usage) => !usages.includes(usage)),
    duplicateUsages: old || hasDuplicates(asked),
    emptyConditionTypes: old || types.includes(''),
    duplicateConditionTypes: old || hasDuplicates(types),
    bothDecisions: types.includes('Approved') && types.includes('Denied'),
    anyCertificate: old || certificateError(pemOf(previous?.status.certificate)) !== undefined,
  };
}

/**
 * All that is wrong with the request itself and its conditions. `previous`: what was stored; `version`: that of the
 * request, when it is not v1.
 */
export function csrErrors(
  { spec, status }: CertificateSigningRequest,
  previous: CertificateSigningRequest | undefined,
  at: FieldPath,
  version?: string,
): Errors {
  const allowed = allowancesFor(previous, version);
  const here = at.field('spec');
  const problem = requestError(spec.request);
  const asked = spec.usages ?? [];
  const { expirationSeconds, signerName } = spec;
  const errors: FieldError[] = [];
  if (problem !== undefined) errors.push(fieldErrors.invalid(here.field('request'), spec.request === '' ? null : spec.request, problem));
  if (asked.length === 0) errors.push(fieldErrors.required(here.field('usages')));
  errors.push(
    ...errorsOfEach(asked, (usage, i) =>
      allowed.unknownUsages || usages.includes(usage) ? [] : [fieldErrors.notSupported(here.field('usages').index(i), usage, usages)],
    ),
    ...errorsOfEach(asked, (usage, i) =>
      allowed.duplicateUsages || asked.indexOf(usage) === i ? [] : [fieldErrors.duplicate(here.field('usages').index(i), usage)],
    ),
    ...(signerName === legacySigner && !allowed.legacySigner
      ? [fieldErrors.invalid(here.field('signerName'), signerName, 'the legacy signerName is not allowed via this API version')]
      : signerNameErrors(signerName, here.field('signerName'))),
  );
  if (expirationSeconds !== undefined && expirationSeconds < 600) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(fieldErrors.invalid(here.field('expirationSeconds'), expirationSeconds, why));
  }
  return [...errors, ...conditionsErrors(status.conditions ?? [], allowed, at.field('status', 'conditions'))];
}

const statuses = ['False', 'True', 'Unknown'];
const alwaysTrue = ['Approved', 'Denied', 'Failed'];

function conditionsErrors(conditions: readonly CertificateSigningRequestCondition[], may: Allowances, at: FieldPath): Errors {
  const seen = new Set<string>();
  return errorsOfEach(conditions, ({ type, status }, i) => {
    const here = at.index(i);
    const values = alwaysTrue.includes(type) ? ['True'] : statuses;
    const errors: FieldError[] = [];
    if (type === '' && !may.emptyConditionTypes) errors.push(fieldErrors.required(here.field('type')));
    if (status === '') errors.push(fieldErrors.required(here.field('status')));
    else if (!values.includes(status)) errors.push(fieldErrors.notSupported(here.field('status'), status, values));
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (other !== undefined && seen.has(other) && !may.bothDecisions) {
      errors.push(fieldErrors.invalid(at, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type) && !may.duplicateConditionTypes) errors.push(fieldErrors.duplicate(here.field('type'), type));
    seen.add(type);
    return errors;
  });
}

/** Why a text is no list of certificates in PEM; undefined when it is, or is empty. */
function certificateError(pem: string): string | undefined {
  if (pem === '') return undefined;
  const blocks = [...pem.matchAll(/-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g)];
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const [whole, type = '', body = ''] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (body.includes(':')) return 'no PEM block headers are permitted';
    try {
      new X509Certificate(whole);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return undefined;
}

/** What an update of the status may write that others may not. */
export interface CsrUpdate {
  readonly setsApproval: boolean;
  readonly setsCertificate: boolean;
}

/** What is wrong with an object and with the change of its status. `version`: see `csrErrors`. */
export function csrUpdateErrors(
  object: CertificateSigningRequest,
  stored: CertificateSigningRequest,
  { setsApproval, setsCertificate }: CsrUpdate,
  at: FieldPath,
  version?: string,
): Errors {
  const { status: next } = object;
  const { status: previous } = stored;
  const here = at.field('status');
  const count = ({ conditions = [] }: typeof next, type: string): number => conditions.filter((one) => one.type === type).length;
  const errors: FieldError[] = [...csrErrors(object, stored, at, version)];
  const changed = (next.certificate ?? '') !== (previous.certificate ?? '');
  const problem = changed && !allowancesFor(stored, version).anyCertificate ? certificateError(pemOf(next.certificate)) : undefined;
  if (problem !== undefined) errors.push(fieldErrors.invalid(here.field('certificate'), '<certificate data>', problem));
  for (const type of alwaysTrue) {
    if (count(next, type) >= count(previous, type)) continue;
    errors.push(fieldErrors.forbidden(here.field('conditions'), `updates may not remove a condition of type ${JSON.stringify(type)}`));
  }
  for (const type of setsApproval ? [] : ['Approved', 'Denied']) {
    if (count(next, type) <= count(previous, type)) continue;
    errors.push(fieldErrors.forbidden(here.field('conditions'), `updates may not add a condition of type ${JSON.stringify(type)}`));
  }
  if (!changed) return errors;
  if (!setsCertificate) errors.push(fieldErrors.forbidden(here.field('certificate'), 'updates may not set certificate content'));
  else if ((previous.certificate ?? '') !== '' && version !== 'v1beta1') {
    errors.push(fieldErrors.forbidden(here.field('certificate'), 'updates may not modify existing certificate content'));
  }
  return errors;
}
