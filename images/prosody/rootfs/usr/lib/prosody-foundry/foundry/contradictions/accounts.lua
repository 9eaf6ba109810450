-- Who has an account, and how they show that it is theirs; what single options cannot do without.

local options = require("foundry.options")
local shipped = require("foundry.shipped")
local hosts = require("foundry.hosts")

return {
  -- Files that Prosody itself would look at only when it needs them.
  function(values, set_by, say)
    for _, option in ipairs(options) do
      local path = option.type == "file" and set_by[option.name] and values[option.name]
      local file, reason = io.open(path or "/dev/null")
      if file then file:close() else say("%s cannot be read: %s.", set_by[option.name], reason) end
    end
  end,

  function(values, _, say)
    local needed = { ldap = "PROSODY_LDAP_BASE", http = "PROSODY_AUTH_HTTP_URL", oauth_external = "PROSODY_OAUTH_VALIDATION_URL" }
    local name = needed[values.PROSODY_AUTHENTICATION]
    if name and not values[name] then say("PROSODY_AUTHENTICATION=%s needs %s.", values.PROSODY_AUTHENTICATION, name) end
  end,

  function(values, _, say, doubted)
    if not doubted.PROSODY_PLUGIN_PATHS and not shipped.has_module("auth_" .. values.PROSODY_AUTHENTICATION, values.PROSODY_PLUGIN_PATHS) then
      say("PROSODY_AUTHENTICATION=%s needs mod_auth_%s, which this image does not have.", values.PROSODY_AUTHENTICATION,
        values.PROSODY_AUTHENTICATION)
    end
    if values.PROSODY_AUTHENTICATION == "ldap" and not package.searchpath("lualdap", package.cpath) then
      say("PROSODY_AUTHENTICATION=ldap needs Lua's LDAP library, which this image does not have.")
    end
  end,

  function(values, set_by, say)
    if values.PROSODY_AUTHENTICATION ~= "internal_hashed" and set_by.PROSODY_ACCOUNT_PASSWORD then
      say("%s makes an account, which PROSODY_AUTHENTICATION=%s cannot.", set_by.PROSODY_ACCOUNT_PASSWORD, values.PROSODY_AUTHENTICATION)
    end
  end,

  function(values, set_by, say, doubted)
    if set_by.PROSODY_ACCOUNT and not set_by.PROSODY_ACCOUNT_PASSWORD then
      say("%s needs PROSODY_ACCOUNT_PASSWORD, or PROSODY_ACCOUNT_PASSWORD_FILE.", set_by.PROSODY_ACCOUNT)
    end
    local account = values.PROSODY_ACCOUNT or values.PROSODY_ADMINS[1]
    if not set_by.PROSODY_ACCOUNT_PASSWORD then return end
    if not account then return say("%s needs PROSODY_ACCOUNT, or one of PROSODY_ADMINS.", set_by.PROSODY_ACCOUNT_PASSWORD) end
    local host = account:match("@(.+)$")
    local is_sure = not (doubted.PROSODY_DOMAIN or doubted.PROSODY_VIRTUAL_HOSTS)
    if host and is_sure and not hosts.host_set(values)[host] then
      say("%s=%s is of none of this server's domains: %s.", set_by.PROSODY_ACCOUNT or set_by.PROSODY_ADMINS, account,
        table.concat(hosts.list_hosts(values), ", "))
    end
  end,

  function(values, _, say)
    if values.PROSODY_REGISTRATION == "open" and values.PROSODY_AUTHENTICATION ~= "internal_hashed" then
      say("%s=open makes accounts, which PROSODY_AUTHENTICATION=%s cannot.", "PROSODY_REGISTRATION", values.PROSODY_AUTHENTICATION)
    end
  end,
}
