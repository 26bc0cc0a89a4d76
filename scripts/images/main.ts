/** Builds the sample images that are missing: `scripts/images/build [name…]`. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureBytes } from './command.ts';
import { DebianPackages } from './debian-packages.ts';
import { buildImage, imageOf, ownerOf } from './docker-image.ts';
import { LayerTar } from './layer-tar.ts';
import { type Recipe, recipes } from './recipes.ts';

const here = import.meta.dirname;
const work = join(here, '..', '..', '.minik-dev', 'images');
const debian = new DebianPackages(join(work, 'packages'));

function recipeNamed(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name || recipe.tags.includes(name));
  if (found === undefined) throw new Error(`no image "${name}"; there are: ${recipes.map((recipe) => recipe.name).join(', ')}`);
  return found;
}

/** A hash of all that decides about an image's content, except the versions of distribution packages. */
function hashOf(recipe: Recipe): string {
  const hash = createHash('sha256');
  if (recipe.from !== undefined) hash.update(hashOf(recipeNamed(recipe.from)));
  hash.update(JSON.stringify([recipe.tags, recipe.packages, recipe.lines, recipe.inputs, process.arch, String(recipe.files)]));
  const folder = join(here, recipe.name);
  const entries = readdirSync(here).includes(recipe.name) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  for (const file of entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort())
    hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

const ancestorPackages = (recipe: Recipe): readonly string[] =>
  recipe.from === undefined ? [] : [...ancestorPackages(recipeNamed(recipe.from)), ...(recipeNamed(recipe.from).packages ?? [])];

async function rootOf(recipe: Recipe): Promise<LayerTar | undefined> {
  if (recipe.packages === undefined && recipe.files === undefined) return undefined;
  const root = new LayerTar();
  if (recipe.from === undefined) recipe.files?.(root);
  if (recipe.packages !== undefined) {
    const below = ancestorPackages(recipe);
    const present = new Set(below.length === 0 ? [] : (await debian.fetch(below)).map((p) => p.name));
    const alone = new Set(recipe.packagesOnly ? recipe.packages : []);
    const added = (await debian.fetch([...below, ...recipe.packages])).filter((p) =>
      alone.size > 0 ? alone.has(p.name) : !present.has(p.name),
    );
    for (const { file } of added) root.addArchive(await captureBytes('dpkg-deb', ['--fsys-tarfile', file]));
  }
  if (recipe.from !== undefined) recipe.files?.(root);
  return root;
}

/** Builds what is missing. A tag that somebody else's image has stays theirs; the tests then run on that one. */
async function build(recipe: Recipe): Promise<void> {
  const hash = hashOf(recipe);
  const owners = await Promise.all(recipe.tags.map(async (tag) => [tag, await ownerOf(tag, hash)] as const));
  for (const [tag, owner] of owners) if (owner === 'foreign') console.log(`left alone: ${tag} is an image of your own`);
  const tags = owners.filter(([, owner]) => owner !== 'foreign').map(([tag]) => tag);
  const done = tags.length > 0 ? owners.every(([, owner]) => owner === 'current' || owner === 'foreign') : await imageOf(hash);
  if (done) return;
  if (recipe.from !== undefined) await build(recipeNamed(recipe.from));
  const started = performance.now();
  const root = await rootOf(recipe);
  const from = recipe.from === undefined ? 'scratch' : await imageOf(hashOf(recipeNamed(recipe.from)));
  if (from === undefined) throw new Error(`the image "${recipe.from}", which "${recipe.name}" starts from, was not built`);
  const dockerfile = [`FROM ${from}`, ...(root === undefined ? [] : ['ADD root.tar /']), ...recipe.lines, ''].join('\n');
  await buildImage({ tags, recipe: hash, dockerfile, ...(root === undefined ? {} : { root }) }, work);
  console.log(`built ${tags.length === 0 ? recipe.name : tags.join(', ')} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

const names = process.argv.slice(2);
for (const recipe of names.length === 0 ? recipes : names.map(recipeNamed)) await build(recipe);
