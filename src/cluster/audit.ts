/** The audit log of a cluster: a file of events, one a line, that grows at its end until it is full. */
import { readFileSync } from 'node:fs';
import { errorText } from '../api/error-text.ts';
import { YamlError } from '../api/yaml/yaml-error.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import { systemClock } from '../client/clock.ts';
import type { Logger } from '../client/logger.ts';
import { AuditPolicy, AuditPolicyError, metadataPolicy } from '../server/http/audit/audit-policy.ts';
import type { AuditOptions } from '../server/http/audit/auditor.ts';
import { RotatingFile } from './rotating-file.ts';

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

const megabyte = 1024 * 1024;
const dayMs = 86_400_000;

/** Upstream's defaults of --audit-log-maxsize, --audit-log-maxbackup and --audit-log-maxage. */
const kept = { megabytes: 100, backups: 100, days: 366 };

function openLog(path: string, settings: ClusterSettings, log: Logger): RotatingFile {
  try {
    return new RotatingFile({
      path,
      maxBytes: (settings.auditLogMaxSize ?? kept.megabytes) * megabyte,
      maxBackups: settings.auditLogMaxBackup ?? kept.backups,
      maxAgeMs: (settings.auditLogMaxAge ?? kept.days) * dayMs,
      now: systemClock.now,
      onError: (error) => log.error('The audit log cannot be written', { error: errorText(error) }),
    });
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
 * closed when `signal` aborts. Differs: requests of parts of this process are not recorded.
 */
export function openAudit(settings: ClusterSettings, log: Logger, signal: AbortSignal): OpenAudit | undefined {
  const { auditLogPath, auditPolicyFile } = settings;
  if (auditLogPath === undefined) return undefined;
  const policy = auditPolicyFile === undefined ? metadataPolicy : readPolicy(auditPolicyFile);
  const file = openLog(auditLogPath, settings, log);
  signal.addEventListener('abort', () => file.end(), { once: true });
  return { policy, sink: (line) => file.write(`${line}\n`), closed: file.closed };
}
