/** Builds src/api/generated from the committed facts table and the API client package: `npm run generate`. */
import { join } from 'node:path';
import { readFacts } from './facts.ts';
import { writeTypes } from './write-types.ts';

const root = join(import.meta.dirname, '..', '..');
const facts = readFacts(join(import.meta.dirname, 'facts.json'));
const modules = writeTypes(facts, join(root, 'src', 'api', 'generated'));
console.log(`generated ${modules} type modules for ${facts.models.size} models`);
