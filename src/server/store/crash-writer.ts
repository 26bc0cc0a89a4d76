/**
 * The process that the crash test kills. It writes to a store as fast as it can and records each acknowledged write in
 * a file. Arguments: database file, file of acknowledged writes, round. Every line is `name version revision`; for
 * each, a dot is written to standard output.
 */
import { openSync, writeSync } from 'node:fs';
import { crashDiskOnly, crashKey } from './crash-objects.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { storedObject } from './store.contract.ts';

const [path, answers, round] = process.argv.slice(2);
if (path === undefined || answers === undefined || round === undefined) throw new Error('usage: crash-writer <database> <answers> <round>');
const record = openSync(answers, 'w');
const store = openSqliteStore({ path, logWindow: 100, diskOnly: crashDiskOnly });

async function writer(lane: number): Promise<never> {
  for (let count = 0; ; count++) {
    const name = `object-${lane}-${count % 7}`;
    const version = `${round}.${count}`;
    const object = count % 5 === 4 ? undefined : storedObject(name, { version, padding: version.repeat(200), end: version });
    const key = crashKey(name);
    if (object === undefined && store.get(key) === undefined) continue;
    const entry = await store.write({ key, object });
    writeSync(record, `${name} ${object === undefined ? 'deleted' : version} ${entry.revision}\n`);
    process.stdout.write('.');
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => writer(lane)));
