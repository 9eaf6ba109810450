import { type Finding, bad, good } from "./check-result.ts";
import { listFaults } from "./check-files.ts";
import { findProsody } from "./check-names.ts";

/** C modules without which no Prosody runs. */
const indispensable = ["lfs", "lxp", "socket.core", "ssl", "util.encodings", "util.hashes", "util.net"];

/**
 * Lua that loads every C module in the folders of package.cpath, with \`require\` and as a shared object: Lua code of the
 * same name would hide one from \`require\`. Prints \`name<tab>what went wrong\` a line.
 */
export const cModulesScript = `${findProsody}
local lfs = require "lfs"
local found = {}
local function look(folder, prefix)
  if lfs.attributes(folder, "mode") ~= "directory" then return end
  for name in lfs.dir(folder) do
    local path = folder .. "/" .. name
    if name:sub(-3) == ".so" then
      found[#found + 1] = { name = prefix .. name:sub(1, -4), path = path }
    elseif name:sub(1, 1) ~= "." then
      look(path, prefix .. name .. ".")
    end
  end
end
for folder in package.cpath:gmatch("(/[^;?]+)/%?%.so") do look(folder, "") end
for _, module in ipairs(found) do
  local ok, problem = pcall(require, module.name)
  if not ok then module.problem = tostring(problem) end
end
for _, module in ipairs(found) do
  local ok, problem = package.loadlib(module.path, "*")
  print(module.name .. "\\t" .. (module.problem or not ok and problem or ""):gsub("%s+", " "))
end
`;

/** Whether all C modules load, and those are there without which nothing works. */
export function judgeCModules(output: string): Finding {
  const rows = output
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
  const names = rows.map(([name = ""]) => name);
  const faults = [
    ...indispensable.filter((name) => !names.includes(name)).map((name) => `${name} is not there`),
    ...rows.flatMap(([name, problem = ""]) => (problem === "" ? [] : [`${name}: ${problem}`])),
  ];
  return faults.length === 0 ? good(`${names.length} load: ${names.toSorted().join(" ")}`) : bad(listFaults(faults));
}
