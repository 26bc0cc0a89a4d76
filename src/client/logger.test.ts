import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createJsonLogger } from './logger.ts';

describe('createJsonLogger', () => {
  it('writes one JSON line with time, level, message and merged fields', () => {
    const lines: string[] = [];
    const log = createJsonLogger({ stream: { write: (line) => lines.push(line) }, now: () => 0 });
    log.with({ controller: 'replicaset' }).info('reconciled', { ref: 'default/a' });
    assert.deepEqual(lines, [
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","msg":"reconciled","controller":"replicaset","ref":"default/a"}\n',
    ]);
  });

  it('drops lines below its level', () => {
    const lines: string[] = [];
    const log = createJsonLogger({ stream: { write: (line) => lines.push(line) }, now: () => 0, level: 'warn' });
    log.debug('no');
    log.info('no');
    log.warn('yes');
    assert.equal(lines.length, 1);
  });

  it('renders errors with message and cause', () => {
    const lines: string[] = [];
    const log = createJsonLogger({ stream: { write: (line) => lines.push(line) }, now: () => 0 });
    log.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
    const [line] = lines;
    assert.ok(line);
    const parsed: unknown = JSON.parse(line);
    assert.match(JSON.stringify(parsed), /"message":"outer".*"message":"inner"/);
  });
});
