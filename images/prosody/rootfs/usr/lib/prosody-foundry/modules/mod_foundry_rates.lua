-- Holds clients that come by BOSH to the rate of all others. mod_limits slows down the connection that a session began on,
-- but each request may come on a new one, and behind a proxy all of them on one that others use, too.
module:set_global()

local load = require("foundry.core")

local methods = require("foundry.connection-methods").methods
local async = load("util.async")
local filters = load("util.filters")
local http = load("net.http.server")
local modules = load("core.modulemanager")
local timer = load("util.timer")
local now = load("util.time").monotonic

local burst = 2 -- seconds, as mod_limits has it
-- A client has two requests at a time.
local most_waiting = 4
local powers = { b = 0, k = 3, m = 6, g = 9, t = 12 }

-- Bytes a second.
local function read_rate()
  local of_clients = module:get_option("limits", {}).c2s or {}
  local number, unit = tostring(of_clients.rate):match("^(%d+) ?(%a)[^/]*/s$")
  return number and tonumber(number) * 10 ^ (powers[unit:lower()] or 0) or 10 * 1024
end

local rate = read_rate()
local sessions = module:shared("/*/bosh/sessions")

local current -- the session whose request is being read

local function session_of(request)
  local body = request.method == "POST" and request.body
  if type(body) ~= "string" then return nil end
  local sid = (body:match("<%a[^>]*") or ""):match("%ssid%s*=%s*[\"']([^\"']*)")
  return sid and sessions[sid]
end

-- Whose request it is can be written so that only a parser sees it. No client does, but to get around this.
local function refuse_hidden(stanza, session)
  if session == current then return stanza end
  session.log("info", "The session of a request is not to be seen")
  session:close("policy-violation")
  return nil
end

local function is_unlimited(session)
  if not modules.is_loaded("*", "limits") then return true end
  local free = module:context(session.host):get_option_inherited_set("unlimited_jids", {})
  return session.username ~= nil and free:contains(session.username .. "@" .. session.host)
end

-- Seconds until all that it sent, this too, would have come in at its rate.
local function delay_of(session, size)
  session.foundry_free_at = math.max(session.foundry_free_at or 0, now() - burst) + size / rate
  return session.foundry_free_at - now()
end

module:hook("bosh-session", function(event)
  local session, request = event.session, event.request
  if session.destroyed then return end
  -- Another's requests may come over the same connection.
  if request.conn.setlimit then request.conn:setlimit(0) end
  filters.add_filter(session, "stanzas/in", refuse_hidden)
  delay_of(session, #request.body)
  current = session
end)

-- Answers whether the client is still there.
local function wait_for(session, response, seconds)
  local wait, done = async.waiter()
  session.foundry_waiting = (session.foundry_waiting or 0) + 1
  -- What `finished` says of a connection that is gone is only for those who ask to be told.
  response.on_destroy = function() end
  timer.add_task(seconds, done)
  wait()
  session.foundry_waiting = (session.foundry_waiting or 1) - 1
  response.on_destroy = nil
  return not response.finished
end

local function slow_down(session, event)
  local delay = delay_of(session, #event.request.body)
  if delay <= 0 then return true end
  if (session.foundry_waiting or 0) < most_waiting then
    session.log("debug", "Over its rate, waiting for %.1f s", delay)
    return wait_for(session, event.response, delay)
  end
  session.log("info", "More than %d requests wait for its rate", most_waiting)
  session:close("policy-violation")
  return true
end

module:wrap_object_event(http._events, false, function(handlers, name, event)
  local request = event and event.request
  local session = request and session_of(request)
  if session and not request.foundry_measured and not is_unlimited(session) then
    request.foundry_measured = true
    if not slow_down(session, event) then return true end
  end
  current = session
  local result = handlers(name, event)
  current = nil
  return result
end)

-- Prosody goes on reading when there is more from the network, and forgets what it has read already; only a connection with a
-- limit is looked at again.
local resume = methods and methods.resume
if methods then
  function methods.resume(conn)
    local result = resume(conn)
    if conn.conn and conn.conn:dirty() then conn:pausefor(0) end
    return result
  end
end

function module.unload()
  if methods then methods.resume = resume end
end
