-- Rooms are made by accounts of this server, whatever its domains are called. Prosody 13.0 has roles for that.

local jid_host = require("util.jid").host
local is_admin = require("core.usermanager").is_admin
local st = require("util.stanza")

module:hook("muc-room-pre-create", function(event)
  local origin, stanza = event.origin, event.stanza
  local from = stanza.attr.from
  if prosody.hosts[jid_host(from)] or is_admin(from, module.host) then return end
  origin.send(st.error_reply(stanza, "cancel", "not-allowed", "Room creation is restricted", module.host))
  return true
end)
