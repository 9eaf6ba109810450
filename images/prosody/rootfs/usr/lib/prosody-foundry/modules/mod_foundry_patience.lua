-- Who connects for HTTP, as a component or to the file transfer proxy has a minute to become a request, a component or a
-- transfer; the body of a request has a second more for every few kilobytes that came. Prosody itself waits there for fourteen
-- minutes after each byte, and 0.12 keeps a header of HTTP of any length until its buffer is full.
module:set_global()

local load = require("foundry.core")

local http = load("net.http.server")
local portmanager = load("core.portmanager")
local timer = load("util.timer")
local now = load("util.time").monotonic

local patience = module:get_option_number("foundry_patience", 60)
-- Longer than the proxies in front keep a connection for the next request, so that it is never theirs that is lost.
local idle_patience = module:get_option_number("foundry_patience_idle", 180)
local slowest = module:get_option_number("foundry_slowest_request", 4096) -- bytes a second
local header_limit = 64 * 1024
-- All that is kept of requests that are not whole.
local held_limit = math.max(
  module:get_option_number("foundry_held_requests", 64 * 1024 * 1024), 2 * module:get_option_number("http_max_content_size", 0)
)
local restore = {} -- listener → what it had before

local function wrap(listener, handlers)
  if restore[listener] then return end
  restore[listener] = {}
  for name, handler in pairs(handlers) do
    local before = listener[name]
    restore[listener][name] = before or false
    listener[name] = function(...) return handler(before, ...) end
  end
end

-- Connection → since when which request comes in, how much of it came, how much of that is kept in memory, the end of its
-- header while that is not whole. `idle`: there is none.
local states = {}
local held = 0

local function let_go(state)
  held = held - state.held
  state.held = 0
end

local function forget(conn)
  local state = states[conn]
  states[conn] = nil
  if state then let_go(state) end
end

local function close(conn)
  forget(conn)
  conn:close()
end

local function begin(state)
  state.idle, state.since, state.size, state.tail = false, now(), 0, ""
end

local function come_to_rest(state)
  let_go(state)
  state.idle, state.since = true, now()
end

local function request_of(conn)
  local response = conn._http_open_response
  return response and response.request
end

-- The one that has been coming in for longest.
local function close_oldest()
  local oldest
  for conn, state in pairs(states) do
    if state.held > 0 and (not oldest or state.since < states[oldest].since) then oldest = conn end
  end
  if not oldest then return end
  module:log("warn", "%s has not finished its request while there are too many of them", oldest:ip())
  close(oldest)
end

-- Whether it may go on.
local function read(conn, state, data)
  if state.idle then begin(state) end
  state.size = state.size + #data
  local request = request_of(conn)
  if not (request and request.body_sink) then
    state.held, held = state.held + #data, held + #data
  end
  if not state.tail then return true end
  local last = state.tail .. data
  state.tail = not last:find("\r\n\r\n", 1, true) and last:sub(-3) or nil
  return not state.tail or state.size <= header_limit
end

wrap(http.listener, {
  onconnect = function(before, conn)
    states[conn] = { held = 0 }
    begin(states[conn])
    return before(conn)
  end,
  onincoming = function(before, conn, data)
    local state = states[conn]
    if state and not read(conn, state, data) then return close(conn) end
    -- The parser stumbles over lengths below zero, with a trace in the log each time.
    local parsed, problem = pcall(before, conn, data)
    if not parsed then
      module:log("warn", "HTTP of %s ended: %s", conn:ip(), (tostring(problem):gsub("\n.*", "")))
      return close(conn)
    end
    if held > held_limit then close_oldest() end
  end,
  ondisconnect = function(before, conn, ...)
    forget(conn)
    return before(conn, ...)
  end,
  -- A WebSocket is no request any more.
  ondetach = function(before, conn, ...)
    forget(conn)
    return before(conn, ...)
  end,
})

module:wrap_object_event(http._events, false, function(handlers, name, event)
  local request = event and event.request
  local state = request and request.conn and not request.partial and states[request.conn]
  if state and not state.idle then come_to_rest(state) end
  return handlers(name, event)
end)

local function is_late(conn, state)
  local request = request_of(conn)
  -- It is the server that takes its time.
  if request and not request.partial then
    state.since = now()
    return false
  end
  local allowed = state.idle and idle_patience or patience + state.size / slowest
  return now() - state.since > allowed
end

local pause = math.min(5, patience / 2)
local task = timer.add_task(pause, function()
  local late = {}
  for conn, state in pairs(states) do
    if is_late(conn, state) then late[#late + 1] = conn end
  end
  for _, conn in ipairs(late) do close(conn) end
  return pause
end)

-- Nor is anybody about to log in for longer by BOSH than by a stream.
module:hook("bosh-session", function(event)
  local session = event.session
  timer.add_task(patience, function()
    if session.type == "c2s_unauthed" then session:close("connection-timeout") end
  end)
end)

local components = module:shared("/*/component/sessions")
local clients_of_proxy = module:shared("/*/proxy65/sessions")
local transfers = module:shared("/*/proxy65/transfers")
local timers = {} -- connection of a component, or to the file transfer proxy → its timer

local function is_in_transfer(conn)
  local transfer = transfers[(clients_of_proxy[conn] or {}).sha or ""]
  return transfer and transfer.activated and (transfer.initiator == conn or transfer.target == conn)
end

-- Service → what ends those who have waited for too long.
local close_waiting = {
  component = function(conn)
    local session = components[conn]
    if session and session.type == "component_unauthed" then session:close("connection-timeout") end
  end,
  -- Of a transfer that does not begin it does not even hear that the other side is gone.
  proxy65 = function(conn)
    if not is_in_transfer(conn) then conn:close() end
  end,
}

local function watch(name, service)
  local handlers = {
    onconnect = function(before, conn)
      timers[conn] = timer.add_task(patience, function()
        timers[conn] = nil
        close_waiting[name](conn)
      end)
      return before and before(conn)
    end,
    ondisconnect = function(before, conn, ...)
      if timers[conn] then timer.stop(timers[conn]) end
      timers[conn] = nil
      return before(conn, ...)
    end,
  }
  if name == "component" then
    -- What comes after a stream was ended is nobody's any more; Prosody stumbles over it.
    function handlers.onincoming(before, conn, ...)
      if components[conn] then return before(conn, ...) end
    end
  end
  wrap(service.listener, handlers)
end

for name in pairs(close_waiting) do
  local service = portmanager.get_service(name)
  if service then watch(name, service) end
end
module:hook_global("service-added", function(event)
  if close_waiting[event.name] then watch(event.name, event.service) end
end)

function module.unload()
  timer.stop(task)
  for listener, handlers in pairs(restore) do
    for name, handler in pairs(handlers) do listener[name] = handler or nil end
  end
end
