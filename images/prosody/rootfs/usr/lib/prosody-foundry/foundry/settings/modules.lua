-- Which modules are loaded on which kind of host.

local lfs = require("lfs")
local options = require("foundry.options")
local shipped = require("foundry.shipped")

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

-- Most modules load on every kind of host; they are of use on one.
local function kind_of(name)
  local entry = shipped.modules["mod_" .. name]
  local hosts = entry and set_of(entry.hosts)
  for _, kind in ipairs({ "muc", "pubsub" }) do
    if name:find("^" .. kind .. "_") and (not hosts or hosts[kind]) then return kind end
  end
  if not hosts or hosts["virtual-host"] or hosts["global"] then return "virtual-host" end
  return hosts["muc"] and "muc" or hosts["pubsub"] and "pubsub" or nil
end

-- PROSODY_ENABLE_MODULES may name a module of another kind of host: it goes where it is of use.
local function add_named(names, values, kind)
  local lists = { muc = values.PROSODY_MUC_MODULES, http_file_share = values.PROSODY_UPLOAD_MODULES, pubsub = values.PROSODY_PUBSUB_MODULES }
  for _, name in ipairs(lists[kind] or {}) do names[name] = true end
  for _, name in ipairs(values.PROSODY_ENABLE_MODULES) do
    if (kind_of(name) or "virtual-host") == kind then names[name] = true end
  end
end

local function add_shipped(names, kind)
  for module, entry in pairs(shipped.modules) do
    local name = module:gsub("^mod_", "")
    if entry.enable ~= false and kind_of(name) == kind then names[name] = true end
  end
end

local function add_by_options(names, values, kind)
  for _, option in ipairs(options) do
    local is_on = option.enables and values[option.name] and (option.on or "virtual-host") == kind
    for _, name in ipairs(is_on and option.enables or {}) do names[name] = true end
  end
end

-- Sorted, so that every start is the same. `wanted` are those that the image wants where it has them.
local function list_modules(values, kind, wanted)
  local names, disabled = {}, set_of(values.PROSODY_DISABLE_MODULES)
  for _, name in ipairs(wanted) do names[name] = shipped.has_module(name, values.PROSODY_PLUGIN_PATHS) or nil end
  add_shipped(names, kind)
  add_by_options(names, values, kind)
  add_named(names, values, kind)
  local list = {}
  for name in pairs(names) do
    if not disabled[name] then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local function list_paths(values)
  local paths = { "/usr/lib/prosody-foundry/modules" }
  for _, folder in ipairs(values.PROSODY_PLUGIN_PATHS) do
    if lfs.attributes(folder, "mode") == "directory" then table.insert(paths, folder) end
  end
  table.insert(paths, "/usr/lib/prosody-modules")
  return paths
end

return {
  list = list_modules,
  configure = function(context, set)
    local values = context.values
    set("global", "plugin_paths", list_paths(values))
    local encrypts = values.PROSODY_E2E_POLICY_CHAT ~= "none" or values.PROSODY_E2E_POLICY_MUC ~= "none"
    if encrypts then context.enable("virtual-host", "e2e_policy") end
    set("global", "e2e_policy_chat", encrypts and values.PROSODY_E2E_POLICY_CHAT or nil)
    set("global", "e2e_policy_muc", encrypts and values.PROSODY_E2E_POLICY_MUC or nil)
    context.disable(table.unpack(values.PROSODY_DISABLE_MODULES))
    -- Prosody loads the archive of accounts for rooms, too, where it does nothing but ask for theirs.
    if set_of(values.PROSODY_DISABLE_MODULES).muc_mam then set("muc", "modules_disabled", { "mam", "muc_mam" }) end
  end,
}
