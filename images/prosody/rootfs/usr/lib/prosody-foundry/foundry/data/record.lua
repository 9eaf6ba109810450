-- One record as one line of JSON. Of a "keyval" store: what it holds of a user, { user =, data = }. Of an "archive":
-- one item, { user =, key =, when =, with =, value = }. The user is "" for what belongs to the host itself.

local json = require("foundry.data.json")
local xml = require("foundry.data.xml")

local function user_of(record)
  return record.user ~= "" and json.encode(record.user) or "null"
end

local function encode_keyval(record)
  return ('{"user":%s,"data":%s}'):format(user_of(record), json.encode(record.data))
end

local function value_of(value)
  if xml.is_stanza(value) then return '"xml":' .. json.encode(xml.write(value)) end
  return '"data":' .. json.encode(value)
end

local function encode_archive(record, when)
  return ('{"user":%s,"key":%s,"when":%s,"with":%s,%s}'):format(user_of(record), json.encode(record.key),
    json.encode(when), json.encode(record.with or ""), value_of(record.value))
end

-- The line, and what stands for it where backends are compared: PostgreSQL and MySQL keep times in whole seconds.
local function encode(record)
  if record.data ~= nil then
    local line = encode_keyval(record)
    return line, line
  end
  local line, seconds = encode_archive(record, record.when), record.when // 1 | 0
  return line, seconds == record.when and line or encode_archive(record, seconds)
end

local function decode(line, kind)
  local read = json.decode(line)
  if type(read) ~= "table" then error("A line is no record.", 0) end
  local record = { user = read.user or "" }
  if kind == "keyval" then
    record.data = read.data
    if type(read.data) ~= "table" then error("A record has no data.", 0) end
    return record
  end
  record.key, record.when, record.with = read.key, read.when, read.with
  if read.xml then record.value = xml.read(read.xml) else record.value = read.data end
  if type(read.key) ~= "string" or type(read.when) ~= "number" or record.value == nil then error("A record is no item of an archive.", 0) end
  return record
end

return { encode = encode, decode = decode }
