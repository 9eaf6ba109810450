import type { Check } from "@prosody-foundry/bake";
import { renderTable } from "./table.ts";

const words = { passed: "ok", failed: "FAILED", notRun: "not run" } as const;

/** Checks, a line each. */
export function renderChecks(checks: readonly Check[]): string {
  return renderTable(checks.map(({ name, status, detail }) => [`  ${words[status]}`, name, detail]));
}
