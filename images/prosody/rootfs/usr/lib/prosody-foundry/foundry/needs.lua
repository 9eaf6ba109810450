-- What an option is of no use without, as the table has it in `needs` and `wants`: a text, or a list of texts that must all
-- hold. PROSODY_X: it is set. PROSODY_X=a|b: it is one of these; a… is whatever begins so. A word in small letters: the
-- server has a component of that kind. "one or other": either.

local hosts = require("foundry.hosts")

local words = { muc = "rooms", http_file_share = "uploads", proxy65 = "PROSODY_PROXY65_DOMAIN", pubsub = "a PROSODY_PUBSUB_DOMAIN" }

local function list_of(conditions)
  return type(conditions) == "table" and conditions or { conditions }
end

local function is_set(value)
  if type(value) == "table" then return next(value) ~= nil end
  return value ~= nil and value ~= false and value ~= "none"
end

local function has_kind(values, kind)
  for _, component in ipairs(hosts.list_components(values)) do
    if component.type == kind then return true end
  end
  return false
end

local function is_one_of(value, choices)
  for choice in choices:gmatch("[^|]+") do
    local start = choice:match("^(.*)…$")
    if value == choice or start and value:sub(1, #start) == start then return true end
  end
  return false
end

local function holds_alone(condition, values)
  local name, choices = condition:match("^([%u%d_]+)=(.+)$")
  if name then return is_one_of(tostring(values[name]), choices) end
  if condition:find("^PROSODY_") then return is_set(values[condition]) end
  return has_kind(values, condition)
end

local function holds(condition, values)
  for alternative in (condition .. " or "):gmatch("(.-) or ") do
    if holds_alone(alternative, values) then return true end
  end
  return false
end

-- The first that does not hold, or nil.
local function find_missing(conditions, values)
  for _, condition in ipairs(list_of(conditions)) do
    if not holds(condition, values) then return condition end
  end
end

-- As people read it.
local function text_of(condition)
  local parts = {}
  for alternative in (condition .. " or "):gmatch("(.-) or ") do
    parts[#parts + 1] = words[alternative] or alternative:gsub("|", " or ") .. ""
  end
  return table.concat(parts, " or ")
end

return { words = words, list_of = list_of, find_missing = find_missing, text_of = text_of }
