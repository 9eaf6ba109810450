import { type Finding, bad, good } from "./check-result.ts";
import { listFaults } from "./check-files.ts";
import { type NameVector, nameVectors } from "./name-vectors.ts";

const vectors = Object.entries(nameVectors).flatMap(([preparation, rows]) =>
  rows.map(([text, result]) => ({ preparation, text, result })),
);

/** Lua that finds Prosody's own files and the image's, as the start scripts do. */
export const findProsody = `
package.path = "/usr/lib/prosody/?.lua;" .. package.path
package.cpath = "/usr/lib/prosody/?.so;/usr/lib/prosody-foundry/?.so;" .. package.cpath
`;

/** Lua that prints what becomes of each text, as hexadecimal UTF-8 a line; \`-\` where it is refused. */
export const namesScript = `${findProsody}
local encodings = require "util.encodings"
local function dec(hex) return (hex:gsub("..", function (two) return string.char(tonumber(two, 16)) end)) end
local function enc(text) return (text:gsub(".", function (one) return ("%02x"):format(one:byte()) end)) end
local preparations = {
  nodeprep = encodings.stringprep.nodeprep, nameprep = encodings.stringprep.nameprep,
  resourceprep = encodings.stringprep.resourceprep, saslprep = encodings.stringprep.saslprep,
  to_ascii = encodings.idna.to_ascii, to_unicode = encodings.idna.to_unicode,
  skeleton = encodings.confusable.skeleton,
}
for preparation, text in ([[
${vectors.map(({ preparation, text }) => `${preparation} ${encodeHex(text)}`).join("\n")}
]]):gmatch("(%S+) (%x+)") do
  local result = preparations[preparation](dec(text))
  print(result and enc(result) or "-")
end
`;

function encodeHex(text: string): string {
  return Buffer.from(text, "utf8").toString("hex");
}

/** Whether names come out as they do with the whole of ICU. */
export function judgeNames(output: string): Finding {
  const lines = output.trim().split("\n");
  if (lines.length !== vectors.length) return bad(`${lines.length} of ${vectors.length} names were prepared`);
  const faults = vectors.flatMap(({ preparation, text, result }, index) => {
    const got = decodeHex(lines[index] ?? "");
    return got === result ? [] : [`${preparation} of ${show(text)} gives ${show(got)}, not ${show(result)}`];
  });
  return faults.length === 0 ? good(`${vectors.length} names as with the whole of ICU`) : bad(listFaults(faults));
}

function decodeHex(line: string): NameVector[1] {
  return line === "-" ? null : Buffer.from(line, "hex").toString("utf8");
}

function show(text: string | null): string {
  return text === null ? "a refusal" : JSON.stringify(text);
}
