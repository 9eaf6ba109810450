/** One thing that was looked at on a running image. `notRun`: it could not be looked at here, and why. */
export interface Check {
  name: string;
  status: "passed" | "failed" | "notRun";
  detail: string;
}

/** What is checked, in this order. */
export const checkNames = [
  "starts",
  "not root",
  "locked down",
  "no shell",
  "modules loaded",
  "other modules load",
  "TLS and SCRAM login",
  "message",
  "plaintext login refused",
  "registration refused",
  "stops cleanly",
] as const;
export type CheckName = (typeof checkNames)[number];

/** What one look found. */
export interface Finding {
  detail: string;
  ok: boolean;
}

export const good = (detail: string): Finding => ({ detail, ok: true });
export const bad = (detail: string): Finding => ({ detail, ok: false });

export function checkOf(name: CheckName, finding: Finding): Check {
  return { name, status: finding.ok ? "passed" : "failed", detail: finding.detail };
}

/** The checks of `names` as not run, all for one reason. */
export function notRun(names: readonly CheckName[], because: string): Check[] {
  return names.map((name) => ({ name, status: "notRun", detail: because }));
}
