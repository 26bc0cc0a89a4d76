/** `kubectl set subject`. Source: kubectl pkg/cmd/set/set_subject.go. */
import { deepEqual } from '../../../../api/deep-equal.ts';
import type { Subject as TypedSubject } from '../../../../api/generated/rbac/v1.ts';
import type { JsonObject } from '../../../../api/json.ts';
import { createTwoWayMergePatch } from '../../../../api/patch/strategic-merge-patch.ts';
import { StatusError } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import { isKind } from '../../kinds/kinds.ts';
import { unregistered } from '../../kinds/registered.ts';
import { collectInfos, type Info, nothingNamed, throwAll } from '../../resources/infos.ts';
import { StrategicKinds } from '../../writing/strategic.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';
import { setFlags, unchangeable } from './pod-template.ts';

type Subject = TypedSubject & JsonObject;

const apiGroup = 'rbac.authorization.k8s.io';

const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted();

/** The subjects that the flags name. */
function subjectsOf(flags: Flags, namespace: string): readonly Subject[] {
  const named = (flag: 'user' | 'group', kind: string): readonly Subject[] =>
    sorted(flags.list(flag)).map((name) => ({ kind, apiGroup, name }));
  const accounts = sorted(flags.list('serviceaccount')).map((text): Subject => {
    const [given = '', name = ''] = text.split(':');
    return { kind: 'ServiceAccount', name, namespace: given === '' ? namespace : given };
  });
  return [...named('user', 'User'), ...named('group', 'Group'), ...accounts];
}

function requireValid(flags: Flags, infos: readonly Info[]): void {
  if (flags.bool('all') && flags.string('selector') !== '') throw new CommandError('cannot set --all and --selector at the same time');
  const accounts = flags.list('serviceaccount');
  if (flags.list('user').length + flags.list('group').length + accounts.length === 0) {
    throw new CommandError('you must specify at least one value of user, group or serviceaccount');
  }
  for (const account of accounts) {
    const parts = account.split(':');
    if (parts.length !== 2 || parts[1] === '') throw new CommandError('serviceaccount must be <namespace>:<name>');
    if (parts[0] === '' && infos.some(({ resource }) => isKind(resource, 'ClusterRoleBinding'))) {
      throw new CommandError('serviceaccount must be <namespace>:<name>, namespace must be specified');
    }
  }
}

export const setSubject: KubectlCommand = {
  name: 'subject',
  summary: 'Update the user, group, or service account in a role binding or cluster role binding',
  usage: '(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]',
  flags: [
    ...setFlags,
    { name: 'user', type: 'array', help: 'Usernames to bind to the role' },
    { name: 'group', type: 'array', help: 'Groups to bind to the role' },
    { name: 'serviceaccount', type: 'array', help: 'Service accounts to bind to the role' },
  ],
  run: async (session, flags) => {
    if (flags.args.length === 0 && flags.list('filename').length === 0) throw new CommandError(nothingNamed);
    const writer = new Writer(session, 'kubectl-set');
    const infos = await collectInfos(session, flags.args, { latest: !flags.bool('local'), refuse: unregistered });
    requireValid(flags, infos);
    const kinds = new StrategicKinds();
    const wanted = subjectsOf(flags, session.namespace);
    const local = flags.bool('local') || writer.dryRun === 'client';
    const errors: Error[] = [];
    for (const info of infos) {
      const { resource, object } = info;
      const target = kinds.target(resource);
      if (target === undefined || !(isKind(resource, 'RoleBinding') || isKind(resource, 'ClusterRoleBinding'))) {
        const why = 'setting subjects is only supported for RoleBinding/ClusterRoleBinding';
        errors.push(unchangeable(info, flags.bool('local'), why));
        continue;
      }
      const { subjects = [] } = object as { readonly subjects?: readonly Subject[] }; // of a binding
      const added = wanted.filter((subject) => !subjects.some((one) => deepEqual(one, subject)));
      if (added.length === 0) continue;
      const changed = { ...object, subjects: [...subjects, ...added] };
      try {
        const patch = createTwoWayMergePatch(object, changed, target);
        writer.print('subjects updated', info, local ? changed : await writer.patch(info, { type: patchTypes.strategic, patch }));
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        errors.push(new CommandError(`failed to patch subjects to rolebinding: ${error.message}`));
      }
    }
    throwAll(session, errors);
    return 0;
  },
};
