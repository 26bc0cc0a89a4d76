/** What the process uses, and what it is. Source: component-base metrics/prometheus/version/metrics.go. */
import { readdirSync, readFileSync } from 'node:fs';
import type { MetricSource, MetricText } from '../../../api/metric-text.ts';
import { versionInfo } from '../version.ts';

/** What Linux tells of the process; undefined elsewhere. Source: prometheus/client_golang, process_collector.go. */
function ofLinux(): { readonly openFiles: number; readonly maxFiles: number; readonly virtualBytes: number } | undefined {
  try {
    const max = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    const kib = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    const openFiles = readdirSync('/proc/self/fd').length;
    return { openFiles, maxFiles: max === 'unlimited' ? Number.POSITIVE_INFINITY : Number(max), virtualBytes: Number(kib) * 1024 };
  } catch {
    return undefined;
  }
}

/** `startMs`: when the process started, in milliseconds since the epoch. */
export const processMetrics = (startMs: number): MetricSource => ({
  write(text: MetricText): void {
    const cpu = process.cpuUsage();
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
    const one = (value: number): readonly (readonly [Record<string, string>, number])[] => [[{}, value]];
    const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } = versionInfo;
    const build = { build_date: buildDate, compiler, git_commit: gitCommit, git_tree_state: gitTreeState, git_version: gitVersion };
    const labels = { ...build, go_version: goVersion, major, minor, platform };
    text.gauge(
      'kubernetes_build_info',
      "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      [[Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)])), 1]],
    );
    text.counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', one((cpu.user + cpu.system) / 1e6));
    text.gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', one(rss));
    const linux = ofLinux();
    if (linux !== undefined) {
      text.gauge('process_max_fds', 'Maximum number of open file descriptors.', one(linux.maxFiles));
      text.gauge('process_open_fds', 'Number of open file descriptors.', one(linux.openFiles));
      text.gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', one(linux.virtualBytes));
    }
    text.gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', one(startMs / 1000));
    text.gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', one(heapTotal));
    text.gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.', one(heapUsed));
    text.gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', one(external));
  },
});
