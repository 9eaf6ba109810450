-- The options as a JSON schema of the environment, for who writes one for Compose or Kubernetes. It lets pass what the
-- image takes; what only the image can know (files, modules, what contradicts what) is left to it.

local environment = require("foundry.environment")
local reference = require("foundry.reference")

-- A pattern for these words in any case.
local function any_case(words)
  local patterns = {}
  for i, word in ipairs(words) do
    patterns[i] = word:gsub("[%^$.*+?()%[%]{}|\\-]", "\\%0"):gsub("%a", function(letter)
      return "[" .. letter:upper() .. letter:lower() .. "]"
    end)
  end
  return "^(" .. table.concat(patterns, "|") .. ")$"
end

local function text(pattern) return { type = "string", pattern = pattern } end

local function number(kind, pattern)
  return function(option)
    return { { type = kind, minimum = option.least, maximum = option.most }, text(pattern) }
  end
end

-- Type → the forms its value may have. A list may be one number, which Compose does not quote.
local forms = {
  boolean = function() return { { ["$ref"] = "#/$defs/boolean" } } end,
  choice = function(option) return { { enum = option.choices }, text(any_case(option.choices)) } end,
  integer = number("integer", "^\\s*[0-9]+\\s*$"),
  number = number("number", "^\\s*[0-9.]+\\s*$"),
  port = function() return { { type = "integer", minimum = 1, maximum = 65535 }, text("^[0-9]{1,5}$") } end,
  ports = function() return { { type = "integer", minimum = 1, maximum = 65535 }, text("^([0-9]{1,5}([\\s,]+|$))+$|^[Nn][Oo][Nn][Ee]$") } end,
  days = function() return { { type = "number", exclusiveMinimum = 0 }, text("^[0-9.]+$|^[Nn][Ee][Vv][Ee][Rr]$") } end,
  period = function(option)
    local words = option.words and "|" .. any_case(option.words) or ""
    return { { type = "integer", minimum = 0 }, text("^\\s*[0-9]+\\s*[A-Za-z]*\\s*$" .. words) }
  end,
  expiry = function() return { { type = "integer" }, text("^\\s*-?[0-9]+\\s*[A-Za-z]*\\s*$|^[Nn][Ee][Vv][Ee][Rr]$") } end,
  size = function() return { { type = "integer", minimum = 0 }, text("^\\s*[0-9.]+\\s*[A-Za-z]*$") } end,
  rate = function() return { text("^[0-9]+\\s*[KkMmGg]?[Bb]/[Ss]$") } end,
  url = function() return { text("^https?://[^\\s/?#]+\\S*$") } end,
}

local function forms_of(option, entry)
  if entry.is_file then return { { type = "string" } } end
  if entry.values then return forms.boolean() end
  local make = forms[entry.type or option.type]
  return make and make(entry.type and {} or option) or { { type = { "string", "number", "boolean" } } }
end

local definitions = {
  boolean = {
    anyOf = { { type = "boolean" }, { enum = { 0, 1 } }, text(any_case({ "true", "yes", "on", "1", "false", "no", "off", "0" })) },
  },
  -- An empty variable counts as not set; Compose has null for one that it takes from its own environment.
  unset = { enum = { "", { null = true } } },
}

local function property_of(option, entry)
  local is_own = entry.name == option.name
  local default = reference.default_text(option)
  local description = is_own and option.help .. "." or entry.is_file and "A file that holds " .. entry.name:gsub("_FILE$", "") .. "."
    or "Another name of " .. option.name .. "."
  if is_own and default then description = description .. " Default: " .. default .. "." end
  local any_of = { { ["$ref"] = "#/$defs/unset" }, table.unpack(forms_of(option, entry)) }
  return { description = description, examples = is_own and option.example and { option.example } or nil, anyOf = any_of }
end

return function(options)
  local properties = {}
  for _, option in ipairs(options) do
    for _, entry in ipairs(environment.names_of(option)) do
      properties[entry.name] = property_of(option, entry)
    end
  end
  return {
    ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
    title = "Environment of the image prosody",
    type = "object",
    ["$defs"] = definitions,
    properties = properties,
    -- A misspelt name stops the server, but for what Kubernetes and Docker links add by themselves.
    patternProperties = { ["^(?!PROSODY_)|SERVICE_HOST$|SERVICE_PORT|PORT_[0-9]+_"] = { type = { "string", "number", "boolean", "null" } } },
    additionalProperties = false,
  }
end
