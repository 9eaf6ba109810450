-- On 0.12, rooms are made by accounts of this server, whatever its domains are called: that is what `local` means since 13.0,
-- which has roles for it. It is no module, so that no list of modules in a raw file is without it. Where such a file sets
-- restrict_room_creation, that counts.

local load = require("foundry.core")

local function guard(server, domain)
  return function(event)
    local from = event.stanza.attr.from
    if server.hosts[load("util.jid").host(from)] or load("core.usermanager").is_admin(from, domain) then return nil end
    event.origin.send(load("util.stanza").error_reply(event.stanza, "cancel", "not-allowed", "Room creation is restricted", domain))
    return true
  end
end

local is_attached, ours = false, {}

-- `domains` are those of the environment's rooms. The configuration is read again whenever somebody asks for it.
return function(server, domains)
  ours = {}
  for _, domain in ipairs(domains) do ours[domain] = true end
  if is_attached then return end
  is_attached = true
  server.events.add_handler("host-activated", function(domain)
    -- mod_muc asks at this moment, too, and not again.
    local is_free = load("core.configmanager").get(domain, "restrict_room_creation") == nil
    if ours[domain] and is_free then
      server.hosts[domain].events.add_handler("muc-room-pre-create", guard(server, domain), 1)
    end
  end)
end
