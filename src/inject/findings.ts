import type { PylatchError } from '../common/errors';
import type { Finding } from './types';

const ORDER: Record<Finding['severity'], number> = { refusal: 0, warning: 1, note: 2 };

/** The error that an attach would end with, as data. */
export function toFinding({ id, text, fix }: PylatchError): Finding {
  return { id, severity: 'refusal', what: text, ...(fix === undefined ? {} : { fix }) };
}

/** Refusals first, then warnings, then notes; each id once, the first of it. */
export function arranged(findings: readonly Finding[]): Finding[] {
  const byId = new Map([...findings].reverse().map((finding) => [finding.id, finding]));
  const once = findings.filter((finding) => byId.get(finding.id) === finding);
  return once.sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

/** True where nothing forbids an attach. */
export function isAttachable(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity !== 'refusal');
}
