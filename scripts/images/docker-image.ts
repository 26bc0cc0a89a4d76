/** Images on the local Docker daemon, built from layers that these scripts make, without any registry. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.ts';
import type { LayerTar } from './layer-tar.ts';

/** The label that carries the hash of everything an image was built from. */
const recipeLabel = 'dev.minik.recipe';

export interface ImageBuild {
  readonly tags: readonly string[];
  readonly recipe: string;
  readonly dockerfile: string;
  /** Unpacked over the image's root by the Dockerfile's `ADD root.tar /`. */
  readonly root?: LayerTar;
}

/** Who owns a tag: this recipe, an older version of it, another image, or nobody. */
export type TagOwner = 'current' | 'outdated' | 'foreign' | 'none';

/** The owner of a tag on the daemon. */
export async function ownerOf(tag: string, recipe: string): Promise<TagOwner> {
  const lines = (await capture('docker', ['image', 'ls', '--quiet', '--no-trunc', tag])).trim();
  if (lines === '') return 'none';
  const label = (await capture('docker', ['image', 'inspect', '--format', `{{index .Config.Labels "${recipeLabel}"}}`, tag])).trim();
  if (label === recipe) return 'current';
  return label === '' || label === '<no value>' ? 'foreign' : 'outdated';
}

/** The id of an image that was built from this recipe, whatever its tags; undefined when there is none. */
export async function imageOf(recipe: string): Promise<string | undefined> {
  const ids = await capture('docker', ['image', 'ls', '--quiet', '--no-trunc', '--filter', `label=${recipeLabel}=${recipe}`]);
  return ids.split('\n').find((id) => id !== '');
}

/** Builds and tags an image; `workFolder` holds the build context while it runs. */
export async function buildImage(image: ImageBuild, workFolder: string): Promise<void> {
  mkdirSync(workFolder, { recursive: true });
  const context = mkdtempSync(join(workFolder, 'context-'));
  try {
    writeFileSync(join(context, 'Dockerfile'), image.dockerfile);
    if (image.root !== undefined) {
      const file = openSync(join(context, 'root.tar'), 'w');
      for (const piece of image.root.blocks()) writeSync(file, piece);
      closeSync(file);
    }
    const tags = image.tags.flatMap((tag) => ['--tag', tag]);
    await capture('docker', [
      'build',
      '--quiet',
      '--force-rm',
      '--network',
      'none',
      '--label',
      `${recipeLabel}=${image.recipe}`,
      ...tags,
      context,
    ]);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
