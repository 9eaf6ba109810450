-- A request of BOSH that has failed is not read any further. Prosody goes through the rest of its body: some seconds of the
-- whole server for a megabyte of a stranger's nonsense.
module:set_global()

local load = require("foundry.core")
local upvalues = require("foundry.upvalues")

local sessions = module:shared("/*/bosh/sessions")

local function ignore() end

local function make_brief(make, request, callbacks, ...)
  local handlers, more
  local own = setmetatable({}, { __index = callbacks })
  local function give_up()
    for name in pairs(handlers) do handlers[name] = ignore end
  end
  function own.error(...)
    give_up()
    return callbacks.error(...)
  end
  function own.streamopened(...)
    callbacks.streamopened(...)
    if not sessions[request.sid] then give_up() end
  end
  handlers, more = make(request, own, ...)
  return handlers, more
end

local put_back = upvalues.replace(load("util.xmppstream").new, "new_sax_handlers", function(make)
  return function(session, callbacks, ...)
    if callbacks.stream_ns ~= "http://jabber.org/protocol/httpbind" then return make(session, callbacks, ...) end
    return make_brief(make, session, callbacks, ...)
  end
end)

if not put_back then module:log("warn", "This Prosody reads XML in another way: what is no BOSH may be slow") end

function module.unload()
  if put_back then put_back() end
end
