/** One thing that was looked at on an image. `notRun`: it could not be looked at here, and why. */
export interface Check {
  name: string;
  status: "passed" | "failed" | "notRun";
  detail: string;
}

/** What is looked at in the files, without running any: it can be done for every platform, anywhere. */
export const fileChecks = ["shared objects", "modes and links"] as const;

/** What is looked at while the image runs, in this order. */
export const runChecks = [
  "starts",
  "not root",
  "locked down",
  "no shell",
  "C modules",
  "internationalised names",
  "modules loaded",
  "other modules load",
  "authentication modules load",
  "TLS and SCRAM login",
  "message",
  "plaintext login refused",
  "registration refused",
  "stops cleanly",
] as const;

/** What is checked, in this order. */
export const checkNames = [...fileChecks, ...runChecks] as const;
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
