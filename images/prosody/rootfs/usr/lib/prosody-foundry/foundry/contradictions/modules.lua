-- What takes a module or a component, and their names.

local options = require("foundry.options")
local shipped = require("foundry.shipped")
local did_you_mean = require("foundry.nearest")
local hosts = require("foundry.hosts")
local needs = require("foundry.needs")

local function all_modules(values)
  local names = {}
  for _, option in ipairs(options) do
    if option.type == "modules" and option.name ~= "PROSODY_DISABLE_MODULES" then
      for _, name in ipairs(values[option.name] or {}) do names[#names + 1] = { option = option.name, name = name } end
    end
  end
  return names
end

return {
  -- What a module does that this image has not got.
  function(values, set_by, say, doubted)
    for _, option in ipairs(doubted.PROSODY_PLUGIN_PATHS and {} or options) do
      local is_off = values[option.name] == option.default or values[option.name] == "none"
      if option.module and set_by[option.name] and not is_off and not shipped.has_module(option.module, values.PROSODY_PLUGIN_PATHS) then
        say("%s needs mod_%s, which this image does not have.", set_by[option.name], option.module)
      end
    end
  end,

  -- What there is none of.
  function(values, set_by, say, doubted)
    if doubted.PROSODY_COMPONENTS then return end
    local kinds = {}
    for _, component in ipairs(hosts.list_components(values)) do kinds[component.type] = true end
    for _, option in ipairs(options) do
      if option.on and set_by[option.name] and not kinds[option.on] then
        say("%s needs %s, and this server has none.", set_by[option.name], needs.text_of(option.on))
      end
    end
  end,

  function(values, set_by, say)
    for _, name in ipairs({ "PROSODY_REGISTRATION_MAX", "PROSODY_REGISTRATION_PERIOD", "PROSODY_INVITE_EXPIRY" }) do
      if set_by[name] and values.PROSODY_REGISTRATION == "closed" then
        say("%s has nothing to limit with PROSODY_REGISTRATION=closed.", set_by[name])
      end
    end
  end,

  -- The names of modules.
  function(values, _, say, doubted)
    local more = values.PROSODY_PLUGIN_PATHS
    local function say_unknown(sentence, option, name)
      if not doubted.PROSODY_PLUGIN_PATHS then say(sentence, option, name, did_you_mean(name, shipped.module_names(more))) end
    end
    local disabled = {}
    for _, name in ipairs(values.PROSODY_DISABLE_MODULES) do disabled[name] = true end
    for _, wanted in ipairs(all_modules(values)) do
      if not shipped.has_module(wanted.name, more) then
        say_unknown("%s holds %q, which is no module of this image.%s", wanted.option, wanted.name)
      elseif disabled[wanted.name] then
        say("%s and PROSODY_DISABLE_MODULES both hold %q: leave one out.", wanted.option, wanted.name)
      end
    end
    for _, component in ipairs(values.PROSODY_COMPONENTS) do
      if not shipped.has_module(component.type, more) then
        say_unknown("%s holds the type %q, which is no module of this image.%s", "PROSODY_COMPONENTS", component.type)
      end
    end
    for _, name in ipairs(values.PROSODY_DISABLE_MODULES) do
      if not shipped.has_module(name, more) then
        say_unknown("%s holds %q, which is no module of this image.%s", "PROSODY_DISABLE_MODULES", name)
      end
    end
  end,
}
