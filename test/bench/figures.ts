import { renderBytes, renderTable } from "../../packages/cli/src/table.ts";

/** One line of the comparison; undefined is what could not be run here. */
export interface Figure {
  what: string;
  unit: "seconds" | "milliseconds" | "bytes" | "memory" | "count" | "rate";
  ours: number | undefined;
  official: number | undefined;
  /** What we aim at, and whether that is reached. */
  aim?: { text: string; met: boolean | undefined };
}

/** An aim as a share of the official recipe's figure. */
export function underShare(figure: Omit<Figure, "aim">, share: number, text: string): Figure {
  const { ours, official } = figure;
  const met = ours === undefined || official === undefined ? undefined : ours < official * share;
  return { ...figure, aim: { text, met } };
}

/** An aim as a figure. */
export function under(figure: Omit<Figure, "aim">, limit: number, text: string): Figure {
  return { ...figure, aim: { text, met: figure.ours === undefined ? undefined : figure.ours < limit } };
}

export function ratioOf({ ours, official }: Figure): number | undefined {
  return ours === undefined || official === undefined ? undefined : ours / official;
}

export function renderFigures(figures: readonly Figure[], notes: readonly string[]): string {
  const head = ["", "ours", "official recipe", "ours/official", "aim", ""];
  const rows = figures.map((figure) => [
    figure.what,
    renderValue(figure.unit, figure.ours),
    renderValue(figure.unit, figure.official),
    ratioOf(figure)?.toPrecision(2) ?? "-",
    figure.aim?.text ?? "",
    figure.aim === undefined ? "" : renderMet(figure.aim.met),
  ]);
  return `${renderTable([head, ...rows])}\n${notes.map((note) => `- ${note}\n`).join("")}`;
}

const render: Readonly<Record<Figure["unit"], (value: number) => string>> = {
  seconds: (value) => `${value.toFixed(2)} s`,
  milliseconds: (value) => `${value.toFixed(0)} ms`,
  bytes: renderBytes,
  count: (value) => value.toFixed(0),
  rate: (value) => `${value.toFixed(1)}/s`,
  memory: (value) => `${(value / 1024 ** 2).toFixed(1)} MiB`,
};

function renderValue(unit: Figure["unit"], value: number | undefined): string {
  return value === undefined ? "not run" : render[unit](value);
}

function renderMet(met: boolean | undefined): string {
  if (met === undefined) return "not run";
  return met ? "met" : "NOT MET";
}
