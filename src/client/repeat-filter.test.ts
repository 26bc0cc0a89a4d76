import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createJsonLogger } from './logger.ts';
import { withoutRepeats } from './repeat-filter.ts';

function harness(maxLines = 10) {
  let text = '';
  let nowMs = 0;
  const inner = createJsonLogger({ stream: { write: (line: string) => (text += line) }, now: () => 0 });
  return {
    logger: withoutRepeats(inner, { now: () => nowMs, quietMs: 1000, maxLines }),
    pass: (ms: number): void => {
      nowMs += ms;
    },
    lines: (): readonly Record<string, unknown>[] =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
  };
}

describe('a log without repeats', () => {
  it('says once what fails at every try, and after a while how often it did', () => {
    const { logger, pass, lines } = harness();
    for (let attempt = 1; attempt <= 5; attempt++) {
      logger.warn('binding failed', { pod: 'a', error: new Error('no room'), retryInMs: attempt * 100 });
      pass(100);
    }
    assert.equal(lines().length, 1);
    pass(1000);
    logger.warn('binding failed', { pod: 'a', error: new Error('no room') });
    logger.warn('binding failed', { pod: 'a', error: new Error('no room') });
    assert.deepEqual(
      lines().map(({ timesSinceLastSaid }) => timesSinceLastSaid),
      [undefined, 5],
    );
  });

  it('says all that differs: in the message, the fields, the error, or whose it is', () => {
    const { logger, lines } = harness();
    logger.warn('a');
    logger.error('a');
    logger.warn('a', { pod: 'x' });
    logger.warn('a', { error: new Error('one') });
    logger.warn('a', { error: new Error('two') });
    logger.with({ component: 'c' }).warn('a');
    logger.with({ component: 'd' }).warn('a');
    logger.with({ component: 'd' }).warn('a');
    assert.equal(lines().length, 7);
    assert.equal(lines().at(-1)?.component, 'd');
  });

  it('says every time what goes well', () => {
    const { logger, lines } = harness();
    for (let times = 0; times < 3; times++) logger.info('Service port opened');
    assert.equal(lines().length, 3);
  });

  it('remembers a bounded number of lines, the latest', () => {
    const { logger, lines } = harness(2);
    for (const pod of ['a', 'b', 'c', 'c', 'b', 'a']) logger.warn('failed', { pod });
    assert.deepEqual(
      lines().map(({ pod }) => pod),
      ['a', 'b', 'c', 'a'],
    );
  });
});
