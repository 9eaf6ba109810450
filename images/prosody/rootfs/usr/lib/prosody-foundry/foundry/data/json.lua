-- JSON that keeps all a Lua value is: equal values give equal text, and what JSON has no word for stands in an object
-- with one key: {"$table":[[key,value],…]}, {"$base64":"…"}, {"$number":"inf"}, {"$xml":"<…>"}.

local base64 = require("mime").b64
local unbase64 = require("mime").unb64
local xml = require("foundry.data.xml")

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for i = 0, 31 do
  local char = string.char(i)
  escapes[char] = escapes[char] or ("\\u%04x"):format(i)
end
escapes["\127"] = "\\u007f"

local function quote(text)
  if not utf8.len(text) then return '{"$base64":"' .. base64(text) .. '"}' end
  return '"' .. text:gsub('[%z\1-\31"\\\127]', escapes) .. '"'
end

-- Prosody's storage does not tell 1.0 from 1.
local function number(value)
  if value ~= value then return '{"$number":"nan"}' end
  if value == math.huge or value == -math.huge then return ('{"$number":"%s"}'):format(value > 0 and "inf" or "-inf") end
  local whole = math.tointeger(value)
  return whole and ("%d"):format(whole) or ("%.17g"):format(value)
end

local encode

local function list(value, length)
  local parts = {}
  for i = 1, length do parts[i] = encode(value[i]) end
  return "[" .. table.concat(parts, ",") .. "]"
end

-- How many items a list has; nil when it is none.
local function length_of(value)
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  if count == 0 then return nil end
  for i = 1, count do
    if value[i] == nil then return nil end
  end
  return count
end

local function is_plain(value)
  for key in pairs(value) do
    if type(key) ~= "string" or key:find("^%$") or not utf8.len(key) then return false end
  end
  return true
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function object(value)
  local parts = {}
  for i, key in ipairs(sorted_keys(value)) do parts[i] = quote(key) .. ":" .. encode(value[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function pairs_of(value)
  local parts = {}
  for key, item in pairs(value) do parts[#parts + 1] = "[" .. encode(key) .. "," .. encode(item) .. "]" end
  table.sort(parts)
  return '{"$table":[' .. table.concat(parts, ",") .. "]}"
end

local encoders = {
  string = quote, number = number, boolean = tostring,
  ["nil"] = function() return "null" end,
  table = function(value)
    if xml.is_stanza(value) then return '{"$xml":' .. quote(xml.write(value)) .. "}" end
    local length = length_of(value)
    if length then return list(value, length) end
    return is_plain(value) and object(value) or pairs_of(value)
  end,
}

function encode(value)
  local encoder = encoders[type(value)]
  if not encoder then error("Data holds a " .. type(value) .. ".", 0) end
  return encoder(value)
end

local decode_value

local specials = {
  ["$table"] = function(entries)
    local value = {}
    for _, entry in ipairs(entries) do value[entry[1]] = entry[2] end
    return value
  end,
  ["$base64"] = unbase64,
  ["$number"] = function(name) return ({ inf = math.huge, ["-inf"] = -math.huge, nan = 0 / 0 })[name] end,
  ["$xml"] = xml.read,
}

local function resolve(value)
  local key, item = next(value)
  if key == nil or next(value, key) ~= nil or not specials[key] then return value end
  return specials[key](item)
end

local unescapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function unescape(text)
  text = text:gsub("\\u([dD][89aAbB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8.char(0x10000 + ((tonumber(high, 16) & 0x3ff) << 10) + (tonumber(low, 16) & 0x3ff))
  end)
  return (text:gsub("\\(.)(%x?%x?%x?%x?)", function(char, digits)
    if char == "u" then return utf8.char(tonumber(digits, 16)) end
    return (unescapes[char] or char) .. digits
  end))
end

local function bad(text, at)
  error(("This is no JSON: %s"):format(text:sub(at, at + 30)), 0)
end

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function is_escaped(text, at)
  local count = 0
  while text:byte(at - 1 - count) == 92 do count = count + 1 end
  return count % 2 == 1
end

local function decode_string(text, at)
  local stop = at
  repeat
    stop = text:find('"', stop + 1, true)
    if not stop then bad(text, at) end
  until not is_escaped(text, stop)
  local inside = text:sub(at + 1, stop - 1)
  return inside:find("\\", 1, true) and unescape(inside) or inside, stop + 1
end

-- Goes through the items between at and the closing character; `each` reads one and answers where it ends.
local function decode_items(text, at, closing, each)
  at = skip(text, at + 1)
  if text:sub(at, at) == closing then return at + 1 end
  while true do
    at = skip(text, each(at))
    local char = text:sub(at, at)
    if char == closing then return at + 1 end
    if char ~= "," then bad(text, at) end
    at = skip(text, at + 1)
  end
end

local function decode_list(text, at)
  local value, count = {}, 0
  local stop = decode_items(text, at, "]", function(start)
    local item, after = decode_value(text, start)
    count = count + 1
    value[count] = item
    return after
  end)
  return value, stop
end

local function decode_object(text, at)
  local value = {}
  local stop = decode_items(text, at, "}", function(start)
    if text:sub(start, start) ~= '"' then bad(text, start) end
    local key, after = decode_string(text, start)
    after = skip(text, after)
    if text:sub(after, after) ~= ":" then bad(text, after) end
    value[key], after = decode_value(text, after + 1)
    return after
  end)
  return resolve(value), stop
end

local words = { ["true"] = true, ["false"] = false }

function decode_value(text, at)
  at = skip(text, at)
  local char = text:sub(at, at)
  if char == '"' then return decode_string(text, at) end
  if char == "{" then return decode_object(text, at) end
  if char == "[" then return decode_list(text, at) end
  local word = text:match("^[%w.+-]+", at)
  if not word then bad(text, at) end
  if word == "null" or words[word] ~= nil then return words[word], at + #word end
  local value = tonumber(word)
  if not value then bad(text, at) end
  return math.tointeger(value) or value, at + #word
end

return { encode = encode, decode = function(text) return (decode_value(text, 1)) end }
