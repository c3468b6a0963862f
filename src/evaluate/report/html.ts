import type { EvaluationReport } from '../report.js';
export function htmlOf(report: EvaluationReport): string {
  return JSON.stringify(report);
}
