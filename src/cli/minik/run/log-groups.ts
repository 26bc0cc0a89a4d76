/** Folding of lines in the logs of CI systems, where the system has it; elsewhere a title. */

interface Folding {
  /** The variable that the system sets, and its value. */
  readonly variable: readonly [name: string, value: string];
  open(title: string, id: string, seconds: number): string;
  close(id: string, seconds: number): string;
}

const foldings: readonly Folding[] = [
  // Source: docs.github.com, "Workflow commands for GitHub Actions".
  { variable: ['GITHUB_ACTIONS', 'true'], open: (title) => `::group::${title}\n`, close: () => '::endgroup::\n' },
  // Source: docs.gitlab.com, "Custom collapsible sections".
  {
    variable: ['GITLAB_CI', 'true'],
    open: (title, id, seconds) => `\x1b[0Ksection_start:${seconds}:${id}[collapsed=true]\r\x1b[0K${title}\n`,
    close: (id, seconds) => `\x1b[0Ksection_end:${seconds}:${id}\r\x1b[0K\n`,
  },
  // Source: learn.microsoft.com, "Logging commands" of Azure Pipelines.
  { variable: ['TF_BUILD', 'True'], open: (title) => `##[group]${title}\n`, close: () => '##[endgroup]\n' },
  // Source: buildkite.com, "Managing log output": a group ends where the next begins.
  { variable: ['BUILDKITE', 'true'], open: (title) => `--- ${title}\n`, close: () => '' },
];

/** Lines under a title, folded where the CI system that the environment tells of can fold. */
export function logGroup(
  env: Readonly<Record<string, string | undefined>>,
  title: string,
  lines: readonly string[],
  nowMs: number = Date.now(),
): string {
  const folding = foldings.find(({ variable: [name, value] }) => env[name] === value);
  const body = lines.map((line) => `  ${line}\n`).join('');
  if (folding === undefined) return `${title}:\n${body}`;
  const seconds = Math.floor(nowMs / 1000);
  const id = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return `${folding.open(title, id, seconds)}${body}${folding.close(id, seconds)}`;
}
