-- Accounts: the first one, registration, authentication, whom to write to.

local options = require("foundry.options")
local shipped = require("foundry.shipped")

-- Its address. Its password is read when it is made, and no part of the configuration.
local function first_account(values, domain)
  local name = values.PROSODY_ACCOUNT or values.PROSODY_ADMINS[1]
  if not name or not values.PROSODY_ACCOUNT_PASSWORD then return nil end
  return name:find("@", 1, true) and name or name .. "@" .. domain
end

local function contacts(values)
  local info = {}
  for _, option in ipairs(options) do
    local role = option.name:match("^PROSODY_CONTACT_(%u+)$")
    if role and #values[option.name] > 0 then info[role:lower()] = values[option.name] end
  end
  if not info.admin and #values.PROSODY_ADMINS > 0 then
    info.admin = {}
    for _, admin in ipairs(values.PROSODY_ADMINS) do table.insert(info.admin, "xmpp:" .. admin) end
  end
  return info
end

-- PLAIN is the one mechanism that hands over a password that something else checks.
local function refused_mechanisms(values)
  local plain = values.PROSODY_ALLOW_PLAIN
  if plain == nil then plain = values.PROSODY_AUTHENTICATION ~= "internal_hashed" end
  return plain and { "DIGEST-MD5" } or { "DIGEST-MD5", "PLAIN", "LOGIN" }
end

-- The LDAP library takes its authorities from a file or the environment alone, and looks when it is loaded.
local function trust_ldap_authority(file)
  if file then require("foundry.core")("util.pposix").setenv("LDAPTLS_CACERT", file) end
end

return function(context, set)
  local values = context.values
  set("global", "foundry_account", first_account(values, context.domain))
  local info = contacts(values)
  set("global", "contact_info", info)
  -- Without any address it would announce an empty form, over which clients come to another hash (XEP-0115) than Prosody.
  if next(info) then context.enable("virtual-host", "server_contact_info") end

  -- It opens registration to everybody. Who asks for an invitation opens it by itself (mod_invites_register), so that
  -- without that module nobody gets in.
  set("global", "allow_registration", values.PROSODY_REGISTRATION == "open")
  set("global", "registration_invite_only", values.PROSODY_REGISTRATION ~= "open")
  if shipped.has_module("password_policy") then
    set("global", "password_policy", { length = values.PROSODY_PASSWORD_MIN_LENGTH })
  end
  if values.PROSODY_REGISTRATION ~= "closed" then
    context.enable("virtual-host", "invites", "invites_adhoc", "invites_register", "register_limits", "watchregistrations")
  end

  trust_ldap_authority(values.PROSODY_LDAP_TLS_CA)
  -- StartTLS is for a connection that is not encrypted yet.
  set("global", "ldap_tls", values.PROSODY_LDAP_TLS and not (values.PROSODY_LDAP_SERVER or ""):find("^ldaps:"))
  set("global", "authentication", values.PROSODY_AUTHENTICATION)
  set("global", "disable_sasl_mechanisms", refused_mechanisms(values))
  -- Lets a client see that its TLS ends here. 0.12 does not know it.
  if shipped.is_since("13.0") then set("global", "tls_server_end_point_hash", "auto") end
end
