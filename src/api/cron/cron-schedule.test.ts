import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSchedule } from './cron-schedule.ts';
import { zoneProblem } from './time-zone.ts';

/** The next times of a schedule, as UTC. */
function times(text: string, from: string, count: number, zone = 'UTC'): readonly string[] {
  const parsed = parseSchedule(text);
  assert.ok('schedule' in parsed, JSON.stringify(parsed));
  const found: string[] = [];
  let at = Date.parse(from);
  for (let i = 0; i < count; i++) {
    const next = parsed.schedule.next(at, zone);
    if (next === undefined) return [...found, 'never'];
    at = next;
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('schedules of CronJobs', () => {
  it('are due at the times that their fields name', () => {
    assert.deepEqual(times('*/20 * * * *', '2026-01-01T00:00:00Z', 3), ['2026-01-01T00:20Z', '2026-01-01T00:40Z', '2026-01-01T01:00Z']);
    assert.deepEqual(times('5 4 1 feb ?', '2026-02-01T04:05:00Z', 1), ['2027-02-01T04:05Z']);
    assert.deepEqual(times('0 9-17/4 * * MON-FRI', '2026-01-02T17:30:00Z', 2), ['2026-01-05T09:00Z', '2026-01-05T13:00Z']);
    assert.deepEqual(times('10/25 0 * * *', '2026-01-01T00:00:00Z', 3), ['2026-01-01T00:10Z', '2026-01-01T00:35Z', '2026-01-02T00:10Z']);
    assert.deepEqual(times('0 0 29 2 *', '2026-01-01T00:00:00Z', 1), ['2028-02-29T00:00Z']);
  });
  it('are due on either kind of day when both are restricted', () => {
    assert.deepEqual(times('0 0 13 * 5', '2026-01-01T00:00:00Z', 3), ['2026-01-02T00:00Z', '2026-01-09T00:00Z', '2026-01-13T00:00Z']);
  });
  it('have names, and fixed distances', () => {
    assert.deepEqual(times('@monthly', '2026-01-01T00:00:00Z', 1), ['2026-02-01T00:00Z']);
    assert.deepEqual(times('@every 90m', '2026-01-01T00:10:00Z', 2), ['2026-01-01T01:40Z', '2026-01-01T03:10Z']);
  });
  it('are never due on a day that does not exist', () => {
    assert.deepEqual(times('0 0 31 2 *', '2026-01-01T00:00:00Z', 1), ['never']);
  });
  it('follow the clocks of a zone', () => {
    assert.deepEqual(times('0 9 * * *', '2026-03-27T12:00:00Z', 3, 'Europe/Berlin'), [
      ...['2026-03-28T08:00Z', '2026-03-29T07:00Z', '2026-03-30T07:00Z'],
    ]);
    // Clocks go from 2 to 3 on March 29, and from 3 back to 2 on October 25.
    assert.deepEqual(times('30 2 * * *', '2026-03-28T12:00:00Z', 1, 'Europe/Berlin'), ['2026-03-30T00:30Z']);
    assert.deepEqual(times('30 2 25 * *', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin'), ['2026-10-25T00:30Z', '2026-10-25T01:30Z']);
    assert.deepEqual(times('CRON_TZ=Asia/Tokyo 0 9 * * *', '2026-01-01T00:00:00Z', 1, 'Europe/Berlin'), ['2026-01-02T00:00Z']);
  });

  const invalid: readonly (readonly [string, string])[] = [
    ['', 'empty spec string'],
    ['a', 'expected exactly 5 fields, found 1: [a]'],
    ['* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-2 * * * *', 'beginning of range (5) beyond end of range (2): 5-2'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['*/-1 * * * *', 'negative number (-1) not allowed: -1'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['@often', 'unrecognized descriptor: @often'],
    ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
    ['TZ=Nowhere * * * * *', 'provided bad location Nowhere: unknown time zone Nowhere'],
    ['TZ=UTC', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
  ];
  for (const [text, problem] of invalid) it(`refuse ${text}`, () => assert.deepEqual(parseSchedule(text), { problem }));
});

describe('time zones', () => {
  it('exist under the name of their file', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'US/Pacific', 'Etc/GMT+3']) assert.equal(zoneProblem(zone), undefined, zone);
    for (const zone of ['europe/berlin', 'Nowhere', '+01', 'Europe']) assert.equal(zoneProblem(zone), `unknown time zone ${zone}`);
  });
});
