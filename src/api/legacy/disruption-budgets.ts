/** PodDisruptionBudgets of policy/v1beta1. Source: pkg/apis/policy/v1beta1/conversion.go, pkg/apis/policy/helper.go. */
import { deepEqual } from '../deep-equal.ts';
import type { JsonObject } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { oldVersion, withSpec } from './old-version.ts';

/** In v1beta1 an empty selector selects nothing; this one selects everything. */
const everything: JsonObject = {
  matchExpressions: [{ key: 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match', operator: 'DoesNotExist' }],
};

const toStored = (object: JsonObject): JsonObject =>
  withSpec(object, ({ selector, ...spec }) => {
    if (selector === undefined || deepEqual(selector, {})) return spec;
    return { ...spec, selector: deepEqual(selector, everything) ? {} : selector };
  });

const fromStored = (object: JsonObject): JsonObject =>
  withSpec(object, ({ selector, ...spec }) => {
    if (selector === undefined) return { ...spec, selector: {} };
    return { ...spec, selector: deepEqual(selector, {}) ? everything : selector };
  });

const names = { ofGroup: 'policy', version: 'v1beta1', package: 'policy', deprecated: '1.21', removed: '1.25', replacement: 'policy/v1' };

export const oldDisruptionBudgets: readonly ServedVersion[] = [
  oldVersion({ ...names, kind: 'PodDisruptionBudget' }, { toStored, fromStored }),
];
