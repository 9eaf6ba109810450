-- The format of a backup, version 1: a tar file with, in this order,
--
--   backup.json            { format, version, created, release, series }
--   data/HOST/N-STORE.KIND.jsonl  a part of a store, whatever backend it was in: a line { host, store, kind }, then one
--                          record a line (see record.lua); the records of a store follow each other in order
--   files/PATH             what lies in the data folder beside the stores, above all uploaded files
--   sums/N.sha256          SHA-256 of the members before it, as `sha256sum -c` reads them
--   summary.json           { sections: [{ host, store, kind, count, digest }], files }, and one more of the sums

local json = require("foundry.data.json")
local record = require("foundry.data.record")
local sha256 = require("foundry.data.sha256")
local tar = require("foundry.data.tar")
local shipped = require("foundry.shipped")

local format, version = "prosody-foundry-backup", 1
local part_size, sums_at_once = 1024 * 1024, 1000

local function line_of(digest, name) return digest .. "  " .. name .. "\n" end

local function summing_writer(write)
  local inner = tar.writer(write)
  local self, lines, count = {}, {}, 0
  local function flush()
    if #lines == 0 then return end
    count = count + 1
    inner.add(("sums/%06d.sha256"):format(count), table.concat(lines))
    lines = {}
  end
  local function note(name, digest)
    lines[#lines + 1] = line_of(digest, name)
    if #lines >= sums_at_once then flush() end
  end
  function self.add(name, text)
    inner.add(name, text)
    local sum = sha256.open(#text)
    sum.add(text)
    note(name, sum.finish())
  end
  -- `size` bytes of an open file.
  function self.add_file(name, size, file)
    local put, pad = inner.start(name, size)
    local sum, left = sha256.open(size), size
    while left > 0 do
      local bytes = file:read(math.min(left, 65536)) or error(name .. " became shorter.", 0)
      put(bytes)
      sum.add(bytes)
      left = left - #bytes
    end
    pad()
    note(name, sum.finish())
  end
  function self.finish()
    flush()
    inner.finish()
  end
  self.flush = flush
  return self
end

local function plain(text, most) return (text:gsub("[^%w._-]", "-"):sub(1, most)) end

-- Collects lines and writes them as members of about a megabyte.
local function line_writer(out)
  local section, lines, size, number = nil, {}, 0, 0
  local function flush()
    if #lines > 1 then
      number = number + 1
      local name = ("data/%s/%06d-%s.%s.jsonl"):format(plain(section.host, 40), number, plain(section.store, 30), section.kind)
      out.add(name, table.concat(lines, "\n") .. "\n")
    end
    lines, size = {}, 0
  end
  local function put(of, line)
    if section ~= of or size > part_size then
      flush()
      section = of
      lines = { ('{"host":%s,"store":%s,"kind":%s}'):format(json.encode(of.host), json.encode(of.store), json.encode(of.kind)) }
    end
    lines[#lines + 1] = line
    size = size + #line
  end
  return { put = put, flush = flush }
end

local function head()
  return json.encode({
    format = format, version = version, created = os.date("!%Y-%m-%dT%H:%M:%SZ"), release = shipped.release, series = shipped.series,
  }) .. "\n"
end

-- Writes all of a place and the files of `folder`; answers the summary.
local function write(write_bytes, place, wishes)
  local walk, files = require("foundry.data.walk"), require("foundry.data.files")
  local out = summing_writer(write_bytes)
  out.add("backup.json", head())
  local lines = line_writer(out)
  local summary = { sections = walk.walk(place, function(section, _, line) lines.put(section, line) end, wishes.progress), files = 0 }
  lines.flush()
  files.visit(wishes.folder, function(path)
    local file = io.open(wishes.folder .. "/" .. path, "rb")
    if not file then return end -- it expired in the meantime
    out.add_file("files/" .. path, file:seek("end"), (file:seek("set", 0) and file))
    file:close()
    summary.files = summary.files + 1
  end)
  out.flush()
  out.add("summary.json", json.encode(summary) .. "\n")
  out.finish()
  return summary
end

local function check_head(text)
  local head_read = json.decode(text)
  if type(head_read) ~= "table" or head_read.format ~= format then error("This is no backup of this image.", 0) end
  if head_read.version > version then
    error(("This backup is of format %d, and this image knows formats up to %d: use a newer image."):format(head_read.version, version), 0)
  end
  if head_read.series and not shipped.is_since(head_read.series) then
    error(("This backup is of Prosody %s, and this is %s, which may misread it: use an image of %s."):format(
      head_read.release, shipped.release, head_read.series), 0)
  end
  return head_read
end

local function read_head(members)
  local name = members.next()
  if name ~= "backup.json" then error("This is no backup of this image.", 0) end
  local text = members.whole()
  return check_head(text), text
end

local function lines_of(text)
  local lines = text:gmatch("[^\n]+")
  local section = json.decode(lines() or "null")
  if type(section) ~= "table" or not section.host or not section.store or (section.kind ~= "keyval" and section.kind ~= "archive") then
    error(tar.broken, 0)
  end
  return section, lines
end

-- Calls visit.record(section, record) and visit.file(path, size, part), in the order of the backup.
local function read(read_bytes, visit)
  local members = tar.reader(read_bytes)
  read_head(members)
  for name, size in members.next do
    local path = name:match("^files/(.+)$")
    if path then
      visit.file(path, size, members.part)
    elseif name:find("^data/") then
      local section, lines = lines_of(members.whole())
      for line in lines do visit.record(section, record.decode(line, section.kind)) end
    end
  end
end

return { write = write, read = read, read_head = read_head, lines_of = lines_of, format = format }
