import { createHash } from 'node:crypto';
import { RuntimeError } from '../container-runtime.ts';
import type { DockerApi } from './docker-api.ts';
import { PAUSE_PROGRAMS } from './pause-programs.ts';
import { tarArchive } from './tar.ts';

/** The path of the program inside the sandbox. */
export const PAUSE_PATH = '/pause';

/** The sandbox's image, made on the daemon from the program inside this package. All clusters share it. */
export class PauseImage {
  readonly #api: DockerApi;

  constructor(api: DockerApi) {
    this.#api = api;
  }

  /** Changes with the program, so that a newer minik makes a newer image. */
  get name(): string {
    const hash = createHash('sha256').update(JSON.stringify(PAUSE_PROGRAMS)).digest('hex');
    return `minik/pause:${hash.slice(0, 12)}`;
  }

  /** Makes the image unless it is there. Throws RuntimeError 'Other' on an architecture that minik has no program for. */
  async ensure(): Promise<void> {
    if ((await this.#api.find({ method: 'GET', path: `/images/${this.name}/json` })) !== undefined) return;
    const { Arch } = await this.#api.json<{ Arch: string }>({ method: 'GET', path: '/version' });
    if (Arch !== 'amd64' && Arch !== 'arm64') throw new RuntimeError('Other', `no sandbox program for the engine's architecture ${Arch}`);
    const program = Buffer.from(PAUSE_PROGRAMS[Arch], 'base64');
    const [repo = '', tag = ''] = this.name.split(':');
    await this.#api.json({
      method: 'POST',
      path: '/images/create',
      query: { fromSrc: '-', repo, tag, changes: `ENTRYPOINT ["${PAUSE_PATH}"]`, message: 'minik pod sandbox' },
      file: tarArchive([{ path: PAUSE_PATH.slice(1), content: program, mode: 0o755 }]),
    });
  }
}
