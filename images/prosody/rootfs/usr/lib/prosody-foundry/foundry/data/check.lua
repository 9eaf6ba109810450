-- Whether a backup is whole: each member is what its checksum says, none is missing, none is of another place. Reads it
-- once, as a stream, and answers { head =, summary =, folders = }, the last by name those of hosts that it has files of.

local json = require("foundry.data.json")
local backup = require("foundry.data.backup")
local files = require("foundry.data.files")
local sha256 = require("foundry.data.sha256")
local tar = require("foundry.data.tar")

local function damaged(name) error(("The backup is damaged: %s is not what it was."):format(name), 0) end

local function key_of(section) return section.host .. "\0" .. section.store .. "\0" .. section.kind end

local function count_lines(text, counts)
  local section, lines = backup.lines_of(text)
  local key = key_of(section)
  for _ in lines do counts[key] = (counts[key] or 0) + 1 end
end

local function digest_of(members, size, keep)
  local sum, parts = sha256.open(size), {}
  for bytes in members.part do
    sum.add(bytes)
    if keep then parts[#parts + 1] = bytes end
  end
  return sum.finish(), table.concat(parts)
end

-- The members since the last list of checksums, in the order it has them.
local function compare(list, pending)
  local i = 0
  for digest, name in list:gmatch("(%x+)  ([^\n]+)\n") do
    i = i + 1
    if not pending[i] or pending[i].name ~= name then error("The backup is damaged: " .. name .. " is missing.", 0) end
    if pending[i].digest ~= digest then damaged(name) end
  end
  if i ~= #pending then damaged(pending[i + 1].name) end
end

local function check_counts(summary, counts)
  for _, section in ipairs(summary.sections) do
    if counts[key_of(section)] ~= section.count then
      error(("The backup is damaged: of %s %s it has %d records, and there were %d."):format(section.host, section.store,
        counts[key_of(section)] or 0, section.count), 0)
    end
  end
end

local function check_path(name)
  local path = name:match("^files/(.*)$")
  if path and not files.is_safe(path) then error(("The backup is damaged: no file may be called %s."):format(path), 0) end
end

local function count_file(path, state)
  state.files = state.files + 1
  local host = files.host_folder_of(path)
  if host then state.folders[host] = true end
end

local function read_members(members, state)
  for name, size in members.next do
    check_path(name)
    if name:find("^sums/") then
      compare(members.whole(), state.pending)
      state.pending = {}
    else
      local digest, text = digest_of(members, size, not name:find("^files/"))
      state.pending[#state.pending + 1] = { name = name, digest = digest }
      if name:find("^files/") then count_file(name:match("^files/(.*)$"), state) end
      if name:find("^data/") then count_lines(text, state.counts) end
      if name == "summary.json" then state.summary = text end
    end
  end
end

local function compressed(start)
  local programs = { ["\31\139"] = "gunzip", ["\40\181\47\253"] = "zstd -d", ["\253\55\122\88"] = "xz -d", ["BZh"] = "bunzip2" }
  for magic, program in pairs(programs) do
    if start:sub(1, #magic) == magic then return program end
  end
end

-- Says so when somebody forgot to decompress.
local function checked_reader(read_bytes)
  local first = true
  return function(count)
    local bytes = read_bytes(count)
    local program = first and bytes and compressed(bytes)
    first = false
    if program then error(("This is compressed: send it through `%s` first."):format(program), 0) end
    return bytes
  end
end

return function(read_bytes)
  local members = tar.reader(checked_reader(read_bytes))
  local done, head, text = pcall(backup.read_head, members)
  if not done then error(head == tar.broken and "This is no backup of this image." or head, 0) end
  local sum = sha256.open(#text)
  sum.add(text)
  local state = { pending = { { name = "backup.json", digest = sum.finish() } }, counts = {}, files = 0, folders = {} }
  read_members(members, state)
  if not state.summary or #state.pending > 0 then error(tar.broken, 0) end
  local summary = json.decode(state.summary)
  check_counts(summary, state.counts)
  if summary.files ~= state.files then error("The backup is damaged: files are missing.", 0) end
  return { head = head, summary = summary, folders = state.folders }
end
