/** Builds the sample images that are missing: `scripts/images/build [name…]`. */
import { join } from 'node:path';
import { ImageBuilder } from './image-builder.ts';
import { recipes } from './recipes.ts';

const here = import.meta.dirname;
const builder = new ImageBuilder({ recipes, work: join(here, '..', '..', '.minik-dev', 'images'), sources: here });

const names = process.argv.slice(2);
for (const recipe of names.length === 0 ? recipes : names.map((name) => builder.recipeNamed(name))) await builder.build(recipe);
