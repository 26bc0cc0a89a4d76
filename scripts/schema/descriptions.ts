/** Takes the descriptions of models and fields from the API client package and joins them to the facts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts, ModelFacts } from '../../src/api/schema/facts.ts';
import { referenceDescriptions } from './reference-descriptions.ts';

/** One class of the client: its description, and the description of each property by JSON name. */
interface ClientModel {
  readonly description: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** The description of a model, then those of its own members in order ('' for embedded structs and unknown ones). */
export type Descriptions = Readonly<Record<string, readonly string[]>>;

/** Packages whose types are never part of the served API, so that the client has no class for them. */
const unserved = /\.(admission|imagepolicy|apidiscovery)\./;

const plainText = (text: string): string =>
  text
    .replace(/\\(['"\\])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();

/** Reads the declarations of the client's classes, by class name. */
function readClient(folder: string): Map<string, ClientModel> {
  const models = new Map<string, ClientModel>();
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.d.ts')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    const head = /(?:\/\*\*\n((?:\* .*\n)*)\*\/\n)?export declare class (\w+) \{/.exec(text);
    const name = head?.[2];
    if (head === null || name === undefined) continue;
    const script = readFileSync(join(folder, file.replace('.d.ts', '.js')), 'utf8');
    const baseNames = new Map<string, string>();
    for (const [, own = '', base = ''] of script.matchAll(/"name": "([^"]*)",\s*"baseName": "([^"]*)"/g)) baseNames.set(own, base);
    const properties = new Map<string, string>();
    const declared = text.slice(head.index).matchAll(/(?:\/\*\*\n\s*\* (.*)\n\s*\*\/\n\s*)?'(\w+)'\??:/g);
    for (const [, description = '', own = ''] of declared) {
      const base = baseNames.get(own);
      if (base !== undefined) properties.set(base, plainText(description));
    }
    models.set(name, { description: plainText((head[1] ?? '').replace(/^\* /gm, '')), properties });
  }
  return models;
}

/** All field names of a model as its JSON has them, embedded structs included. */
function fieldNames(facts: Facts, model: ModelFacts): string[] {
  return model.members.flatMap((member) => {
    if (!('embed' in member)) return [member.name];
    const embedded = facts.model(member.embed);
    return embedded === undefined ? [] : fieldNames(facts, embedded);
  });
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The client's class for a model: version prefix + name, with the group in front when several groups share the name.
 */
function clientClass(client: ReadonlyMap<string, ClientModel>, facts: Facts, model: ModelFacts): ClientModel | undefined {
  if (unserved.test(model.pkg)) return undefined;
  const [group = '', version = ''] = model.pkg.split('.').slice(-2);
  const names = new Set(fieldNames(facts, model));
  const byOverlap = [`${upper(group)}${upper(version)}${model.name}`, `${upper(version)}${model.name}`]
    .map((name) => client.get(name))
    .filter((candidate) => candidate !== undefined)
    .filter(({ properties }) => [...properties.keys()].every((name) => names.has(name)));
  return byOverlap[0];
}

/**
 * Descriptions of everything in the facts. Versions that are no longer served use those of another version's type of
 * the same name.
 */
export function describe(facts: Facts, clientFolder: string): Descriptions {
  const client = readClient(clientFolder);
  const models = facts
    .names()
    .map((name) => facts.model(name))
    .filter((model) => model !== undefined);
  const found = new Map<string, ClientModel>();
  const namesakes = new Map<string, ClientModel>();
  for (const model of models) {
    const match = clientClass(client, facts, model);
    if (match === undefined) continue;
    found.set(model.model, match);
    if (!namesakes.has(model.name)) namesakes.set(model.name, match);
  }
  const fallback = (model: ModelFacts): ClientModel | undefined => {
    for (const user of models) {
      const embeds = user.members.some((member) => 'embed' in member && member.embed === model.model);
      const match = embeds ? found.get(user.model) : undefined;
      if (match !== undefined) return { description: '', properties: match.properties };
    }
    return namesakes.get(model.name);
  };
  return Object.fromEntries(
    models.map((model) => {
      const match = found.get(model.model) ?? fallback(model);
      const ours = referenceDescriptions[model.name];
      const fields = model.members.map((member) => {
        if ('embed' in member) return '';
        const theirs = match?.properties.get(member.name) ?? '';
        return theirs === '' ? (ours?.[member.name] ?? '') : theirs;
      });
      return [model.model, [match?.description ?? '', ...fields]];
    }),
  );
}
