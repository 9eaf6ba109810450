-- mod_sasl2 does not offer a mechanism that is switched off, or that TLS has to protect, and takes it all the same from a
-- client that asks for it. This refuses it first. It is no module, so that no list of modules is without it, whichever way
-- mod_sasl2 came in: by a list of the configuration's own, or since another module depends on it.

local load = require("foundry.core")

local xmlns = "urn:xmpp:sasl:2"

local function holds(value, item)
  for _, each in ipairs(type(value) == "table" and value or { value }) do
    if each == item then return true end
  end
  return false
end

-- By the same options as mod_sasl2 offers some, with the same defaults.
local function is_refused(host, session, mechanism)
  local config = load("core.configmanager")
  local function option(name, default)
    local value = config.get(host, name)
    if value == nil then return default end
    return value
  end
  if holds(option("disable_sasl_mechanisms", "DIGEST-MD5"), mechanism) then return true end
  local exposed = option("allow_unencrypted_plain_auth", false) == true and {} or { "PLAIN", "LOGIN" }
  return not session.secure and holds(option("insecure_sasl_mechanisms", exposed), mechanism)
end

local function guard(host)
  return function(event)
    local session, mechanism = event.origin, event.stanza.attr.mechanism
    if mechanism and not is_refused(host, session, mechanism) then return nil end
    (session.log or load("util.logger").init("foundry"))("debug", "Refused the mechanism %s", mechanism or "(none)")
    session.send(load("util.stanza").stanza("failure", { xmlns = xmlns })
      :tag("invalid-mechanism", { xmlns = "urn:ietf:params:xml:ns:xmpp-sasl" }))
    return true
  end
end

local guarded = false

-- The configuration is read again whenever somebody asks for it; hosts are made after it, each with events of its own.
return function(server)
  if guarded then return end
  guarded = true
  server.events.add_handler("host-activated", function(host)
    server.hosts[host].events.add_handler("stanza/" .. xmlns .. ":authenticate", guard(host), 10)
  end)
end
