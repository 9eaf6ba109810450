-- A message that cannot be kept is refused, so that its sender knows and sends it again. Prosody logs that the archive did
-- not take it, and passes it on to whoever is there: it is lost to those who are just coming back, though the server
-- acknowledged it. And it calls a message to somebody who is away kept when the archive alone has it: it is not among those
-- that are delivered when they come.

local st = require("foundry.core")("util.stanza")

local appends = require("foundry.appends")

local failed = false -- what is passing now was not stored
local is_room = module:get_host_type() == "component"

local function note(is_kept) failed = not is_kept end

local function watch(name)
  appends.watch(module.host, module:open_store(name, "archive"), note)
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

-- mod_offline stores it at -1, mod_mam is content with the archive at -2. What mod_smacks has left of a session that is over
-- comes from that session: mod_smacks itself tells the sender.
local function refuse_offline(event)
  local is_left = event.origin.username == event.username and event.origin.host == module.host
  if not is_left then return refuse(event) end
  if failed then return false end
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
  watch("muc_log")
  module:hook("muc-broadcast-message", forget, 1000)
  module:hook("muc-broadcast-message", refuse_in_room, -1000)
else
  watch(module:get_option_string("archive_store", "archive"))
  watch("offline")
  for _, name in ipairs({ "pre-message/bare", "pre-message/full", "message/bare", "message/full" }) do
    module:hook(name, forget, 0.25)
    module:hook(name, refuse, -0.25)
  end
  module:hook("message/offline/handle", forget, 1000)
  module:hook("message/offline/handle", refuse_offline, -1.5)
end

function module.unload()
  appends.forget(module.host, note)
end
