-- A message that the archive could not take is refused, so that its sender knows and sends it again. Prosody logs that and
-- passes it on to whoever is there: it is lost to those who are just coming back, though the server acknowledged it.

local st = require("foundry.core")("util.stanza")

local failed = false -- the archive did not take what is passing now
local restore

local is_room = module:get_host_type() == "component"
local store = module:open_store(is_room and "muc_log" or "archive", "archive")
local methods = store and (getmetatable(store) or {}).__index

if type(methods) == "table" and methods.append then
  local append = methods.append
  function methods.append(...)
    local id, reason, more = append(...)
    failed = not id
    return id, reason, more
  end
  restore = function() methods.append = append end
end

local function forget() failed = false end

local function refusal(stanza)
  return st.error_reply(stanza, "wait", "internal-server-error", "The message cannot be stored at the moment")
end

-- Archives are written at 0, copies for other clients at -0.5.
local function refuse(event)
  if not failed or event.stanza.attr.type == "error" then return end
  failed = false
  event.origin.send(refusal(event.stanza))
  return true
end

local function refuse_in_room(event)
  local occupant = failed and event.room:get_occupant_by_nick(event.stanza.attr.from)
  failed = false
  if not occupant then return end
  local reply = refusal(event.stanza)
  reply.attr.from = event.room.jid
  event.room:route_to_occupant(occupant, reply)
  return true
end

if is_room then
  module:hook("muc-broadcast-message", forget, 1000)
  module:hook("muc-broadcast-message", refuse_in_room, -1000)
else
  for _, name in ipairs({ "pre-message/bare", "pre-message/full", "message/bare", "message/full" }) do
    module:hook(name, forget, 0.25)
    module:hook(name, refuse, -0.25)
  end
end

function module.unload()
  if restore then restore() end
end
