/**
 * How versions are converted. Source: apiextensions-apiserver pkg/apis/apiextensions/validation
 * (validateCustomResourceConversion).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CustomResourceConversion, WebhookClientConfig } from '../../../generated/apiextensions/v1.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../names.ts';
import { requiredOneOf } from '../../../validation/common.ts';

type Errors = readonly FieldError[];

export interface ConversionTolerance {
  /** No known version of reviews need be accepted. */
  readonly unknownReviewVersions: boolean;
  readonly invalidCaBundle: boolean;
}

export function conversionErrors(conversion: CustomResourceConversion | undefined, tolerates: ConversionTolerance, at: FieldPath): Errors {
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  const reviews = webhook?.conversionReviewVersions ?? [];
  const clientAt = at.field('webhookClientConfig');
  const known = requiredOneOf(strategy, ['None', 'Webhook'], at.field('strategy'));
  if (strategy !== 'Webhook') {
    const detail = 'should not be set when strategy is not set to Webhook';
    return [
      ...known,
      ...(webhook?.clientConfig === undefined ? [] : [fieldErrors.forbidden(clientAt, detail)]),
      ...(reviews.length === 0 ? [] : [fieldErrors.forbidden(at.field('conversionReviewVersions'), detail)]),
    ];
  }
  return [
    ...known,
    ...(webhook?.clientConfig === undefined
      ? [fieldErrors.required(clientAt, 'required when strategy is set to Webhook')]
      : clientErrors(webhook.clientConfig, clientAt)),
    ...reviewErrors(reviews, tolerates, at.field('conversionReviewVersions')),
  ];
}

function clientErrors({ url, service }: WebhookClientConfig, at: FieldPath): Errors {
  if ((url === undefined) === (service === undefined)) return [fieldErrors.required(at, 'exactly one of url or service is required')];
  if (url !== undefined) return urlErrors(url, at.field('url'));
  const where = at.field('service');
  const { name = '', namespace = '', path, port = 443 } = service ?? {};
  return [
    ...(name === '' ? [fieldErrors.required(where.field('name'))] : []),
    ...(namespace === '' ? [fieldErrors.required(where.field('namespace'))] : []),
    ...(port >= 1 && port <= 65535
      ? []
      : [fieldErrors.invalid(where.field('port'), port, 'port is not valid: must be between 1 and 65535, inclusive')]),
    ...(path === undefined ? [] : pathErrors(path, where.field('path'))),
  ];
}

/** Source: apiserver pkg/util/webhook/validation.go. */
function urlErrors(url: string, at: FieldPath): Errors {
  const form = '; desired format: https://host[/path]';
  const parsed = URL.parse(url);
  if (parsed === null || !/^[a-z]+:\/\//i.test(url)) return [fieldErrors.required(at, `url must be a valid URL${form}`)];
  return [
    ...(parsed.protocol === 'https:'
      ? []
      : [fieldErrors.invalid(at, parsed.protocol.slice(0, -1), `'https' is the only allowed URL scheme${form}`)]),
    ...(parsed.host === '' ? [fieldErrors.invalid(at, parsed.host, `host must be specified${form}`)] : []),
    ...(parsed.username === '' ? [] : [fieldErrors.invalid(at, parsed.username, 'user information is not permitted in the URL')]),
    ...(parsed.hash === '' ? [] : [fieldErrors.invalid(at, parsed.hash.slice(1), 'fragments are not permitted in the URL')]),
    ...(parsed.search === '' ? [] : [fieldErrors.invalid(at, parsed.search.slice(1), 'query parameters are not permitted in the URL')]),
  ];
}

function pathErrors(path: string, at: FieldPath): Errors {
  if (path === '' || path === '/') return [];
  if (path === '//') return [fieldErrors.invalid(at, path, 'segment[0] may not be empty')];
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  const problems = steps.flatMap((step, i) =>
    step === '' ? [`segment[${i}] may not be empty`] : isDns1123Subdomain(step).map((complaint) => `segment[${i}]: ${complaint}`),
  );
  return [...(path.startsWith('/') ? [] : ["must start with a '/'"]), ...problems].map((problem) => fieldErrors.invalid(at, path, problem));
}

function reviewErrors(versions: readonly string[], { unknownReviewVersions }: ConversionTolerance, at: FieldPath): Errors {
  if (versions.length === 0) return [fieldErrors.required(at)];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.push(fieldErrors.invalid(at.index(i), version, 'duplicate version'));
      continue;
    }
    seen.add(version);
    errors.push(...isDns1035Label(version).map((complaint) => fieldErrors.invalid(at.index(i), version, complaint)));
  }
  if (!unknownReviewVersions && !seen.has('v1') && !seen.has('v1beta1')) {
    errors.push(fieldErrors.invalid(at, versions, 'must include at least one of v1, v1beta1'));
  }
  return errors;
}
