-- mod_sasl2 does not offer a mechanism that is switched off, or that TLS has to protect, and takes it all the same from a
-- client that asks for it.

local st = require("foundry.core")("util.stanza")

local xmlns = "urn:xmpp:sasl:2"
local disabled = module:get_option_set("disable_sasl_mechanisms", { "DIGEST-MD5" })
local allows_plain = module:get_option_boolean("allow_unencrypted_plain_auth", false)
local insecure = module:get_option_set("insecure_sasl_mechanisms", allows_plain and {} or { "PLAIN", "LOGIN" })

module:hook("stanza/" .. xmlns .. ":authenticate", function(event)
  local session, mechanism = event.origin, event.stanza.attr.mechanism
  local is_exposed = not session.secure and insecure:contains(mechanism)
  if mechanism and not disabled:contains(mechanism) and not is_exposed then return nil end
  module:log("debug", "Refused the mechanism %s", mechanism or "(none)")
  session.send(st.stanza("failure", { xmlns = xmlns })
    :tag("invalid-mechanism", { xmlns = "urn:ietf:params:xml:ns:xmpp-sasl" }))
  return true
end, 10)
