/** Images on the local Docker daemon, built from layers that these scripts make: no registry is asked. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.ts';
import type { LayerTar } from './layer-tar.ts';

/** The label that carries the hash of everything an image was built from. */
const recipeLabel = 'dev.minik.recipe';

export interface ImageBuild {
  readonly tags: readonly [string, ...string[]];
  readonly recipe: string;
  readonly dockerfile: string;
  /** Unpacked over the image's root by the Dockerfile's `ADD root.tar /`. */
  readonly root?: LayerTar;
}

/** Whether every tag exists and was built from this recipe. */
export async function isBuilt(tags: readonly string[], recipe: string): Promise<boolean> {
  const format = `{{index .Config.Labels "${recipeLabel}"}}`;
  try {
    const labels = (await capture('docker', ['image', 'inspect', '--format', format, ...tags])).trim().split('\n');
    return labels.length === tags.length && labels.every((label) => label === recipe);
  } catch {
    return false; // not there: `docker image inspect` fails when any is missing
  }
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
