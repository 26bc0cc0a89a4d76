/**
 * DELETE of one object and of collections. Source: apiserver pkg/endpoints/handlers/delete.go,
 * pkg/registry/generic/registry/store.go.
 */

import type { JsonObject, JsonValue } from '../../../api/json.ts';
import type { Target } from '../../registry/registry.ts';
import type { Answer } from '../answer.ts';
import { decodeBody, inputType, readBody } from '../body.ts';
import { encodeEntry, encodeObject } from '../encode/encode.ts';
import type { Exchange } from '../exchange.ts';
import { deleteOptions } from '../options/delete-options.ts';
import { listOptions } from '../options/list-options.ts';
import type { ServerContext } from '../server-context.ts';
import { encodeContext, negotiateFor, send, sendList } from './read.ts';

/** The decoded body; undefined when there is none. */
async function optionsBody(exchange: Exchange, server: ServerContext): Promise<JsonValue | undefined> {
  const bytes = await readBody(exchange);
  if (bytes.length === 0) return undefined;
  const type = inputType(exchange.header('content-type'), () => true);
  const { codec, yaml } = server;
  const { json } = await decodeBody(bytes, { type, codec, yaml, apiVersion: 'meta.k8s.io/v1', kind: 'DeleteOptions', bare: true });
  exchange.audit?.request(json);
  return json;
}

/** The Success Status of a finished delete. Source: store.go, finalizeDelete. */
const deletedStatus = (target: Target, uid: string): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: { name: target.name, ...groupOf(target), kind: target.kind.plural, uid },
});

/** The group of the requested version: events.k8s.io serves objects that are stored in the core group. */
const groupOf = ({ kind, served }: Target) => {
  const group = served?.group ?? kind.group;
  return group === '' ? {} : { group };
};

export async function handleDelete(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  const { options, acceptedIfPending } = deleteOptions(exchange, await optionsBody(exchange, server));
  const answer = await server.registry.delete(exchange, target, options);
  if (answer.type === 'deleted') {
    const status = deletedStatus(target, answer.entry.object.metadata.uid);
    exchange.audit?.outcome(status);
    const plain = { ...representation, transform: undefined };
    return send(exchange, 200, plain, encodeObject(status, plain, server.codec));
  }
  const body = encodeEntry(target, answer.entry, representation, encodeContext(exchange, server));
  return send(exchange, acceptedIfPending && answer.type === 'object' ? 202 : 200, representation, body);
}

export async function handleDeleteCollection(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  const { list } = listOptions(exchange);
  const { options } = deleteOptions(exchange, await optionsBody(exchange, server));
  const answer = await server.registry.deleteCollection(exchange, { ...target, name: '' }, list, options);
  return sendList(exchange, target, representation, answer, encodeContext(exchange, server));
}
