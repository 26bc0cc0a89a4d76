/** Old versions of reviews, which are not stored. Source: pkg/apis/{authorization,authentication}/v1beta1. */
import type { JsonObject } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { oldVersion, withSpec } from './old-version.ts';

const authorization = { ofGroup: 'authorization.k8s.io', version: 'v1beta1', package: 'authorization' };
const authentication = { ofGroup: 'authentication.k8s.io', version: 'v1beta1', package: 'authentication' };
const since = { deprecated: '1.19', removed: '1.22' };

/** The groups of the user have another name. */
const groups = {
  toStored: (object: JsonObject): JsonObject =>
    withSpec(object, ({ group, ...spec }) => (group === undefined ? spec : { ...spec, groups: group })),
  fromStored: (object: JsonObject): JsonObject =>
    withSpec(object, ({ groups: all, ...spec }) => (all === undefined ? spec : { ...spec, group: all })),
} as const;

const access = (kind: string, difference: Partial<typeof groups> = {}): ServedVersion =>
  oldVersion({ ...authorization, ...since, kind, replacement: 'authorization.k8s.io/v1' }, difference);

/** By kind. */
export const oldReviews: Readonly<Record<string, ServedVersion>> = {
  SubjectAccessReview: access('SubjectAccessReview', groups),
  LocalSubjectAccessReview: access('LocalSubjectAccessReview', groups),
  SelfSubjectAccessReview: access('SelfSubjectAccessReview'),
  SelfSubjectRulesReview: access('SelfSubjectRulesReview'),
  TokenReview: oldVersion({ ...authentication, ...since, kind: 'TokenReview', replacement: 'authentication.k8s.io/v1' }),
  SelfSubjectReview: oldVersion({ ...authentication, kind: 'SelfSubjectReview', deprecated: '1.30', removed: '1.33' }),
};
