/**
 * Checks the documents: every link target and every file of this repository that a page names must exist. Prints the
 * problems and fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const left = new Set(['node_modules', '.git', 'dist', '.minik-dev', 'generated']);

function pagesBelow(root: string, folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return left.has(entry.name) ? [] : pagesBelow(root, path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

/**
 * Recognises names of places in the repository. Words in capitals, asterisks, angle brackets and ellipses are
 * placeholders.
 */
const ownPath = /^(?:src|scripts|docs|testdata|\.ci)\/[\w./@-]*$/;
const stands = /…|\b[A-Z]{3,}\b(?!\.md)/;

/** The places that a page names, as written: targets of links, and paths in backquotes. */
export function placesIn(page: string): { readonly links: readonly string[]; readonly paths: readonly string[] } {
  const prose = page.replaceAll(/^```[\s\S]*?^```/gm, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target.replace(/#.*$/, ''));
  const quoted = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text.split(' ')[0] ?? '');
  return {
    links: links.filter((target) => target !== '' && !/^[a-z]+:/.test(target)),
    paths: quoted.filter((text) => ownPath.test(text) && !stands.test(text)),
  };
}

/** The problems of the pages below a folder, one line each. */
export function problemsOfPages(root: string): string[] {
  return pagesBelow(root).flatMap((page) => {
    const { links, paths } = placesIn(readFileSync(join(root, page), 'utf8'));
    const here = (target: string): boolean => existsSync(resolve(root, dirname(page), target));
    return [
      ...links.filter((target) => !here(target)).map((target) => `${page}: links to ${target}, which is not there`),
      ...paths.filter((path) => !existsSync(join(root, path))).map((path) => `${page}: names ${path}, which is not there`),
    ];
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = problemsOfPages(resolve(import.meta.dirname, '..', '..'));
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
