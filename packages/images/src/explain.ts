import { compareText } from "@prosody-foundry/kit";

type Inputs = Readonly<Record<string, string>>;

/** What made an id another one. */
export interface PlanExplanation {
  changed: { input: string; from: string; to: string }[];
  added: string[];
  removed: string[];
}

/** Which inputs of a target differ between two plans; empty lists when its id is the same. */
export function explainPlan(before: Inputs, after: Inputs): PlanExplanation {
  const labels = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted(compareText);
  return {
    changed: labels.flatMap((input) => {
      const [from, to] = [before[input], after[input]];
      return from === undefined || to === undefined || from === to ? [] : [{ input, from, to }];
    }),
    added: labels.filter((input) => before[input] === undefined),
    removed: labels.filter((input) => after[input] === undefined),
  };
}

/** The explanation for people, a line for each input; hashes cut to 12 digits. */
export function formatExplanation({ changed, added, removed }: PlanExplanation): string {
  const lines = [
    ...changed.map(({ input, from, to }) => `~ ${input}: ${shorten(from)} → ${shorten(to)}`),
    ...added.map((input) => `+ ${input}`),
    ...removed.map((input) => `- ${input}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function shorten(value: string): string {
  return value.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/gu, "$1");
}
