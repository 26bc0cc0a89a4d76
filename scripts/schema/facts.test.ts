import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type GoType, isSpecialModel, openFacts } from '../../src/api/schema/facts.ts';
import { Schemas } from '../../src/api/schema/schema.ts';
import { alwaysDefaulted } from './always-defaulted.ts';
import { referenceDescriptions } from './reference-descriptions.ts';

const facts = openFacts(readFileSync(join(import.meta.dirname, 'facts.json'), 'utf8'));

function modelsIn(type: GoType): string[] {
  if (type.kind === 'named') return [type.model];
  return type.kind === 'pointer' || type.kind === 'list' || type.kind === 'map' ? modelsIn(type.of) : [];
}

describe('facts.json', () => {
  it('refers only to models that it holds', () => {
    for (const name of facts.names()) {
      for (const member of facts.model(name)?.members ?? []) {
        const models = 'embed' in member ? [member.embed] : modelsIn(member.type);
        for (const model of models) assert.ok(facts.model(model) !== undefined || isSpecialModel(model), `${name} → ${model}`);
      }
    }
  });

  it('gives every field of a message its own protobuf number', () => {
    for (const name of facts.names()) {
      const numbers = (facts.model(name)?.members ?? []).map(({ number }) => number).filter((number) => number !== undefined);
      assert.equal(new Set(numbers).size, numbers.length, name);
    }
  });

  it('has JSON defaults, known markers and merge keys that the elements have', () => {
    const known = new Set(['list', 'keys', 'map', 'struct', 'patch', 'mergeKey', 'gate']);
    for (const name of facts.names()) {
      for (const member of facts.model(name)?.members ?? []) {
        if ('embed' in member) continue;
        if (member.default !== undefined) JSON.parse(member.default);
        for (const marker of Object.keys(member.markers)) assert.ok(known.has(marker), `${name}.${member.name}: ${marker}`);
        const { mergeKey } = member.markers;
        const [element] = modelsIn(member.type);
        if (mergeKey === undefined || element === undefined) continue;
        assert.ok(new Schemas(facts).get(element).byName.has(mergeKey), `${name}.${member.name} merges by ${mergeKey}`);
      }
    }
  });

  it('knows every field that is said to be always defaulted', () => {
    for (const [name, fields] of Object.entries(alwaysDefaulted)) {
      const members = facts.model(name)?.members ?? [];
      for (const field of fields)
        assert.ok(
          members.some((member) => !('embed' in member) && member.name === field),
          `${name}.${field}`,
        );
    }
  });

  it('knows every field that has a description of ours', () => {
    const fields = new Set(
      facts.names().flatMap((name) => [...new Schemas(facts).get(name).byName.keys()].map((field) => `${name.split('.').at(-1)}.${field}`)),
    );
    for (const [type, texts] of Object.entries(referenceDescriptions)) {
      for (const field of Object.keys(texts)) assert.ok(fields.has(`${type}.${field}`), `${type}.${field}`);
    }
  });
});
