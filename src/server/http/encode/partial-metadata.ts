/** PartialObjectMetadata: an object without its spec and status. Source: apimachinery pkg/apis/meta/v1/meta.go. */
import type { JsonObject } from '../../../api/json.ts';
import type { Entry } from '../../store/store.ts';

/** `{kind, apiVersion, metadata}` as JSON text. */
export const partialJson = (entry: Entry, version: string): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(entry.object.metadata)}}`;

/** `{kind, apiVersion, metadata}` as an object. */
export const partialObject = (entry: Entry, version: string): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  // Stored metadata is JSON by construction.
  metadata: entry.object.metadata as unknown as JsonObject,
});
