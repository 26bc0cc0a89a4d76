import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PAUSE_PROGRAMS } from './pause-programs.ts';

const ELF_64_BIT_LITTLE_ENDIAN = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const MACHINES = { amd64: 62, arm64: 183 } as const;
const PT_INTERP = 3;

it('carries a small static program for each architecture', () => {
  for (const [architecture, machine] of Object.entries(MACHINES)) {
    const program = Buffer.from(PAUSE_PROGRAMS[architecture === 'amd64' ? 'amd64' : 'arm64'], 'base64');
    assert.deepEqual(program.subarray(0, 6), ELF_64_BIT_LITTLE_ENDIAN);
    assert.equal(program.readUInt16LE(18), machine);
    assert.ok(program.length < 4096);
    const segments = Number(program.readBigUInt64LE(32));
    const types = Array.from({ length: program.readUInt16LE(56) }, (_, index) =>
      program.readUInt32LE(segments + index * program.readUInt16LE(54)),
    );
    assert.ok(!types.includes(PT_INTERP), `${architecture} needs an interpreter`);
  }
});
