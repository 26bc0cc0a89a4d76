import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { isErrno } from './errno.ts';

it('knows errors of the system by their code, also in another realm', () => {
  const thrown = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (error) {
      return error;
    }
  };
  const own = thrown(() => statSync('/does/not/exist'));
  const foreign: unknown = runInNewContext("Object.assign(new Error('no such file'), { code: 'ENOENT' })");
  for (const error of [own, foreign]) assert.deepEqual([isErrno(error, 'ENOENT'), isErrno(error, 'EEXIST')], [true, false]);
  for (const other of [undefined, null, 'ENOENT', new Error('ENOENT')]) assert.equal(isErrno(other, 'ENOENT'), false);
});
