/** Makes the npm package of the library, `dist/library`. Usage: npm run library */
import { resolve } from 'node:path';
import { buildCode, buildTypes } from './build.ts';

const output = resolve(import.meta.dirname, '../../dist/library');
await buildCode(output);
buildTypes(output);
console.log(output);
