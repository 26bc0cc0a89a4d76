/** The audit log of a cluster: a file of events, one a line, that grows at its end. */
import { createWriteStream, openSync, readFileSync } from 'node:fs';
import { errorText } from '../api/error-text.ts';
import { YamlError } from '../api/yaml/yaml-error.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import type { Logger } from '../client/logger.ts';
import { AuditPolicy, AuditPolicyError, metadataPolicy } from '../server/http/audit/audit-policy.ts';
import type { AuditOptions } from '../server/http/audit/auditor.ts';

function readPolicy(path: string): AuditPolicy {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`the audit policy cannot be read: ${errorText(error)}`, [], { cause: error });
  }
  try {
    return AuditPolicy.parse(text);
  } catch (error) {
    if (error instanceof AuditPolicyError || error instanceof YamlError) {
      throw new UserError(`the audit policy ${path} is not valid: ${error.message}`, [], { cause: error });
    }
    throw error;
  }
}

function openLog(path: string): number {
  try {
    // Bodies may hold secrets.
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw new UserError(`the audit log cannot be written: ${errorText(error)}`, [], { cause: error });
  }
}

/** An open log. */
export interface OpenAudit extends AuditOptions {
  /** Aborts once everything is written and the file is closed. */
  readonly closed: AbortSignal;
}

/**
 * Opens the log that a cluster's settings ask for; undefined when they ask for none. Throws UserError. The file is
 * closed when `signal` aborts. Differs: it is never rotated, and requests of parts of this process are not recorded.
 */
export function openAudit(settings: ClusterSettings, log: Logger, signal: AbortSignal): OpenAudit | undefined {
  const { auditLogPath, auditPolicyFile } = settings;
  if (auditLogPath === undefined) return undefined;
  const policy = auditPolicyFile === undefined ? metadataPolicy : readPolicy(auditPolicyFile);
  const stream = createWriteStream(auditLogPath, { fd: openLog(auditLogPath) });
  stream.on('error', (error) => log.error('The audit log cannot be written', { error: errorText(error) }));
  signal.addEventListener('abort', () => stream.end(), { once: true });
  const closed = new AbortController();
  stream.once('close', () => closed.abort());
  return { policy, sink: (line) => void stream.write(`${line}\n`), closed: closed.signal };
}
