/** Helpers of this folder's tests. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why `attempt` fails in a folder of its own; false, as node:test's `skip` wants it, when it works. */
function whyNot(what: string, attempt: (folder: string) => void): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'minik-rights-'));
  try {
    attempt(folder);
    return false;
  } catch (error) {
    return `${what}: ${error}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Why this process cannot give files to any user and group; false when it can. Root in a user namespace may not. */
export const cannotGiveFiles =
  process.getuid?.() === 0
    ? whyNot('files cannot be given away', (folder) => chownSync(folder, 2000, 4321))
    : 'only root may give files away';

/** Why this process cannot make device nodes; false when it can. Root without CAP_MKNOD may not. */
export const cannotMakeDevices = whyNot('devices cannot be made', (folder) => {
  const made = spawnSync('mknod', [join(folder, 'device'), 'b', '7', '250'], { encoding: 'utf8' });
  if (made.status !== 0) throw made.error ?? new Error(made.stderr.trim());
});
