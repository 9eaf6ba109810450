-- Values as Prosody's SQL storage has them: a type and a text; of a "keyval" store, a row for each key that is a text,
-- and one with an empty key for all others.

local load_library = require("foundry.data.prosody").load
local xml = require("foundry.data.xml")
local json = load_library("util.json")

local function number(value)
  value = tonumber(value)
  return value and math.tointeger(value) or value
end

local decoders = {
  string = function(text) return text end,
  boolean = function(text) return text == "true" end,
  number = number,
  json = function(text)
    local value, reason = json.decode(text)
    if value == nil then error("A value in the database is no JSON: " .. tostring(reason), 0) end
    return value
  end,
  xml = xml.read,
}

local function decode(kind, text)
  local decoder = decoders[kind]
  if not decoder then error(("A value in the database is of type %q."):format(kind), 0) end
  return decoder(text)
end

-- Prosody's own encoder keeps 14 digits of a number; this one writes the same JSON with all of them.
local encode_json

local function quote(text)
  return json.encode(text)
end

local function encode_number(value)
  if value ~= value then return "null" end
  if value == math.huge or value == -math.huge then return value > 0 and "1e999" or "-1e999" end
  local whole = math.tointeger(value)
  return whole and ("%d"):format(whole) or ("%.17g"):format(value)
end

local function encode_list(items)
  local parts = {}
  for i, item in ipairs(items) do parts[i] = encode_json(item) end
  return "[" .. table.concat(parts, ",") .. "]"
end

-- The items 1 to n, the keys that are texts, and the other pairs one after the other.
local function sort_out(value)
  local items, texts, others = {}, {}, {}
  for i, item in ipairs(value) do items[i] = item end
  for key, item in pairs(value) do
    if type(key) == "string" and key ~= "__array" and key ~= "__hash" then
      texts[#texts + 1] = quote(key) .. ":" .. encode_json(item)
    elseif items[key] == nil then
      others[#others + 1] = key
      others[#others + 1] = item
    end
  end
  return items, texts, others
end

local function encode_table(value)
  local items, texts, others = sort_out(value)
  if #texts == 0 and #others == 0 and #items > 0 then return encode_list(items) end
  if #others > 0 then
    local parts = {}
    for i, item in ipairs(others) do parts[i] = encode_json(item) end
    texts[#texts + 1] = '"__hash":[' .. table.concat(parts, ",") .. "]"
  end
  if #items > 0 then texts[#texts + 1] = '"__array":' .. encode_list(items) end
  return "{" .. table.concat(texts, ",") .. "}"
end

function encode_json(value)
  if type(value) == "number" then return encode_number(value) end
  if type(value) == "table" then return encode_table(value) end
  return json.encode(value)
end

local function encode(value)
  local kind = type(value)
  if kind == "number" then return kind, encode_number(value) end
  if kind == "string" or kind == "boolean" then return kind, tostring(value) end
  if xml.is_stanza(value) then return "xml", xml.write(value) end
  return "json", encode_json(value)
end

local function row(key, value)
  local kind, text = encode(value)
  return { key = key, type = kind, value = text }
end

local function split(data)
  local list, others = {}, {}
  for key, value in pairs(data) do
    if type(key) == "string" and key ~= "" then list[#list + 1] = row(key, value) else others[key] = value end
  end
  if next(others) ~= nil then list[#list + 1] = row("", others) end
  return list
end

local function join(found)
  local data = {}
  for entry in found do
    local value = decode(entry[2], entry[3])
    if entry[1] ~= "" then
      data[entry[1]] = value
    elseif type(value) == "table" then
      for key, item in pairs(value) do data[key] = item end
    end
  end
  return data
end

return { encode = encode, decode = decode, split = split, join = join, number = number }
