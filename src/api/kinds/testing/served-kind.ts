/** A Kind served by a whole API without sockets, with calls that know its paths. For tests only. */
import assert from 'node:assert/strict';
import { type TestApp, testApp } from '../../../server/http/test-app.ts';
import { createMemoryStore } from '../../../server/store/memory-store.ts';
import type { JsonObject, JsonValue } from '../../json.ts';
import { apiVersionOf } from '../../kind.ts';
import { builtInKinds } from '../index.ts';
import { type KindSamples, merged } from './samples.ts';

export interface Answer {
  readonly status: number;
  readonly body: JsonObject & { readonly metadata: JsonObject };
}

const contentTypes = {
  json: 'application/json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  patch: 'application/json-patch+json',
} as const;

export class ServedKind {
  readonly samples: KindSamples;
  readonly app: TestApp;

  constructor(samples: KindSamples) {
    this.samples = samples;
    this.app = testApp({}, createMemoryStore({ freeze: true }));
    if (!builtInKinds.includes(samples.kind)) this.app.kinds.add(samples.kind);
  }

  /** The path of the collection in a served version; default: the stored one. */
  path(served: { readonly group: string; readonly version: string } = this.samples.kind): string {
    const { plural, scope } = this.samples.kind;
    const root = served.group === '' ? `/api/${served.version}` : `/apis/${served.group}/${served.version}`;
    return `${root}${scope === 'Namespaced' ? '/namespaces/default' : ''}/${plural}`;
  }

  /** The path of an object. */
  one(text: string): string {
    return `${this.path()}/${this.name(text)}`;
  }

  /** The name of the object that is made for a text. */
  name(text: string): string {
    return this.samples.named?.(text).metadata.name ?? text;
  }

  /** The valid object for a text, its name by default, with its type. */
  valid(text: string, patch: JsonObject = {}): JsonObject {
    const { kind, valid, named } = this.samples;
    const typed = merged(valid, { apiVersion: apiVersionOf(kind.group, kind.version), kind: kind.kind });
    return merged(merged(typed, named?.(text) ?? { metadata: { name: text } }), patch);
  }

  async call(method: string, path: string, body?: JsonValue, type: keyof typeof contentTypes = 'json'): Promise<Answer> {
    const init: RequestInit =
      body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': contentTypes[type] } };
    const response = await this.app.fetch(path, init);
    // Every answer of the API is an object with metadata.
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  /** Creates the valid object and returns the answer. */
  async create(name: string, patch?: JsonObject): Promise<Answer['body']> {
    const { status, body } = await this.call('POST', this.path(), this.valid(name, patch));
    assert.equal(status, 201, String(body.message));
    return body;
  }

  /** Applies a merge patch and returns the answer. */
  async patch(name: string, patch: JsonObject, subresource = ''): Promise<Answer['body']> {
    const { status, body } = await this.call('PATCH', `${this.one(name)}${subresource}`, patch, 'merge');
    assert.equal(status, 200, String(body.message));
    return body;
  }

  async get(name: string): Promise<Answer['body']> {
    return (await this.call('GET', this.one(name))).body;
  }
}
