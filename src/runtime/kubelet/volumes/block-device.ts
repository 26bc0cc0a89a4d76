/**
 * Mounts file systems that are on block devices, after making them on blank ones. Source:
 * k8s.io/mount-utils mount_linux.go (SafeFormatAndMount).
 */
import { execFile } from 'node:child_process';
import { errorText } from '../../../api/error-text.ts';

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** What it said, on both streams. */
  readonly output: string;
}

/** Runs a command of the host. Rejects when there is no such command. */
export type RunCommand = (program: string, args: readonly string[]) => Promise<CommandResult>;

export const runCommand: RunCommand = (program, args) =>
  new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, output: `${stdout}${stderr}`.trim() });
    });
  });

/** A device whose file system is mounted. */
export interface DeviceMount {
  readonly device: string;
  /** Default: ext4. */
  readonly fsType: string | undefined;
  /** Those of mount(8). */
  readonly options: readonly string[];
}

const defaultFsType = 'ext4';

/** Errors that fsck(8) found, and could not mend. */
const uncorrected = 4;

/** Undefined for a device that holds nothing. A table of partitions counts as something. */
async function formatOf(device: string, run: RunCommand): Promise<string | undefined> {
  const { code, stdout, output } = await run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', device]);
  if (code === 2) return undefined;
  if (code !== 0) throw new Error(`failed to get disk format of disk ${device}: ${output}`);
  const values = stdout.split('\n').flatMap((line) => /^(?:TYPE|PTTYPE)=(.+)$/.exec(line)?.[1] ?? []);
  return values.join(' ');
}

async function makeFileSystem(device: string, fsType: string, run: RunCommand): Promise<void> {
  const forced = fsType === 'ext3' || fsType === 'ext4' ? ['-F', '-m0'] : fsType === 'xfs' ? ['-f'] : [];
  const { code, output } = await run(`mkfs.${fsType}`, [...forced, device]);
  if (code !== 0) throw new Error(`format of disk ${JSON.stringify(device)} failed: type:(${JSON.stringify(fsType)}) output:(${output})`);
}

/** The host need not have fsck(8). */
async function repair(device: string, run: RunCommand): Promise<void> {
  const { code, output } = await run('fsck', ['-a', device]).catch(() => ({ code: 0, output: '' }));
  if (code === uncorrected) throw new Error(`'fsck' found errors on device ${device} but could not correct them: ${output}`);
}

/** Mounts a device at a folder. What it holds is kept: only a blank one gets a file system. Rejects with a reason. */
export async function mountDevice(path: string, { device, fsType, options }: DeviceMount, run: RunCommand = runCommand): Promise<void> {
  const type = fsType === undefined || fsType === '' ? defaultFsType : fsType;
  try {
    if ((await formatOf(device, run)) !== undefined) await repair(device, run);
    else if (options.includes('ro')) throw new Error(`cannot mount unformatted disk ${device} as we are manipulating it in read-only mode`);
    else await makeFileSystem(device, type, run);
    const { code, output } = await run('mount', ['-t', type, '-o', [...options, 'defaults'].join(','), device, path]);
    if (code !== 0) throw new Error(`mount failed: exit status ${code}: ${output}`);
  } catch (error) {
    const where = `local: failed to mount device ${device} at ${path} (fstype: ${type})`;
    throw new Error(`${where}, error ${errorText(error)}`, { cause: error });
  }
}

/**
 * Makes the file system of a mounted device as large as the device. Rejects with a reason. Source: resizefs_linux.go
 * (Resize).
 */
export async function growDevice(path: string, device: string, run: RunCommand = runCommand): Promise<void> {
  const format = (await formatOf(device, run)) ?? '';
  const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
    ...{ ext3: ['resize2fs', device], ext4: ['resize2fs', device] },
    ...{ xfs: ['xfs_growfs', '-d', path], btrfs: ['btrfs', 'filesystem', 'resize', 'max', path] },
  };
  const [program, ...args] = commands[format] ?? [];
  if (program === undefined) {
    throw new Error(`ResizeFS.Resize - resize of format ${format} is not supported for device ${device} mounted at ${path}`);
  }
  const { code, output } = await run(program, args);
  if (code !== 0) throw new Error(`resize of device ${device} failed: exit status ${code}. ${program} output: ${output}`);
}
