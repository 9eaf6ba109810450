-- What somebody set and what is of no effect, in a sentence each: nothing that is set is ignored without a word. What would
-- harm data or safety is no start at all, see contradictions/.

local options = require("foundry.options")
local needs = require("foundry.needs")
local raw = require("foundry.raw")
local environment = require("foundry.environment")
local foreign = require("foundry.foreign")
local is_in_doubt = require("foundry.doubt")

local function disabled_modules(values)
  local set = {}
  for _, name in ipairs(values.PROSODY_DISABLE_MODULES) do set[name] = true end
  return set
end

-- By the table. What is set to what it is anyway asks for nothing.
local function find_unmet(values, set_by, say)
  local disabled = disabled_modules(values)
  for _, option in ipairs(options) do
    local is_wish = set_by[option.name] and not environment.is_equal(values[option.name], option.default)
    local missing = is_wish and needs.find_missing(option.wants, values)
    local module = option.part_of or option.module
    if missing then
      say("%s has no effect without %s.", set_by[option.name], needs.text_of(missing))
    elseif is_wish and disabled[module] then
      say("%s has no effect without mod_%s, which PROSODY_DISABLE_MODULES leaves out.", set_by[option.name], module)
    end
  end
end

-- What only several options together make useless.
local rules = {
  function(values, set_by, say)
    if set_by.PROSODY_REGISTRATION and values.PROSODY_REGISTRATION == "invite" and values.PROSODY_AUTHENTICATION ~= "internal_hashed" then
      say("%s: nobody can be invited to an account, for PROSODY_AUTHENTICATION=%s has them.", set_by.PROSODY_REGISTRATION,
        values.PROSODY_AUTHENTICATION)
    end
  end,

  function(values, set_by, say)
    if set_by.PROSODY_RETENTION_DAYS and values.PROSODY_ARCHIVE_EXPIRY_DAYS and values.PROSODY_UPLOAD_EXPIRY_DAYS then
      say("%s has no effect beside PROSODY_ARCHIVE_EXPIRY_DAYS and PROSODY_UPLOAD_EXPIRY_DAYS.", set_by.PROSODY_RETENTION_DAYS)
    end
  end,

  function(values, set_by, say)
    local list = values.PROSODY_EXTERNAL_COMPONENTS
    for _, component in ipairs(list) do
      if not component.secret then return end
    end
    if set_by.PROSODY_COMPONENT_SECRET and #list > 0 then
      say("%s has no effect: each of PROSODY_EXTERNAL_COMPONENTS has a secret of its own.", set_by.PROSODY_COMPONENT_SECRET)
    end
  end,

  function(values, set_by, say)
    if set_by.PROSODY_LDAP_TLS and not values.PROSODY_LDAP_TLS and (values.PROSODY_LDAP_SERVER or ""):find("^ldaps:") then
      say("%s has no effect on ldaps://, which is encrypted from the start.", set_by.PROSODY_LDAP_TLS)
    end
  end,

  function(values, set_by, say)
    if set_by.PROSODY_EXTRA_CONFIG and not raw.each_file(values.PROSODY_EXTRA_CONFIG)() then
      say("%s: there is no such file.", set_by.PROSODY_EXTRA_CONFIG)
    end
  end,
}

-- Sentences. Nothing is said of an option in doubt.
local function find(values, set_by, doubted)
  local sentences = {}
  -- A file of the user's may use what no option does.
  local beside = raw.each_file(values.PROSODY_EXTRA_CONFIG)() and "%1, unless a raw file makes use of it." or "%0"
  local function say(sentence, ...)
    local whole = sentence:format(...)
    if is_in_doubt(whole, set_by, doubted) then return end
    sentences[#sentences + 1] = whole:gsub("^(.* has no effect.*)%.$", beside) .. ""
  end
  find_unmet(values, set_by, say)
  for _, rule in ipairs(rules) do rule(values, set_by, say) end
  return sentences
end

-- Variables of other images that this one does not read, and that the check of unknown PROSODY_… lets pass.
local function find_foreign(variables)
  local sentences = {}
  for name, rule in pairs(foreign.variables) do
    local is_set = variables[name] and variables[name] ~= "" and not name:find("^PROSODY_")
    if is_set and not (type(rule) == "table" and rule.nothing) then
      sentences[#sentences + 1] = ("%s is not read: %s"):format(name, foreign.instead_of(name))
    end
  end
  table.sort(sentences)
  return sentences
end

return { find = find, find_foreign = find_foreign }
