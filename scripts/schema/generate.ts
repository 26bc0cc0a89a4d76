/** Builds src/api/generated from the committed facts table and the API client package: `npm run generate`. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFacts } from '../../src/api/schema/facts.ts';
import { describe } from './descriptions.ts';
import { writeData } from './write-data.ts';
import { writeTypes } from './write-types.ts';

const root = join(import.meta.dirname, '..', '..');
const out = join(root, 'src', 'api', 'generated');
const client = join(dirname(fileURLToPath(import.meta.resolve('@kubernetes/client-node'))), 'gen', 'models');

const text = JSON.stringify(JSON.parse(readFileSync(join(import.meta.dirname, 'facts.json'), 'utf8')));
const facts = openFacts(text);
const modules = writeTypes(facts, out);
const structureBytes = writeData(out, 'structure-data', 'structureData', text);
const descriptionBytes = writeData(out, 'description-data', 'descriptionData', JSON.stringify(describe(facts, client)));
console.log(
  `generated ${modules} type modules for ${facts.names().length} models; structure ${structureBytes} bytes, descriptions ${descriptionBytes} bytes`,
);
