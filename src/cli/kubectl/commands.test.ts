import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubectlCommand } from './command/command.ts';
import { loadCommand, loadCommands } from './commands.ts';
import { commandGroups } from './help/command-groups.ts';
import { helpTexts } from './help/help-texts.ts';

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

  it('shows every verb that is not hidden under one heading of the help', async () => {
    const shown = (await loadCommands()).filter((command) => command.hidden !== true).map((command) => command.name);
    assert.deepEqual(commandGroups.flatMap(({ names }) => names).toSorted(), shown.toSorted());
  });

  it('has a help text for every verb and sub-verb, and none for others', async () => {
    const paths = (command: KubectlCommand, above = ''): readonly string[] => [
      `${above}${command.name}`,
      ...(command.subcommands ?? []).flatMap((below) => paths(below, `${above}${command.name} `)),
    ];
    const known = (await loadCommands()).filter((command) => command.hidden !== true).flatMap((command) => paths(command));
    assert.deepEqual([...helpTexts.keys()].toSorted(), known.toSorted());
  });
});
