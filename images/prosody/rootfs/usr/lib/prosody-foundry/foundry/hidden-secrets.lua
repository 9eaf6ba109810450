-- Nobody who asks the running server through `prosodyctl shell` is shown a secret by the way: not in what an option is set
-- to, nor in what a command prints. Whoever writes Lua there to get at one gets at it; it is for those who govern the server.
-- It is no module, so that no list of modules is without it.

local options = require("foundry.options")
local environment = require("foundry.environment")
local load_library = require("foundry.core")

local shown = "(hidden)"

local function is_secret_name(name)
  name = tostring(name):lower()
  return name:find("secrets?$") or name:find("passwords?$") or name:find("passwd$")
end

-- Calls visit(text) for every text of a value.
local function each_text(value, visit)
  if type(value) == "string" and value ~= "" then visit(value) end
  for _, inner in pairs(type(value) == "table" and value or {}) do each_text(inner, visit) end
end

-- Calls visit(text) for what has such a name, at any depth.
local function each_secret(settings, visit, depth)
  for name, value in pairs(settings) do
    if is_secret_name(name) then
      each_text(value, visit)
    elseif type(value) == "table" and depth > 0 then
      each_secret(value, visit, depth - 1)
    end
  end
end

-- As it is, and as it is written between quotes.
local function forms_of(text)
  local forms = { [text] = true }
  for _, library in ipairs({ "util.serialization", "util.json" }) do
    local quoted = load_library(library)[library == "util.json" and "encode" or "serialize"](text)
    forms[quoted:sub(2, -2)] = true
  end
  return forms
end

-- The longest first: one may be a part of another.
local function list_secrets()
  local set, list = {}, {}
  local function visit(text)
    for form in pairs(forms_of(text)) do set[form] = true end
  end
  local values = environment.read(os.getenv)
  for _, option in ipairs(options) do
    -- One that holds more than a secret is found by names in the configuration.
    if option.secret and option.type == "text" then each_text(values[option.name], visit) end
  end
  for _, settings in pairs(load_library("core.configmanager").getconfig()) do each_secret(settings, visit, 4) end
  for form in pairs(set) do list[#list + 1] = form end
  table.sort(list, function(a, b) return #a > #b end)
  return list
end

local function hide(text, secrets)
  for _, secret in ipairs(secrets) do
    local from, to = text:find(secret, 1, true)
    while from do
      text = text:sub(1, from - 1) .. shown .. text:sub(to + 1)
      from, to = text:find(secret, from + #shown, true)
    end
  end
  return text
end

local secrets_of = setmetatable({}, { __mode = "k" }) -- session of the shell → what it is not to be sent

local function watch(session)
  local is_new = not secrets_of[session]
  secrets_of[session] = list_secrets()
  if not is_new then return end
  local send = session.send
  function session.send(stanza)
    local is_answer = type(stanza) == "table" and (stanza.name == "repl-output" or stanza.name == "repl-result")
    for i, text in ipairs(is_answer and stanza or {}) do
      if type(text) == "string" then stanza[i] = hide(text, secrets_of[session]) end
    end
    return send(stanza)
  end
end

local is_attached = false

return function(server)
  if is_attached or server.process_type ~= "prosody" then return end
  is_attached = true
  server.events.add_handler("admin/repl-input", function(event) watch(event.origin) end, 1000)
end
