-- Stanzas as text: equal stanzas give equal text, and a parser gives back every character.

local load = require("foundry.data.prosody").load
local st = load("util.stanza")
local parse = load("util.xml").parse

local escapes = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["'"] = "&apos;", ['"'] = "&quot;",
  -- A parser makes a newline of it, or in an attribute a space of all three.
  ["\r"] = "&#13;", ["\n"] = "&#10;", ["\t"] = "&#9;",
}

-- What XML cannot hold no client has ever sent.
local function clean(text)
  text = tostring(text)
  if not utf8.len(text) then text = text:gsub("[\128-\255]", "?") end
  return (text:gsub("[%z\1-\8\11\12\14-\31]", ""))
end

local function escape(text) return (clean(text):gsub("[&<>'\"\r]", escapes)) end
local function escape_value(text) return (clean(text):gsub("[&<>'\"\r\n\t]", escapes)) end

local function sorted_keys(attributes)
  local keys = {}
  for key in pairs(attributes) do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

-- "namespace\1name" is how Prosody calls an attribute of another namespace.
local function add_attributes(parts, attributes, outer)
  local count = 0
  for _, key in ipairs(sorted_keys(attributes)) do
    local value = escape_value(attributes[key])
    local namespace, name = key:match("^([^\1]*)\1(.*)$")
    if namespace then
      count = count + 1
      parts[#parts + 1] = (" xmlns:ns%d='%s' ns%d:%s='%s'"):format(count, escape_value(namespace), count, name, value)
    elseif key ~= "xmlns" or attributes[key] ~= outer then
      parts[#parts + 1] = (" %s='%s'"):format(key, value)
    end
  end
end

local function add(parts, element, outer)
  parts[#parts + 1] = "<" .. element.name
  add_attributes(parts, element.attr, outer)
  local before = #parts
  parts[#parts + 1] = ">"
  for _, child in ipairs(element) do
    if type(child) == "table" then
      add(parts, child, element.attr.xmlns)
    elseif child ~= "" then
      parts[#parts + 1] = escape(child)
    end
  end
  if #parts == before + 1 then parts[#parts] = "/>" else parts[#parts + 1] = "</" .. element.name .. ">" end
end

return {
  is_stanza = st.is_stanza,
  -- Also of the plain tables that internal storage keeps.
  write = function(element)
    local parts = {}
    add(parts, element, nil)
    return table.concat(parts)
  end,
  read = function(text)
    local stanza, reason = parse(text)
    if not stanza then error("A stanza cannot be read: " .. tostring(reason), 0) end
    return stanza
  end,
  to_table = st.preserialize,
  from_table = st.deserialize,
}
