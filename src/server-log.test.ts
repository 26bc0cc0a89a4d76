import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogFile } from './server-log.ts';

describe('the log file', () => {
  it('throws nothing when it cannot be written, and says afterwards how much is missing', () => {
    let full = false;
    let text = '';
    const log = new LogFile((line) => {
      if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      text += line;
      return Buffer.byteLength(line);
    });
    log.write('one\n');
    full = true;
    log.write('two\n');
    log.write('three\n');
    full = false;
    log.write('four\n');
    log.write('five\n');
    assert.equal(text, 'one\n{"level":"warn","msg":"Log lines were lost: they could not be written","lines":2}\nfour\nfive\n');
  });

  it('begins a new line after one that was cut', () => {
    let room = 5;
    let text = '';
    const log = new LogFile((line) => {
      const part = line.slice(0, room);
      text += part;
      return part.length;
    });
    log.write('abcdefgh\n');
    room = 1000;
    log.write('next\n');
    const [cut, told = '', next] = text.split('\n');
    assert.equal(cut, 'abcde');
    assert.equal(JSON.parse(told).lines, 1);
    assert.equal(next, 'next');
  });
});
