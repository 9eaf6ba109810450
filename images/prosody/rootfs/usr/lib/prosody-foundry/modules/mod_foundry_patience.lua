-- HTTP connections that never become a request are closed: Prosody itself waits fourteen minutes for every byte, and
-- 0.12 keeps a header of any length until its buffer is full.
module:set_global()

local http = require("net.http.server")
local timer = require("util.timer")

local patience = module:get_option_number("foundry_http_patience", 60)
local header_limit = 64 * 1024

local listener = http.listener
local on_connect, on_incoming, on_disconnect = listener.onconnect, listener.onincoming, listener.ondisconnect
local unheard = setmetatable({}, { __mode = "k" }) -- connection → what it sent of its first header: size, end

function listener.onconnect(conn)
  unheard[conn] = { size = 0, tail = "" }
  timer.add_task(patience, function()
    if not unheard[conn] then return end
    unheard[conn] = nil
    conn:close()
  end)
  return on_connect(conn)
end

function listener.onincoming(conn, data)
  local header = unheard[conn]
  if header then
    header.size = header.size + #data
    local last = header.tail .. data
    header.tail = last:sub(-3)
    if last:find("\r\n\r\n", 1, true) then
      unheard[conn] = nil
    elseif header.size > header_limit then
      unheard[conn] = nil
      conn:close()
      return
    end
  end
  return on_incoming(conn, data)
end

function listener.ondisconnect(conn, ...)
  unheard[conn] = nil
  return on_disconnect(conn, ...)
end

function module.unload()
  listener.onconnect, listener.onincoming, listener.ondisconnect = on_connect, on_incoming, on_disconnect
end
