import type { ModuleContent } from "@prosody-foundry/source";
import { latin1Text } from "./layout.ts";

// In this order, since the text of one licence names others: Mozilla's the GNU ones, the Affero licence the plain one.
const phrases: ReadonlyArray<readonly [string, RegExp]> = [
  ["MPL-2.0", /mozilla public license/iu],
  ["AGPL-3.0-only", /gnu affero general public license/iu],
  ["LGPL-2.1-or-later", /gnu lesser general public license/iu],
  ["GPL-3.0-or-later", /gnu general public license/iu],
  ["Apache-2.0", /apache license/iu],
  ["MIT", /\bMIT\/X11\b|\bMIT licen[cs]ed?\b|permission is hereby granted, free of charge/iu],
];

/**
 * SPDX expression of a module: its SPDX lines, its licence file, the head of its Lua files, else what its source says
 * for files without a word (`NOASSERTION` unless told). Bundled assets under licences of their own are not looked at.
 */
export function licenceOf(content: ModuleContent, sourceLicence = "NOASSERTION"): string {
  const lua = content.files.filter(({ path }) => path.endsWith(".lua")).map((file) => latin1Text(file).slice(0, 4000));
  const readmes = content.files
    .filter(({ path }) => path.startsWith("README"))
    .map((file) => latin1Text(file).slice(0, 200_000));
  const licences = content.files
    .filter(({ path }) => /^(?:LICEN[CS]E|COPYING)/u.test(path))
    .map((file) => latin1Text(file));
  const tagged = [...lua, ...readmes].flatMap((text) => [...text.matchAll(spdxLine)].map(([, id = ""]) => id));
  if (tagged.length > 0) return [...new Set(tagged)].toSorted().join(" AND ");
  const said = [...licences, ...lua].map((text) => phraseIn(text.slice(0, 4000))).find((id) => id !== undefined);
  return said ?? sourceLicence;
}

const spdxLine = /SPDX-License-Identifier: {0,4}([A-Za-z0-9.+-]{1,60})/gu;

function phraseIn(text: string): string | undefined {
  return phrases.find(([, phrase]) => phrase.test(text))?.[0];
}
