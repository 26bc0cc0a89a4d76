import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCommand, loadCommands } from './commands.ts';

describe('the list of kubectl verbs', () => {
  it('knows every verb by the name that the verb declares, and no verb has another name', async () => {
    const commands = await loadCommands();
    assert.ok(commands.length > 20);
    for (const command of commands) {
      assert.equal(await loadCommand(command.name), command);
      assert.equal(command.aliases, undefined);
    }
    assert.equal(await loadCommand('no-such-verb'), undefined);
  });
});
