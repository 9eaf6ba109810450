-- Who connects for HTTP or as a component has a minute to become a request or a component. Prosody itself waits there for
-- fourteen minutes after each byte, and 0.12 keeps a header of HTTP of any length until its buffer is full.
module:set_global()

local load = require("foundry.core")

local http = load("net.http.server")
local portmanager = load("core.portmanager")
local timer = load("util.timer")

local patience = module:get_option_number("foundry_patience", 60)
local header_limit = 64 * 1024
local restore = {} -- listener → what it had before

local function wrap(listener, handlers)
  if restore[listener] then return end
  restore[listener] = {}
  for name, handler in pairs(handlers) do
    local before = listener[name]
    restore[listener][name] = before
    listener[name] = function(...) return handler(before, ...) end
  end
end

local headers = {} -- connection → its first header while that is not whole: size, end, timer

-- A timer keeps its connection from being freed.
local function forget(conn)
  local header = headers[conn]
  headers[conn] = nil
  if header then timer.stop(header.timer) end
end

-- Whether the header may still become one.
local function read_header(conn, data)
  local header = headers[conn]
  if not header then return true end
  header.size = header.size + #data
  local last = header.tail .. data
  header.tail = last:sub(-3)
  if last:find("\r\n\r\n", 1, true) then forget(conn) end
  return headers[conn] == nil or header.size <= header_limit
end

local function close(conn)
  forget(conn)
  conn:close()
end

wrap(http.listener, {
  onconnect = function(before, conn)
    local function give_up()
      headers[conn] = nil
      conn:close()
    end
    headers[conn] = { size = 0, tail = "", timer = timer.add_task(patience, give_up) }
    return before(conn)
  end,
  onincoming = function(before, conn, data)
    if not read_header(conn, data) then return close(conn) end
    -- The parser stumbles over lengths below zero, with a trace in the log each time.
    local parsed, problem = pcall(before, conn, data)
    if parsed then return end
    module:log("warn", "HTTP of %s ended: %s", conn:ip(), (tostring(problem):gsub("\n.*", "")))
    close(conn)
  end,
  ondisconnect = function(before, conn, ...)
    forget(conn)
    return before(conn, ...)
  end,
})

local components = module:shared("/*/component/sessions")
local timers = {} -- connection of a component → its timer

local function watch_components(service)
  wrap(service.listener, {
    onconnect = function(before, conn)
      timers[conn] = timer.add_task(patience, function()
        timers[conn] = nil
        local session = components[conn]
        if session and session.type == "component_unauthed" then session:close("connection-timeout") end
      end)
      return before(conn)
    end,
    ondisconnect = function(before, conn, ...)
      if timers[conn] then timer.stop(timers[conn]) end
      timers[conn] = nil
      return before(conn, ...)
    end,
  })
end

local component = portmanager.get_service("component")
if component then watch_components(component) end
module:hook_global("service-added", function(event)
  if event.name == "component" then watch_components(event.service) end
end)

function module.unload()
  for listener, handlers in pairs(restore) do
    for name, handler in pairs(handlers) do listener[name] = handler end
  end
end
