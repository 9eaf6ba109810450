import { canonicalJson } from "@prosody-foundry/kit";

/** Where two values of JSON differ, a sentence for each place below `where`; lists are told apart by what they hold. */
export function jsonDifferences(ours: unknown, theirs: unknown, where: string): string[] {
  if (textOf(ours) === textOf(theirs)) return [];
  if (Array.isArray(ours) && Array.isArray(theirs)) return listDifferences(ours, theirs, where);
  const [own, other] = [fieldsOf(ours), fieldsOf(theirs)];
  if (own === undefined || other === undefined) return [`${where} is ${shown(theirs)}, here ${shown(ours)}`];
  const names = new Set([...own.keys(), ...other.keys()]);
  return [...names].flatMap((name) => jsonDifferences(own.get(name), other.get(name), `${where} ${name}`));
}

function listDifferences(ours: readonly unknown[], theirs: readonly unknown[], where: string): string[] {
  const [own, other] = [new Set(ours.map(textOf)), new Set(theirs.map(textOf))];
  const more = theirs.filter((each) => !own.has(textOf(each)));
  const less = ours.filter((each) => !other.has(textOf(each)));
  if (more.length + less.length === 0) return [`${where} has another order, or something twice`];
  return [
    ...more.map((each) => `${where} has ${shown(each)}, which is not there here`),
    ...less.map((each) => `${where} lacks ${shown(each)}`),
  ];
}

function fieldsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

const longest = 160;

function shown(value: unknown): string {
  const text = textOf(value) ?? "missing";
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
