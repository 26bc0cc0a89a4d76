import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTokenFile, staticTokenAuthenticator, TokenFileError } from './static-tokens.ts';

describe('a file of tokens', () => {
  const text = 'one,jane,7,"devs,ops"\r\n\n"two ""2""",joe,8\nthree,ann,9,\n,nobody,1\none,jack,5,x';
  const { authenticate } = staticTokenAuthenticator(readTokenFile(text));

  it('names the users of tokens, with their groups', () => {
    assert.deepEqual(authenticate({ bearerToken: 'two "2"' }), { name: 'joe', uid: '8', groups: [], extra: {} });
    assert.deepEqual(authenticate({ bearerToken: 'three' })?.groups, []);
    assert.deepEqual(readTokenFile('a,b,c,"d,e"\n').get('a')?.groups, ['d', 'e']);
  });

  it('counts the last of equal tokens, and none that is empty', () => {
    assert.equal(authenticate({ bearerToken: 'one' })?.name, 'jack');
    assert.equal(authenticate({ bearerToken: '' }), undefined);
    assert.equal(authenticate({ bearerToken: undefined }), undefined);
  });

  it('is refused with what is wrong', () => {
    const refusal = (wrong: string, message: RegExp) =>
      assert.throws(
        () => readTokenFile(wrong),
        (error) => error instanceof TokenFileError && message.test(error.message),
      );
    refusal('a,b\n', /^it must have at least 3 columns \(token, user name, user uid\), found 2$/);
    refusal('a,b,c\nd,e"f,g', /^line 2 has a quote/);
    refusal('a,"b,c', /^line 1 has a quote/);
  });
});
