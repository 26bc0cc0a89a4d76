/** `/logs/`: the machine's log files. Source: pkg/kubelet/server/server.go (getLogs); Go net/http fs.go. */
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Readable } from 'node:stream';

export type SystemLog = { readonly type: 'file'; readonly content: Readable } | { readonly type: 'folder'; readonly page: string };

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;').replaceAll("'", '&#39;');

async function pageOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).toSorted();
  const links = names.map((name) => `<a href="${escapeHtml(encodeURI(name))}">${escapeHtml(name)}</a>\n`);
  return `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join('')}</pre>\n`;
}

/**
 * Reads a path below the log folder. Undefined when nothing is there, when it may not be read, or when a link leads
 * outside the folder.
 */
export async function readSystemLog(root: string, path: string): Promise<SystemLog | undefined> {
  try {
    const [base, found] = await Promise.all([realpath(root), realpath(join(root, path))]);
    if (found !== base && !found.startsWith(`${base}${sep}`)) return undefined;
    const facts = await stat(found);
    if (facts.isDirectory()) return { type: 'folder', page: await pageOf(found) };
    if (!facts.isFile()) return undefined;
    const content = createReadStream(found);
    await new Promise((resolve, reject) => content.once('open', resolve).once('error', reject));
    return { type: 'file', content };
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(String(error.code)))
      return undefined;
    throw error;
  }
}
