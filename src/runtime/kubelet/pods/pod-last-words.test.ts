import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

interface Ending {
  /** What it writes into its file; '' for nothing. */
  readonly file?: string;
  readonly log?: string;
  readonly code: number;
  readonly fields?: object;
}

describe('the message of a container that has ended', () => {
  it('is what it left in its file, or where its policy says so and it failed the end of its log', async (t) => {
    const policy = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}\n`);
    const endings: Readonly<Record<string, readonly [Ending, string | undefined]>> = {
      file: [{ file: 'DONE', log: 'log', code: 0 }, 'DONE'],
      'file-failed': [{ file: 'DONE', log: 'log', code: 1, fields: policy }, 'DONE'],
      'log-failed': [{ log: 'log\n', code: 1, fields: policy }, 'log\n'],
      'log-succeeded': [{ log: 'log\n', code: 0, fields: policy }, undefined],
      'log-by-default': [{ log: 'log\n', code: 1 }, undefined],
      'own-path': [{ file: 'DONE', code: 0, fields: { terminationMessagePath: '/dev/termination-custom-log' } }, 'DONE'],
      'long-file': [{ file: `begin${'x'.repeat(5000)}end`, code: 0 }, `${'x'.repeat(4093)}end`],
      'many-lines': [{ log: lines.join(''), code: 1, fields: policy }, lines.slice(20).join('')],
      'long-log': [{ log: `${'y'.repeat(3000)}end`, code: 1, fields: policy }, `${'y'.repeat(2045)}end`],
    };
    const k = await startKubeletCluster(t, {
      script: {
        container: ({ pod, mounts }) => {
          const ending = endings[pod.name]?.[0];
          if (ending === undefined) return undefined;
          const place = mounts.find(({ containerPath }) => containerPath.startsWith('/dev/termination-'));
          if (ending.file !== undefined && place !== undefined) writeFileSync(place.hostPath, ending.file);
          const { log } = ending;
          const written = log === undefined ? [] : [{ do: 'log' as const, stream: 'stdout' as const, text: log }];
          return { steps: [...written, { do: 'exit', code: ending.code }] };
        },
      },
    });
    for (const [name, [{ code, fields }, message]] of Object.entries(endings)) {
      await k.run(name, { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.36', ...fields }] });
      const { terminated } = (await k.status(name)).state;
      assert.deepEqual([terminated?.exitCode, terminated?.reason], [code, code === 0 ? 'Completed' : 'Error'], name);
      assert.equal(terminated?.message, message, name);
    }
  });
});
