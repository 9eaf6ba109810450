-- A value as JSON, sorted. { null = true } is null; a table with [1], and an empty one, is an array.

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(letter) return escapes[letter] or ("\\u%04x"):format(letter:byte()) end) .. '"'
end

local encode

local function encode_object(value)
  local names, parts = {}, {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = quote(name) .. ":" .. encode(value[name]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encode_array(value)
  local parts = {}
  for i, item in ipairs(value) do parts[i] = encode(item) end
  return "[" .. table.concat(parts, ",") .. "]"
end

function encode(value)
  if type(value) ~= "table" then return type(value) == "string" and quote(value) or tostring(value) end
  if value.null then return "null" end
  if value[1] ~= nil or next(value) == nil then return encode_array(value) end
  return encode_object(value)
end

return encode
