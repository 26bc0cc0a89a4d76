/** Builds images from recipes. Images that exist and are up to date are not rebuilt. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureBytes } from './command.ts';
import { DebianPackages } from './debian-packages.ts';
import { buildImage, imageOf, ownerOf } from './docker-image.ts';
import { LayerTar } from './layer-tar.ts';
import type { Recipe } from './recipes.ts';

export interface ImageBuilderOptions {
  readonly recipes: readonly Recipe[];
  /** The folder for packages and build contexts. */
  readonly work: string;
  /**
   * A folder with a subfolder for each recipe that adds files of its own. A change of these files rebuilds the image.
   */
  readonly sources?: string;
  /** Packages that are left out of all images. Default: those needed only for installation or graphics. */
  readonly unwanted?: RegExp;
}

export class ImageBuilder {
  readonly #options: ImageBuilderOptions;
  readonly #debian: DebianPackages;

  constructor(options: ImageBuilderOptions) {
    this.#options = options;
    this.#debian = new DebianPackages(join(options.work, 'packages'), options.unwanted);
  }

  /** By its name or one of its tags. Throws when there is none. */
  recipeNamed(name: string): Recipe {
    const { recipes } = this.#options;
    const found = recipes.find((recipe) => recipe.name === name || recipe.tags.includes(name));
    if (found === undefined) throw new Error(`no image "${name}"; there are: ${recipes.map((recipe) => recipe.name).join(', ')}`);
    return found;
  }

  /**
   * Builds an image and its base images where they are missing. A tag that belongs to another image is not changed;
   * tests then use that image.
   */
  async build(recipe: Recipe): Promise<void> {
    const hash = this.#hashOf(recipe);
    const owners = await Promise.all(recipe.tags.map(async (tag) => [tag, await ownerOf(tag, hash)] as const));
    for (const [tag, owner] of owners) if (owner === 'foreign') console.log(`left alone: ${tag} is an image of your own`);
    const tags = owners.filter(([, owner]) => owner !== 'foreign').map(([tag]) => tag);
    const done = tags.length > 0 ? owners.every(([, owner]) => owner === 'current' || owner === 'foreign') : await imageOf(hash);
    if (done) return;
    if (recipe.from !== undefined) await this.build(this.recipeNamed(recipe.from));
    const started = performance.now();
    const root = await this.#rootOf(recipe);
    const from = recipe.from === undefined ? 'scratch' : await imageOf(this.#hashOf(this.recipeNamed(recipe.from)));
    if (from === undefined) throw new Error(`the image "${recipe.from}", which "${recipe.name}" starts from, was not built`);
    const dockerfile = [`FROM ${from}`, ...(root === undefined ? [] : ['ADD root.tar /']), ...recipe.lines, ''].join('\n');
    await buildImage({ tags, recipe: hash, dockerfile, ...(root === undefined ? {} : { root }) }, this.#options.work);
    console.log(`built ${tags.length === 0 ? recipe.name : tags.join(', ')} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }

  /** A hash of everything that determines an image's content, except the versions of distribution packages. */
  #hashOf(recipe: Recipe): string {
    const hash = createHash('sha256');
    if (recipe.from !== undefined) hash.update(this.#hashOf(this.recipeNamed(recipe.from)));
    hash.update(JSON.stringify([recipe.tags, recipe.packages, recipe.lines, recipe.inputs, process.arch, String(recipe.files)]));
    const folder = this.#options.sources === undefined ? undefined : join(this.#options.sources, recipe.name);
    const entries = folder !== undefined && existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
    for (const file of entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort())
      hash.update(readFileSync(file));
    return hash.digest('hex').slice(0, 16);
  }

  #ancestorPackages(recipe: Recipe): readonly string[] {
    if (recipe.from === undefined) return [];
    const below = this.recipeNamed(recipe.from);
    return [...this.#ancestorPackages(below), ...(below.packages ?? [])];
  }

  async #rootOf(recipe: Recipe): Promise<LayerTar | undefined> {
    if (recipe.packages === undefined && recipe.files === undefined) return undefined;
    const root = new LayerTar();
    if (recipe.from === undefined) recipe.files?.(root);
    if (recipe.packages !== undefined) {
      const below = this.#ancestorPackages(recipe);
      const present = new Set(below.length === 0 ? [] : (await this.#debian.fetch(below)).map((p) => p.name));
      const alone = new Set(recipe.packagesOnly ? recipe.packages : []);
      const added = (await this.#debian.fetch([...below, ...recipe.packages])).filter((p) =>
        alone.size > 0 ? alone.has(p.name) : !present.has(p.name),
      );
      for (const { file } of added) root.addArchive(await captureBytes('dpkg-deb', ['--fsys-tarfile', file]));
    }
    if (recipe.from !== undefined) recipe.files?.(root);
    return root;
  }
}
