import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogPiece } from '../../container/container-runtime.ts';
import { CriLines, type LogProgress, logProgress } from './cri-lines.ts';

const time = (n: number): string => `2026-01-02T03:04:05.${String(n).padStart(9, '0')}Z`;
const piece = (n: number, text: string, stream: LogPiece['stream'] = 'stdout', begins = true): LogPiece => ({
  ...{ stream, begins, time: time(n), bytes: Buffer.from(text) },
});
const print = (lines: CriLines, ...pieces: LogPiece[]): string => Buffer.concat(lines.add(pieces)).toString();
const rest = (lines: CriLines): string => Buffer.concat(lines.end()).toString();
const progress = (text: string, isWhole = true, isContinued = false): LogProgress | undefined =>
  logProgress({ bytes: Buffer.from(text), isWhole, isContinued });

const long = 'x'.repeat(16 * 1024);

describe('a log in CRI format', () => {
  it('has a line of its own for each line of each stream, whatever pieces they come in', () => {
    const lines = new CriLines();
    assert.equal(
      print(lines, piece(1, 'a'), piece(2, 'err\n', 'stderr'), piece(1, 'b\n', 'stdout', false), piece(3, '\n')),
      [`${time(2)} stderr F err\n`, `${time(1)} stdout F ab\n`, `${time(3)} stdout F \n`].join(''),
    );
  });

  it('has long lines in parts, of which the last ends the line', () => {
    const lines = new CriLines();
    assert.equal(
      print(lines, piece(1, `${long}${long}`), piece(1, 'end\n', 'stdout', false)),
      `${time(1)} stdout P ${long}\n${time(1)} stdout P ${long}\n${time(1)} stdout F end\n`,
    );
    assert.equal(print(lines, piece(2, `${long}\n`)), `${time(2)} stdout F ${long}\n`);
  });

  it('has a line without an end as a part', () => {
    const lines = new CriLines();
    assert.equal(print(lines, piece(1, 'login: ')), '');
    assert.equal(rest(lines), `${time(1)} stdout P login: \n`);
    assert.equal(rest(lines), '');
  });
});

describe('a log that is gone on with', () => {
  const written = `${time(1)} stdout F one\n${time(2)} stderr F two\n${time(3)} stdout F three\n`;
  const again = [piece(1, 'one\n'), piece(2, 'two\n', 'stderr'), piece(3, 'three\n'), piece(3, 'new\n', 'stderr'), piece(4, 'four\n')];

  it('gets what it has not, of each stream', () => {
    assert.equal(print(new CriLines(progress(written)), ...again), `${time(3)} stderr F new\n${time(4)} stdout F four\n`);
  });

  it('gets all of a stream that it has nothing of, unless that is in an earlier file', () => {
    const onlyErrors = `${time(2)} stderr F two\n`;
    const of = (isContinued: boolean): string =>
      print(new CriLines(progress(onlyErrors, true, isContinued)), piece(1, 'one\n'), piece(3, 'three\n'));
    assert.equal(of(false), `${time(1)} stdout F one\n${time(3)} stdout F three\n`);
    assert.equal(of(true), `${time(3)} stdout F three\n`);
  });

  it('gets the rest of a line of which it has parts', () => {
    const part = `${time(1)} stdout P ${long}\n`;
    const reached = progress(`${time(0)} stderr F zero\n${part}`);
    assert.equal(print(new CriLines(reached), piece(1, long), piece(1, `end\n`, 'stdout', false)), `${time(1)} stdout F end\n`);
    assert.equal(progress(part, false), undefined, 'earlier parts may be before what was read');
  });
});
