/** `kubectl certificate approve|deny`. Source: kubectl pkg/cmd/certificates/certificates.go. */
import type { CertificateSigningRequest } from '../../../api/generated/certificates/v1.ts';
import { isConflict } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { FlagSpec } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { groupKind, isKind } from '../kinds/kinds.ts';
import { outputFlags } from '../output/output.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { filenameFlags } from '../writing/write-flags.ts';
import { Writer } from '../writing/writing.ts';

const attempts = 10;

interface Decision {
  readonly condition: 'Approved' | 'Denied';
  /** What the request must not be yet. */
  readonly opposite: 'Approved' | 'Denied';
  readonly reason: string;
  readonly message: string;
  readonly operation: string;
}

const approval: Decision = {
  ...{ condition: 'Approved', opposite: 'Denied', reason: 'KubectlApprove', operation: 'approved' },
  message: 'This CSR was approved by kubectl certificate approve.',
};
const denial: Decision = {
  ...{ condition: 'Denied', opposite: 'Approved', reason: 'KubectlDeny', operation: 'denied' },
  message: 'This CSR was denied by kubectl certificate deny.',
};

/** The request with the decision; undefined when it has been made already. Throws CommandError. */
function decided(csr: CertificateSigningRequest, decision: Decision, now: string): CertificateSigningRequest | undefined {
  const conditions = csr.status?.conditions ?? [];
  if (conditions.some(({ type }) => type === decision.opposite)) {
    throw new CommandError(`certificate signing request ${JSON.stringify(csr.metadata.name)} is already ${decision.opposite}`);
  }
  const { condition: type, reason, message } = decision;
  if (conditions.some((condition) => condition.type === type)) return undefined;
  const condition = { type, status: 'True', reason, message, lastUpdateTime: now };
  return { ...csr, status: { ...csr.status, conditions: [...conditions, condition] } };
}

async function decide(session: Session, writer: Writer, info: Info, decision: Decision): Promise<void> {
  if (!isKind(info.resource, 'CertificateSigningRequest')) {
    const found = groupKind(info.resource);
    throw new CommandError(`can only handle CertificateSigningRequest.certificates.k8s.io objects, got ${found}`);
  }
  for (let attempt = 1; ; attempt++) {
    const current = (await writer.get(info)) as unknown as CertificateSigningRequest; // the API's answer for this resource
    const wanted = decided(current, decision, rfc3339(Date.now()));
    if (wanted === undefined && !session.flags.bool('force')) return;
    try {
      await writer.replace(info, (wanted ?? current) as unknown as ApiObject, 'approval');
      return;
    } catch (error) {
      if (!isConflict(error) || attempt >= attempts) throw error;
    }
  }
}

const command = (name: string, summary: string, decision: Decision): KubectlCommand => {
  const force: FlagSpec = { name: 'force', type: 'bool', help: `Update the CSR even if it is already ${decision.operation}.` };
  return {
    name,
    summary,
    usage: '(-f FILENAME | NAME) [options]',
    flags: [...filenameFlags, ...outputFlags, force],
    run: async (session, flags) => {
      if (flags.args.length === 0 && !flags.given('filename')) {
        throw new CommandError('one or more CSRs must be specified as <name> or -f <filename>');
      }
      const writer = new Writer(session, '', 'none');
      const names = flags.args.map((arg) => `certificatesigningrequests/${arg}`);
      const count = await visitInfos(session, names, { latest: true }, async (info) => {
        await decide(session, writer, info, decision);
        writer.print(decision.operation, info, info.object);
      });
      if (count === 0) session.out('No resources found\n');
      return 0;
    },
  };
};

export const certificate: KubectlCommand = {
  name: 'certificate',
  summary: 'Modify certificate resources',
  usage: 'SUBCOMMAND',
  subcommands: [
    command('approve', 'Approve a certificate signing request', approval),
    command('deny', 'Deny a certificate signing request', denial),
  ],
};
