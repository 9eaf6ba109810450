-- Files, ports and domains.

local options = require("foundry.options")
local hosts = require("foundry.hosts")
local lfs = require("lfs")
local needs = require("foundry.needs")

return {
  -- Files and folders that somebody named, and that are not there.
  function(values, set_by, say, doubted)
    local missing
    for _, folder in ipairs(set_by.PROSODY_PLUGIN_PATHS and values.PROSODY_PLUGIN_PATHS or {}) do
      if lfs.attributes(folder, "mode") ~= "directory" then
        say("%s: there is no folder %s.", set_by.PROSODY_PLUGIN_PATHS, folder)
        missing = true
      end
    end
    doubted.PROSODY_PLUGIN_PATHS = doubted.PROSODY_PLUGIN_PATHS or missing
    local extra = values.PROSODY_EXTRA_CONFIG
    if set_by.PROSODY_EXTRA_CONFIG and not extra:find("[*?]") and not lfs.attributes(extra, "mode") then
      say("%s: there is no file %s.", set_by.PROSODY_EXTRA_CONFIG, extra)
    elseif set_by.PROSODY_EXTRA_CONFIG and lfs.attributes(extra:match("^(.*)/"), "mode") ~= "directory" then
      say("%s: there is no folder %s.", set_by.PROSODY_EXTRA_CONFIG, extra:match("^(.*)/"))
    end
  end,

  -- Prosody itself would go on without, and trust nobody.
  function(values, set_by, say)
    local path = values.PROSODY_TRUSTED_CAS
    if not path then return end
    local file, reason = io.open(path)
    local text = file and file:read("a")
    if file then file:close() end
    if not text then return say("%s cannot be read: %s.", set_by.PROSODY_TRUSTED_CAS, reason or path .. ": is a folder") end
    if not text:find("-----BEGIN CERTIFICATE-----", 1, true) then
      say("%s=%s holds no certificate (PEM).", set_by.PROSODY_TRUSTED_CAS, path)
    end
  end,

  -- Who listens where. A usual port of what is not there is free.
  function(values, set_by, say)
    local taken = {}
    for _, option in ipairs(options) do
      local is_port = option.type == "ports" or option.name == "PROSODY_PROXY65_PORT"
      local is_open = is_port and (set_by[option.name] or not needs.find_missing(option.wants, values))
      local value = is_open and values[option.name]
      for _, port in ipairs(type(value) == "table" and value or { value or nil }) do
        if taken[port] then say("%s and %s both hold the port %d.", taken[port], option.name, port) end
        taken[port] = option.name
      end
    end
  end,

  -- Which domain is what.
  function(values, _, say, doubted)
    local _, _, late = hosts.share_out(values)
    local is_sure = not (doubted.PROSODY_DOMAIN or doubted.PROSODY_VIRTUAL_HOSTS or doubted.PROSODY_COMPONENTS)
    for _, component in ipairs(is_sure and late or {}) do
      say("%s holds %s, which is in use already.", component.option or "PROSODY_EXTERNAL_COMPONENTS", component.domain)
    end
  end,

  -- What stands there without a secret may be one.
  function(values, set_by, say)
    for i, component in ipairs(values.PROSODY_EXTERNAL_COMPONENTS) do
      if not component.secret and not values.PROSODY_COMPONENT_SECRET then
        say("%s holds, as number %d, a name without a secret, and there is no PROSODY_COMPONENT_SECRET.",
          set_by.PROSODY_EXTERNAL_COMPONENTS, i)
      end
    end
  end,
}
